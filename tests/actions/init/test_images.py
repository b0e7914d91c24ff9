"""What is found of the image assets in an assembly: from where they were staged, what is read, who names what."""

from __future__ import annotations

import shutil

import pytest
from assemblies import write_assembly

from rajee_deploy.actions.init.churn import GIT, ignore_file
from rajee_deploy.actions.init.images import find_contexts, find_images, find_lone
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.model import parse_platforms
from rajee_deploy.model.repository import Repository
from rajee_deploy.settings import ImageSettings
from rajee_deploy.synth.image_assets import image_assets

BROAD = "FROM scratch\nCOPY . /srv/\n"
NARROW = "FROM scratch\nCOPY app.py /\n"


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "project"
    (made / ".git").mkdir(parents=True)
    return made


def write(root, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def found(root, images: dict, ignore=None):
    """The images of a stack, by hash a directory of the project and more keys."""
    staged = {}
    for digest, (name, more) in images.items():
        copy = root.parent / "staged" / digest
        shutil.copytree(root / name, copy, ignore=ignore, dirs_exist_ok=True)
        staged[digest] = (copy, more)
    assembly = root.parent / "cdk.out"
    write_assembly(assembly, {"Api": {"images": staged}})
    return find_images(image_assets(assembly), root)


def test_what_is_read_and_from_where(root):
    write(root, {"svc/Dockerfile": NARROW, "svc/app.py": "1", "svc/README.md": "x", "svc/docs/a": "y"})
    [image] = found(root, {"a" * 64: ("svc", {"displayName": "Api/Web/AssetImage", "platform": "linux/arm64"})})
    assert (image.context, image.dockerfile, image.platform) == ("svc", "Dockerfile", "linux/arm64")
    assert (image.reads, image.files) == (1, 4)
    assert [source.path for source in image.sources] == ["app.py"]


def test_what_the_app_leaves_out_of_the_copy_does_not_hide_where_it_is_from(root):
    write(root, {"Dockerfile": BROAD, "app.py": "1", "infra/app.py": "x"})
    [image] = found(root, {"a" * 64: (".", {})}, ignore=shutil.ignore_patterns("infra", ".git"))
    assert image.context == "."
    assert {entry.path for entry in image.entries} == {"Dockerfile", "app.py"}


def test_a_dockerfile_further_down_and_a_target(root):
    text = "FROM scratch AS base\nCOPY a /\nFROM scratch\nCOPY b /\n"
    write(root, {"docker/web/Dockerfile.prod": text, "a": "1", "b": "2"})
    source = {"dockerFile": "docker/web/Dockerfile.prod", "dockerBuildTarget": "base"}
    [image] = found(root, {"a" * 64: (".", source)})
    assert (image.context, image.dockerfile) == (".", "docker/web/Dockerfile.prod")
    assert [source.path for source in image.sources] == ["a"]


def test_of_two_directories_alike_none_is_taken(root):
    for name in ("one", "two"):
        write(root, {f"{name}/Dockerfile": NARROW, f"{name}/app.py": "1"})
    [image] = found(root, {"a" * 64: ("one", {})})
    assert image.context == ""
    assert find_contexts([image], root) == ()
    assert find_lone([image], root, root) == (), "one of them is that image's"


def test_alike_but_for_a_file_is_not_alike(root):
    for name in ("one", "two"):
        write(root, {f"{name}/Dockerfile": NARROW, f"{name}/app.py": name * 5})
    write(root, {"two/app.py": "longer"})
    [image] = found(root, {"a" * 64: ("one", {})})
    assert image.context == "one"


def test_one_image_of_two_stacks_is_one(root):
    write(root, {"svc/Dockerfile": NARROW, "svc/app.py": "1"})
    assembly = root.parent / "cdk.out"
    write_assembly(assembly, {name: {"images": {"a" * 64: (root / "svc", {})}} for name in ("Api", "Web")})
    [image] = find_images(image_assets(assembly), root)
    assert image.stacks == ("Api", "Web")


def test_two_images_of_one_name_are_told_apart(root):
    write(root, {"a/Dockerfile": NARROW, "a/app.py": "1", "b/Dockerfile": BROAD})
    assembly = root.parent / "cdk.out"
    made = {name: {"images": {key * 64: (root / key, {"displayName": "I"})}} for name, key in (("A", "a"), ("B", "b"))}
    write_assembly(assembly, made)
    assert [image.name for image in find_images(image_assets(assembly), root)] == ["I", "I (B)"]


def test_what_is_left_to_the_cdk_is_not_looked_into(root):
    write(root, {"svc/Dockerfile": NARROW, "svc/app.py": "1"})
    [image] = found(root, {"a" * 64: ("svc", {"executable": ["./build.sh"]})})
    assert "program" in image.obstacle
    assert (image.context, image.entries) == ("", ())


def test_a_dockerfile_that_cannot_be_built_is_a_problem_and_no_failure(root):
    write(root, {"svc/Dockerfile": NARROW})
    [image] = found(root, {"a" * 64: ("svc", {})})
    assert image.problem
    assert (image.context, image.entries) == ("svc", ())


def context(root, image_of=".", **files: str):
    write(root, {"Dockerfile": BROAD, **files})
    images = found(root, {"a" * 64: (image_of, {})}, ignore=shutil.ignore_patterns(".git"))
    [one] = find_contexts(images, root)
    return one


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("pyproject.toml", 'readme = "README.md"', "README"),
        ("setup.py", "open('readme.rst')", "README"),
        ("src/app.py", "serve('docs/index.html')", "docs"),
        ("run.sh", "python -m pytest tests", "tests"),
        ("pyproject.toml", "requires = ['setuptools_scm']", GIT),
        ("package.json", '"version": "git describe"', GIT),
    ],
)
def test_a_file_that_names_what_churns(root, name, text, word):
    one = context(root, **{name: text, "README.md": "x", "docs/index.html": "y", "tests/a": "z"})
    assert one.mentions == {word: name}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docs/conf.py", "docs"),
        ("README.md", "see README.md"),
        (".gitignore", "docs"),
        ("app.py", "docs_url = None; mydocs = 1; README_URL"),
        ("app.py", "# git is not asked by a program that runs"),
    ],
)
def test_a_file_that_does_not(root, name, text):
    assert context(root, **{name: text}).mentions == {}


