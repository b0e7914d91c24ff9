"""What is seen inside node: jsii's kernel, or an app in JavaScript."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.cdk

READS = {
    "readFileSync": 'require("fs").readFileSync("../shared.json")',
    "readFile": 'require("fs").readFile("../shared.json", () => {})',
    "promises": 'require("fs/promises").readFile("../shared.json")',
    "stream": 'require("fs").createReadStream("../shared.json").resume()',
    "open": 'require("fs").openSync("../shared.json", "r")',
    "open by default": 'require("fs").openSync("../shared.json")',
    "copy": 'require("fs").copyFileSync("../shared.json", require("os").tmpdir() + "/copy")',
    "size": 'require("fs").statSync("../shared.json")',
    "module": 'import("node:fs").then((fs) => fs.readFileSync("../shared.json"))',
    "require": 'require("../shared.json")',
}


@pytest.fixture(autouse=True)
def _javascript(project):
    (project.app / "cdk.json").write_text('{"app": "node app.js", "versionReporting": false}')


@pytest.mark.parametrize("way", READS)
def test_a_file_that_is_read_counts_from_then_on(project, way):
    found = project.node(READS[way])
    assert str(project.root / "shared.json") in found.read
    assert found.impure == ()
    before = project.digest()
    (project.root / "shared.json").write_text("2")
    assert project.digest() != before


def test_an_absent_file_and_a_listed_directory_count(project):
    found = project.node('const fs = require("fs"); fs.existsSync("../absent"); fs.readdirSync("../data")')
    assert (found.read, found.listed) == ((str(project.root / "absent"),), (str(project.root / "data"),))


@pytest.mark.parametrize("code", ["process.env.SIZE", '"SIZE" in process.env', "const { SIZE } = process.env"])
def test_a_variable_that_is_read_counts(project, code):
    assert project.node(code).variables == ("SIZE",)


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ('require("child_process").execSync("true")', "starts a program"),
        ('require("child_process").spawnSync("true")', "starts a program"),
        ('require("net").connect(9, "127.0.0.1").on("error", () => {})', "connects a socket"),
        ('require("os").hostname()', "asks for the host's name"),
        ("({ ...process.env })", "copies the whole environment"),
        ("Object.keys(process.env)", "copies the whole environment"),
    ],
)
def test_a_call_that_no_hash_can_follow_is_named_with_its_place(project, code, what):
    assert f"app.js:1 {what}" in project.node(code).impure


def test_what_is_written_is_no_input_and_libraries_are_not_looked_into(project):
    (project.app / "node_modules" / "shapes").mkdir(parents=True)
    (project.app / "node_modules" / "shapes" / "index.js").write_text("process.env.OF_A_LIBRARY")
    code = 'require("shapes"); require("fs").writeFileSync(require("os").tmpdir() + "/x", "1"); require("./cdk.json")'
    found = project.node(code)
    assert found.read + found.listed + found.impure == ()
    assert "OF_A_LIBRARY" not in found.variables
