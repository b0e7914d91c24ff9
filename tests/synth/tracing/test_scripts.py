"""Which program runs a script."""

from __future__ import annotations

import pytest

from rajee_deploy.synth.tracing.scripts import run_by


@pytest.mark.parametrize(
    ("line", "program", "before"),
    [
        ("#!/bin/sh", "/bin/sh", ()),
        ("#! /bin/sh -e x ", "/bin/sh", ("-e x",)),
        ("#!/usr/bin/env python3", "/usr/bin/env", ("python3",)),
    ],
)
def test_the_program_of_the_first_line_gets_the_script(tmp_path, line, program, before):
    script = tmp_path / "app"
    script.write_text(f"{line}\necho\n")
    found = run_by(str(script), ("./app", "one"))
    assert found == (program, (program, *before, str(script), "one"))


@pytest.mark.parametrize("content", [b"\x7fELF", b"echo\n", b"#!\n", b"#!sh\n", b""])
def test_what_has_none_is_the_program(tmp_path, content):
    program = tmp_path / "app"
    program.write_bytes(content)
    assert run_by(str(program), ("./app",)) == (str(program), ("./app",))


def test_a_script_of_a_script(tmp_path):
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("#!/bin/sh\n")
    outer.write_text(f"#!{inner}\n")
    assert run_by(str(outer), ("outer",)) == ("/bin/sh", ("/bin/sh", str(inner), str(outer)))


def test_what_is_not_there_is_itself(tmp_path):
    assert run_by(str(tmp_path / "none"), ("none",))[0] == str(tmp_path / "none")
