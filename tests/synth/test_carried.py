"""The list written into an assembly: where the template is named, and where it is not written."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from rajee_deploy.plan.carried import MOST_BYTES, SCHEMA, carried_of
from rajee_deploy.plan.template_differences import expected_record
from rajee_deploy.synth.assembly import synthesised_stacks
from rajee_deploy.synth.assembly_cache import AssemblyStore
from rajee_deploy.synth.carried import carry

DOCUMENT = {"schema": SCHEMA, "entries": [["file", "app.py"]], "variables": [], "toolchain": {}, "obstacles": []}
OTHER = {**DOCUMENT, "entries": [["file", "other.py"]]}
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def long(size: int) -> dict[str, object]:
    return {**DOCUMENT, "obstacles": ["x" * size]}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Assembly:
    """A directory as the CDK writes it: each stack's template is an asset, which later lists name, too."""

    def __init__(self, root, templates, *, legacy=False, prefix=""):
        self.root = root
        root.mkdir()
        files, artifacts = {}, {}
        for stack, template in templates.items():
            name = f"{stack}.template.json"
            text = json.dumps(template, indent=1, ensure_ascii=False).encode()
            (root / name).write_bytes(text)
            properties = {"templateFile": name}
            if not legacy:
                key = f"{prefix}{sha256(text)}.json"
                where = {"current": {"bucketName": BUCKET, "objectKey": key}}
                files[sha256(text)] = {"source": {"path": name, "packaging": "file"}, "destinations": where}
                properties["stackTemplateAssetObjectUrl"] = f"s3://{BUCKET}/{key}"
                artifacts[f"{stack}.assets"] = {
                    "type": "cdk:asset-manifest",
                    "properties": {"file": f"{stack}.assets.json"},
                }
                self.write(f"{stack}.assets.json", {"version": "55.0.0", "files": files, "dockerImages": {}})
            artifacts[stack] = {"type": "aws:cloudformation:stack", "properties": properties}
        self.write("manifest.json", {"version": "55.0.0", "artifacts": artifacts})

    def write(self, name, document):
        (self.root / name).write_text(json.dumps(document, indent=1), "utf-8")

    def read(self, name):
        return json.loads((self.root / name).read_text("utf-8"))

    def template(self, stack):
        return self.read(f"{stack}.template.json")

    def contents(self):
        return {path.name: path.read_bytes() for path in self.root.iterdir()}

    def address(self, stack):
        return self.read("manifest.json")["artifacts"][stack]["properties"]["stackTemplateAssetObjectUrl"]

    def check(self, stack):
        """What is uploaded for the stack, and fetched by CloudFormation, is its template under its own hash."""
        name = f"{stack}.template.json"
        digest = sha256((self.root / name).read_bytes())
        assert digest in self.address(stack)
        uploads = {
            where["objectKey"]: file["source"]["path"]
            for file in self.read(f"{stack}.assets.json")["files"].values()
            for where in file["destinations"].values()
        }
        key = self.address(stack).removeprefix(f"s3://{BUCKET}/")
        assert (self.root / uploads[key]).read_bytes() == (self.root / name).read_bytes()
        for path in self.root.glob("*.assets.json"):
            for identity, file in json.loads(path.read_text())["files"].items():
                content = sha256((self.root / file["source"]["path"]).read_bytes())
                assert identity == content, "no list names a file by another content"
                assert all(identity in where["objectKey"] for where in file["destinations"].values())


ONE, TWO = {"Description": "für", "Metadata": {"a": 1}, "Resources": {}}, {"Description": "two", "Resources": {}}


@pytest.mark.parametrize("prefix", ["", "deploy-time/"])
def test_the_template_is_named_by_its_new_content_wherever_it_is_named(tmp_path, prefix):
    made = Assembly(tmp_path / "out", {"A": ONE, "B": TWO}, prefix=prefix)
    for document in (DOCUMENT, OTHER, OTHER):
        assert carry(made.root, document, ["A", "B"]) == ("A", "B")
        assert carried_of(made.template("A")) == carried_of(made.template("B")) == document
        made.check("A")
        made.check("B")
    assert made.template("A")["Metadata"].keys() == {"a", "rajee-deploy"}


def test_only_what_is_deployed_changes(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE, "B": TWO})
    before = made.template("A"), made.address("A")
    assert carry(made.root, DOCUMENT, ["B"]) == ("B",)
    assert (made.template("A"), made.address("A")) == before
    made.check("A")
    made.check("B")
    assert made.read("A.assets.json")["files"].keys() < made.read("B.assets.json")["files"].keys()


def test_two_stacks_with_one_template(tmp_path):
    """The lists then name it once, as the file of one of them."""
    made = Assembly(tmp_path / "out", {"A": ONE, "B": ONE})
    made.write("B.assets.json", made.read("A.assets.json"))
    alone = shutil.copytree(made.root, tmp_path / "alone")
    assert carry(made.root, DOCUMENT, ["A", "B"]) == ("A", "B")
    assert made.address("A") == made.address("B")
    assert carry(alone, DOCUMENT, ["B"]) == (), "its template is uploaded as the other one's"
    made.check("A")
    made.check("B")


