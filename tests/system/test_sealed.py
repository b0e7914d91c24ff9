"""What is remembered with its own digest: believed whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rajee_deploy.system.sealed import library_stamp, read_sealed, write_sealed


def test_what_was_kept_is_read_for_its_own_question(tmp_path):
    path = tmp_path / "a" / "b"
    write_sealed(path, b"question", b"data\nmore")
    assert read_sealed(path, b"question") == b"data\nmore"
    assert read_sealed(path, b"other") is None
    assert read_sealed(tmp_path / "nothing", b"question") is None


@given(st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_a_byte_that_differs_makes_it_nothing(tmp_path_factory, question, data, drawn):
    path = tmp_path_factory.mktemp("sealed") / "file"
    write_sealed(path, question, data)
    whole = path.read_bytes()
    at = drawn.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ drawn.draw(st.integers(1, 255))]) + whole[at + 1 :])
    assert read_sealed(path, question) is None
    path.write_bytes(whole[:at])
    assert read_sealed(path, question) is None


def test_question_and_data_do_not_run_into_each_other(tmp_path):
    write_sealed(tmp_path / "f", b"ab", b"c")
    seal = (tmp_path / "f").read_bytes().partition(b"\n")[0]
    (tmp_path / "f").write_bytes(seal + b"\nbc")
    assert read_sealed(tmp_path / "f", b"a") is None


def test_a_place_that_cannot_be_written_is_not_missed(tmp_path):
    (tmp_path / "file").write_text("")
    write_sealed(tmp_path / "file" / "x", b"q", b"d")
    assert read_sealed(tmp_path / "file" / "x", b"q") is None


@pytest.mark.parametrize(("name", "is_known"), [("pathspec", True), ("no_such_library", False)])
def test_a_library_has_a_stamp_and_is_not_imported_for_it(name, is_known):
    assert bool(library_stamp(name)) is is_known