def test_go_stamps_the_revision(root):
    assert GIT in context(root, **{"go.mod": "module a"}).mentions


def test_the_dockerfile_itself_may_name_them(root):
    write(root, {"docs/a": "1"})
    one = context(root, Dockerfile="FROM scratch\nCOPY . /\nRUN make docs && git describe\n")
    assert set(one.mentions) == {"docs", GIT}


def test_rules_that_are_there(root):
    assert context(root, **{".deployignore": "x"}).has_own_rules


def test_rules_that_would_not_come_along(root):
    assert context(root, **{".dockerignore": "a\n.*\n"}).hides_rules == "'.*' (.dockerignore:2)"


def test_dockerfiles_of_no_asset_are_named_with_the_context_that_they_fit(root):
    write(
        root,
        {
            "svc/Dockerfile": NARROW,
            "svc/app.py": "1",
            "worker/Dockerfile": NARROW,
            "worker/app.py": "other",
            "docker/Dockerfile.job": "FROM scratch\nCOPY job/run.sh /\n",
            "job/run.sh": "1",
            "job/job.Dockerfile.dockerignore": "x",
            "job/Dockerfile.dockerignore": "x",
            "job/dockerfiles.py": "x",
            "job/dockerfile.py": "x",
            "node_modules/a/Dockerfile": NARROW,
            "infra/cdk.json": "{}",
        },
    )
    images = found(root, {"a" * 64: ("svc", {})})
    lone = find_lone(images, root, root / "infra")
    assert sorted((each.path, each.context) for each in lone) == [
        ("docker/Dockerfile.job", "."),
        ("worker/Dockerfile", "worker"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "COPY README.md /",
        "COPY ./docs/../README.md /",
        "COPY /README.md /",
        "COPY READ* /",
        "COPY *.md /",
        'COPY ["README.md", "/"]',
        "COPY docs /d",
        "COPY docs/ /d/",
        "COPY docs/a.txt /",
        "COPY doc* /",
        "COPY */a.txt /",
        "COPY --parents docs/a.txt /",
        "COPY --parents ./docs/*.txt /",
        "COPY --exclude=*.md . /x",
        "ADD tests/a.txt /",
        "RUN --mount=type=bind,source=tests,target=/t true",
        "RUN --mount=type=bind,target=/t cat /t/docs/a.txt",
        "ARG D=docs\nCOPY $D /",
        "ARG D\nCOPY $D/a.txt /",
        "COPY .git/HEAD /",
        "COPY src/__pycache__ /",
    ],
)
def test_a_build_finds_what_it_names_when_the_file_is_there(root, line):
    names = ("app.py", "README.md", "a.md", "docs/a.txt", "tests/a.txt", ".git/HEAD", "src/__pycache__/a.pyc")
    text = f"# syntax=docker/dockerfile:1\nFROM scratch\nCOPY . /all\n{line}\n"
    write(root, {**dict.fromkeys(names, "1"), "Dockerfile": text})
    args = {"D": "tests"} if "ARG D\n" in line else {}
    images = found(root, {"a" * 64: (".", {"dockerBuildArgs": args})})
    [one] = find_contexts(images, root)
    again = root.parent / "again"
    shutil.copytree(root, again)
    (again / ".deployignore").write_text(ignore_file(one, images).text)
    before, after = (read_inputs(image_of(place, args)) for place in (root.parent / "staged" / ("a" * 64), again))
    narrow = [index for index, use in enumerate(before.uses) if use.read.selector.path != "/"]
    assert [before.uses[index].digest for index in narrow] == [after.uses[index].digest for index in narrow]
    assert before.fingerprint != after.fingerprint, "something was taken out of the broad copy"


def image_of(directory, args) -> ImageSettings:
    return ImageSettings(
        "a", directory, directory / "Dockerfile", Repository(""), parse_platforms(["linux/amd64"]), build_args=args
    )