def test_what_is_compared_and_recorded_is_the_same_with_it(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE, "B": TWO})
    before = synthesised_stacks(made.root, tmp_path)
    carry(made.root, DOCUMENT, ["A", "B"])
    after = synthesised_stacks(made.root, tmp_path)
    assert after == before
    assert expected_record(after["A"], None) == expected_record(before["A"], None)


def test_the_kept_assembly_stays_as_it_was_made(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE})
    store, whole = AssemblyStore(tmp_path / "store"), made.contents()
    store.keep("key", made.root, synthesised_stacks(made.root, tmp_path))
    assert store.take("key", tmp_path / "taken")
    carry(tmp_path / "taken", DOCUMENT, ["A"])
    shutil.rmtree(tmp_path / "taken")
    assert store.take("key", tmp_path / "taken"), "it is whole"
    assert {path.name: path.read_bytes() for path in (tmp_path / "taken").iterdir()} == whole


def test_an_app_whose_templates_are_no_assets(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE}, legacy=True)
    assert carry(made.root, DOCUMENT, ["A"]) == ("A",)
    assert carried_of(made.template("A")) == DOCUMENT
    assert "stackTemplateAssetObjectUrl" not in made.read("manifest.json")["artifacts"]["A"]["properties"]


def refused(made, document=DOCUMENT):
    before = made.contents()
    assert carry(made.root, document, ["A"]) == ()
    assert made.contents() == before


def test_a_list_that_is_too_long(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE})
    refused(made, long(MOST_BYTES))
    assert carry(made.root, long(MOST_BYTES - 200), ["A"]) == ("A",)


def test_a_template_that_would_become_too_long(tmp_path):
    refused(Assembly(tmp_path / "large", {"A": {"Description": "x" * 960_000}}), long(45_000))
    refused(Assembly(tmp_path / "inline", {"A": {"Description": "x" * 20_000}}, legacy=True), long(40_000))
    uploaded = Assembly(tmp_path / "uploaded", {"A": {"Description": "x" * 60_000}}, legacy=True)
    assert carry(uploaded.root, long(40_000), ["A"]) == ("A",), "the CLI uploads it anyway"


def _named(made, change):
    """Another way in which the template's asset is named."""
    for name in ("A.assets.json", "manifest.json"):
        text = (made.root / name).read_text()
        (made.root / name).write_text(change(name, text, sha256((made.root / "A.template.json").read_bytes())))
    return made


def test_an_asset_that_is_not_named_by_its_content(tmp_path):
    refused(_named(Assembly(tmp_path / "key", {"A": ONE}), lambda _, text, old: text.replace(f"{old}.json", "latest")))
    refused(
        _named(
            Assembly(tmp_path / "address", {"A": ONE}),
            lambda name, text, old: text.replace(f"{old}.json", "latest") if name == "manifest.json" else text,
        )
    )
    refused(
        _named(
            Assembly(tmp_path / "list", {"A": ONE}),
            lambda name, text, _: '{"files": {}}' if name == "A.assets.json" else text,
        )
    )


@pytest.mark.parametrize("template", [[], "text", {"Metadata": [1]}])
def test_a_template_that_is_none(tmp_path, template):
    refused(Assembly(tmp_path / "out", {"A": template}))


def test_stages_have_assemblies_of_their_own_and_nested_stacks_are_untouched(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE})
    stage = Assembly(tmp_path / "out" / "assembly-Stage", {"A": TWO})
    manifest = stage.read("manifest.json")
    manifest["artifacts"]["A"]["displayName"] = "Stage/A"
    stage.write("manifest.json", manifest)
    manifest = made.read("manifest.json")
    manifest["artifacts"]["Stage"] = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-Stage"},
    }
    made.write("manifest.json", manifest)
    (made.root / "A.nested.template.json").write_text("{}")
    before = stage.contents()
    assert carry(made.root, DOCUMENT, ["A", "Stage", "Stage-A"]) == ("A",)
    assert stage.contents() == before
    assert made.read("A.nested.template.json") == {}
    assert carry(made.root, OTHER, ["Stage/A"]) == ("Stage/A",)
    assert (carried_of(made.template("A")), carried_of(stage.template("A"))) == (DOCUMENT, OTHER)
    stage.check("A")


def test_a_document_that_is_no_list_is_an_error(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE})
    with pytest.raises(ValueError, match="no document"):
        carry(made.root, {**DOCUMENT, "schema": "x"}, ["A"])


def test_half_a_character_stays_what_it_is(tmp_path):
    made = Assembly(tmp_path / "out", {"A": ONE})
    (made.root / "A.template.json").write_text('{"Description": "\\ud800"}')
    old = next(iter(made.read("A.assets.json")["files"]))
    new = sha256(b'{"Description": "\\ud800"}')
    _named(made, lambda _, text, __: text.replace(old, new))
    assert carry(made.root, DOCUMENT, ["A"]) == ("A",)
    assert made.template("A")["Description"] == "\ud800"
    made.check("A")
