"""Image assets of real synths count by what their Dockerfiles read, where nothing else reads their build contexts.

The app is in Python: jsii's kernel makes the assets in a node of its own. (`test_staged_images_of_node` has one in
JavaScript.) Each way in which more than the image could depend on a build context has an asset that must count file by
file, and all of them are made by one synth.
"""

from __future__ import annotations

import json

import pytest
from synth.tracing.staging_apps import prepare

from rajee_deploy.plan.carried import decode, encode
from rajee_deploy.synth.inputs import infra_fingerprint
from rajee_deploy.synth.travelling import from_document

pytestmark = pytest.mark.cdk

APP = """
import os
import pathlib
import sys

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as assets, aws_s3_assets as files

app = cdk.App()
stack = cdk.Stack(app, "App")


def image(name, directory=None, **options):
    return assets.DockerImageAsset(stack, name, directory=directory or "../" + name, **options)


image("plain")
image("excluding", exclude=["*.env"])
image("arguments", build_args={"DIR": "src"})
image("named", directory="../plain", build_contexts={"lib": os.path.abspath("../library")}, file="Other")
image("again", directory="../again")
image("again2", directory="../again")
image("followed", follow_symlinks=cdk.SymlinkFollowMode.EXTERNAL)
image("compiled")

image("read")
print(open("../read/README.md").read())
image("listed")
print(os.listdir("../listed"))
image("imported")
sys.path.insert(0, "../imported")
import helper
image("filed")
files.Asset(stack, "filed-too", path="../filed")
image("outside", directory="../../outside")
image("linked")
part = image("part").asset_hash[:10]
cdk.CfnOutput(stack, "Part", value=part)
image("secret", build_args={"NPM_TOKEN": "x"})
pathlib.Path("../written/new").write_text("one")
image("written")
copy = image("copied")
print(open(pathlib.Path(os.environ["CDK_OUTDIR"], "asset." + copy.asset_hash, "README.md")).read())
image("unbuilt")
image("later")
pathlib.Path("../later/new").mkdir()
pathlib.Path("../later/new/file").write_text("one")
image("one")
image("same")
image("left", network_mode=assets.NetworkMode.HOST)
image("beyond", build_contexts={"lib": os.path.abspath("../../library")})
image("told", build_contexts={"lib": "https://me:word@example.com/lib.git"})
image("dropped", exclude=["Dockerfile.dockerignore"])
app.synth()
"""
WHOLE = "FROM scratch\nCOPY . /all/\n"
ARGUMENTS = "FROM scratch\nARG DIR\nCOPY ${DIR} /all/\n"
NAMED = "FROM scratch\nCOPY --from=lib code /all/\n"
# Those that count as images.
PLAIN = ("plain", "excluding", "arguments", "named", "again", "followed", "compiled")
# Of these only what was looked at besides counts file by file.
IMAGES = {*PLAIN, "read", "listed", "imported", "filed"}
# What must count file by file, though no Dockerfile reads it.
WHY = {
    "read": "the app reads it in its own language",
    "listed": "the app lists the directory",
    "imported": "a module of the app lies there",
    "filed": "a file asset has the same directory",
    "outside": "it lies outside of the checkout",
    "linked": "a link leads out of it, and what is there is staged",
    "part": "the template has a part of the CDK's hash",
    "secret": "an argument looks like a secret, which no list may carry",
    "written": "the synth itself writes there",
    "copied": "the app reads what was staged",
    "unbuilt": "what its Dockerfile reads is not known",
    "later": "the synth itself makes a directory there",
    "same": "the CDK takes two build contexts for one, as they hold the same",
    "left": "the CDK CLI builds it",
    "beyond": "another build context lies outside of the checkout",
    "told": "a build context has a password in its address",
    "dropped": "the copy lacks a file that says what is built",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        made = prepare(environment, tmp_path_factory.mktemp("staged"))
        made.write("infra/cdk.json", json.dumps({"app": "python3 app.py", "versionReporting": False}))
        made.write("infra/app.py", APP)
        for name in (*PLAIN, *WHY):
            made.add_context(name)
        made.write("plain/Other", NAMED)
        made.write("library/code", "one")
        made.write("excluding/Dockerfile", WHOLE)
        made.write("arguments/Dockerfile", ARGUMENTS)
        made.write("arguments/other/file", "one")
        made.write("imported/helper.py", "size = 1")
        made.write("imported/.dockerignore", "__pycache__\n")
        made.write("imported/__pycache__/old.pyc", "")  # what is written here is never staged
        made.add_context("../outside")
        made.write("shared.txt", "one")
        (made.root / "linked/link").symlink_to("../shared.txt")
        made.write("followed/deep/er/file", "one")
        (made.root / "followed/link").symlink_to("deep/er/file")
        made.write("unbuilt/Dockerfile", "FROM scratch\nCOPY missing /\n")
        made.write("compiled/module.py", "size = 1")
        made.write("compiled/__pycache__/module.cpython-311.pyc", "")
        for name in ("one", "same"):
            made.add_context(name, **{"about.txt": "the same\n"})
        made.write("../library/library/code", "one")
        made.write("beyond/Dockerfile", NAMED.replace("code", "library/code"))
        made.write("dropped/Dockerfile.dockerignore", "*.txt\n")
        made.synthesise()
        yield made


def test_what_counts_as_an_image(checkout):
    assert checkout.images() == IMAGES


@pytest.mark.parametrize("name", PLAIN)
def test_what_no_dockerfile_reads_changes_nothing(checkout, name):
    where = "arguments/other/file" if name == "arguments" else f"{name}/README.md"
    expected = name == "excluding"  # whose Dockerfile reads all of it
    assert checkout.notices(where) is expected
    assert checkout.notices(f"{name}/docs/new.md") is expected


@pytest.mark.parametrize("name", PLAIN)
def test_what_a_dockerfile_reads_changes_it(checkout, name):
    where = "library/code" if name == "named" else f"{name}/src/main"
    assert checkout.notices(where)
    assert checkout.notices(where, mode=0o755)
    dockerfile = "plain/Other" if name == "named" else f"{name}/Dockerfile"
    assert checkout.notices(dockerfile, "FROM scratch\n")


@pytest.mark.parametrize("name", ["plain", "arguments", "again"])
def test_a_new_file_counts_where_it_is_copied(checkout, name):
    assert checkout.notices(f"{name}/src/new")


def test_a_file_that_is_removed_counts_where_it_is_copied(checkout):
    checkout.write("plain/src/second", "one")
    assert checkout.notices("plain/src/second", None)
    (checkout.root / "plain/src/second").unlink()


def test_what_exclude_leaves_out_costs_a_synth(checkout):
    """Which is the safe side: only the synth knows what is excluded."""
    assert checkout.notices("excluding/.env", "SECRET=1\n")


@pytest.mark.parametrize("name", [".dockerignore", ".deployignore", "Dockerfile.dockerignore"])
def test_a_rule_counts_itself(checkout, name):
    """The CDK reads rules in its own way: what it leaves out need not be what the build leaves out."""
    assert checkout.notices(f"plain/{name}", "*.log\n# more\n")


def test_a_link_counts_and_so_do_the_directories_that_it_leads_through(checkout):
    place = checkout.root / "followed/deep/er"
    before = checkout.digest()
    place.rename(checkout.root / "moved")
    place.symlink_to("../../moved")
    assert checkout.digest() != before
    place.unlink()
    (checkout.root / "moved").rename(place)
    assert checkout.digest() == before


@pytest.mark.parametrize("name", WHY)
def test_what_more_than_the_image_may_depend_on_counts_file_by_file(checkout, name):
    path = f"../{name}/README.md" if name == "outside" else f"{name}/README.md"
    if name in ("imported", "linked", "listed"):
        path = {"imported": "imported/helper.py", "linked": "shared.txt", "listed": "listed/new"}[name]
    assert checkout.notices(path), WHY[name]


def test_a_module_that_is_only_staged_with_what_was_compiled_of_it_does_not_count(checkout):
    assert not checkout.notices("compiled/module.py", "size = 2")


def test_what_the_app_does_not_touch_beside_it_still_does_not_count(checkout):
    """One file that is read makes no other one an input."""
    for path in ("read/other.md", "imported/README.md"):
        assert not checkout.notices(path)


def test_another_machine_knows_as_much(checkout):
    document = checkout.app().publishable()
    carried = decode(encode(document))
    assert carried["schema"] == "rajee-deploy.list/2"
    depfile, _ = from_document(carried)
    assert {image.name for image in depfile.images} == IMAGES
    app = checkout.app()
    before = app.fingerprint(carried).digest
    with checkout.changed("plain/README.md"):
        assert app.fingerprint(carried).digest == before
    with checkout.changed("plain/src/main"):
        assert app.fingerprint(carried).digest != before


def test_without_anybody_who_knows_images_a_synth_decides(checkout):
    found = infra_fingerprint(checkout.settings, checkout.depfile())
    assert any(item.name == "impure:image:plain" for item in found.inputs)
