"""Settings: what is read, and every mistake named with its file and key."""

from __future__ import annotations

import os

import pytest

from rajee_deploy.errors import ConfigurationError, Exit
from rajee_deploy.model.names import InfraCheck
from rajee_deploy.settings import find_settings, keys, load

GOOD = """
[images.app]
repository = "team/app"
stack = "App"
[images.app.build-args]
A = "1"
B = "2"
[cdk]
app = "cdk"
stacks = ["Registry", "App"]
context = { size = "small", zone = "a" }
[environments.prod]
profile = "production"
region = "eu-west-1"
account = "123456789012"
context = { size = "large" }
[environments.prod.images.app]
platform = "linux/arm64"
build-args = { B = "3" }
"""


TWO = """
[cdk]
app = "cdk"
stacks = ["S"]
[images.a]
repository = "a"
stack = "S"
[images.b]
repository = "b"
stack = "S"
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk" / "cdk.json").write_text("{}")

    def write(text: str):
        path = tmp_path / "rajee-deploy.toml"
        path.write_text(text)
        return path

    return write


def test_defaults(project):
    settings = load(project(GOOD))
    (image,) = settings.images
    assert (*map(str, image.platforms), image.parameter, image.target) == ("linux/amd64", "ImageTag", None)
    assert image.dockerfile == image.context / "Dockerfile"
    assert settings.cdk.stacks == ("Registry", "App")
    assert (settings.environment, settings.account) == ("", None)


def test_several_platforms_in_any_order(project):
    (image,) = load(project('[images.app]\nrepository = "a"\nplatform = ["linux/arm64", "linux/amd64"]')).images
    assert [str(each) for each in image.platforms] == ["linux/amd64", "linux/arm64"]


def test_an_environment_is_laid_over(project):
    settings = load(project(GOOD), "prod")
    (image,) = settings.images
    assert [str(each) for each in image.platforms] == ["linux/arm64"]
    assert image.build_args == {"A": "1", "B": "3"}
    assert settings.cdk.context == {"size": "large", "zone": "a"}
    assert (settings.profile, settings.region, settings.account) == ("production", "eu-west-1", "123456789012")


def test_a_project_without_cdk_has_no_stacks(project):
    assert load(project('[images.app]\nrepository = "a"')).cdk.stacks == ()


def test_named_contexts_that_are_directories_start_at_the_settings(project):
    path = project('[images.app]\nrepository = "a"\nbuild-contexts = { lib = "../lib", base = "docker-image://x" }')
    contexts = load(path).images[0].build_contexts
    assert contexts == {"lib": str(path.parent / "../lib"), "base": "docker-image://x"}


def test_pyproject_and_nearest_file_win(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.rajee-deploy]\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_settings(inner) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "rajee-deploy.toml").write_text("")
    assert find_settings(inner) == tmp_path / "a" / "rajee-deploy.toml"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[image.x]", "image", "did you mean 'images'"),
        ("images = 3", "images", "a table"),
        ('[images.app]\nrepository = "a"\nbuild-arg = { A = "1" }', "images.app.build-arg", "build-args"),
        ('[images.app]\nrepository = "a"\nplatform = 3', "images.app.platform", "a string or a list"),
        ('[images.app]\nrepository = "a"\nplatform = ["linux/amd64", 3]', "images.app.platform", "a list of strings"),
        ('[images.app]\nrepository = "a"\nplatform = []', "images.app.platform", "no platform is named"),
        ('[images.app]\nrepository = "a"\nplatform = ["linux/amd64", "amd"]', "images.app.platform", "linux/amd64"),
        ('[images.app]\nrepository = "a"\nplatform = "amd"', "images.app.platform", "linux/amd64"),
        ('[images.app]\nrepository = "a"\nbuild-args = { A = 1 }', "images.app.build-args", "strings"),
        ("[images.app]", "images.app.repository", "ECR repository"),
        ('[images.app]\nrepository = "UPPER"', "images.app.repository", "ECR repository"),
        ('[images.app]\nrepository = "a"\ncontext = "nowhere"', "images.app.context", "does not exist"),
        ('[images.app]\nrepository = "a"\nstack = "Other"', "images.app.stack", "not in cdk.stacks"),
        ('[images."a b"]\nrepository = "a"', "images.a b", "letters"),
        ('[cdk]\napp = "nowhere"\nstacks = ["A"]', "cdk.app", "cdk.json"),
        ('[cdk]\napp = "cdk"', "cdk.stacks", "name the stacks"),
        ('[cdk]\napp = "cdk"\nstacks = "A"', "cdk.stacks", "list of strings"),
        ('[cdk]\napp = "cdk"\nstacks = ["A"]\ninputs = ["nowhere"]', "cdk.inputs", "does not exist"),
        ('[environments.x]\naccount = "12"', "environments.x.account", "12 digits"),
        ('[environments.x]\nstack-accounts = ["12"]', "environments.x.stack-accounts", "12 digits"),
        ("", "images", "no image and no stack"),
        (f"{TWO}", "images.b.parameter", "images.a has the same"),
        (f"{TWO}parameter = 'RajeeInfraHash'", "images.b.parameter", "cannot be"),
        (f"{TWO}parameter = 'a b'", "images.b.parameter", "cannot be"),
        ('[images.app]\nrepository = "1.dkr.ecr.eu-west-1.amazonaws.com/a"', "images.app.repository", "its URI"),
        ('[images.app]\nrepository = "a"\ndeploy-by = "name"', "images.app.deploy-by", "'digest'"),
        ('[images.app]\nrepository = "a"\ntags = "v1"', "images.app.tags", "list of strings"),
        ('[images.app]\nrepository = "a"\ntags = ["a b"]', "images.app.tags", "not a tag"),
        ('[images.app]\nrepository = "a"\ntags = ["{rev}"]', "images.app.tags", "{revision}"),
        ('[images.app]\nrepository = "a"\ntags = ["live-x"]', "images.app.tags", "own"),
        ("[environments.x]\nregoin = 'a'", "environments.x.regoin", "region"),
        ("[environments.x]\nproduction = 'yes'", "environments.x.production", "true or false"),
        ('[cdk]\napp = "cdk"\nstacks = ["A"]\ninfra-check = "never"', "cdk.infra-check", "auto, hash, synth"),
        (f"{TWO}parameter = 'RajeeTemplateHash'", "images.b.parameter", "cannot be"),
    ],
)
def test_mistakes_name_file_and_key(project, text, key, words):
    path = project(text)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    error = caught.value
    assert error.exit_code == Exit.USAGE
    assert error.where == str(path)
    assert error.problem.startswith(key + ":")
    assert words in error.problem + error.hint


def test_an_unknown_environment_lists_the_known(project):
    with pytest.raises(ConfigurationError) as caught:
        load(project(GOOD), "production")
    assert caught.value.hint == "known: prod"


def test_an_override_of_an_unknown_image_is_a_mistake(project):
    with pytest.raises(ConfigurationError, match=r"images\.other"):
        load(project(GOOD + '[environments.prod.images.other]\ntarget = "x"\n'), "prod")


# Every kind of mistake that an environment can hold, as lines below [environments.prod].
ELSEWHERE = {
    "images.aap.target = 'x'": "no such image",
    "images.app.platfrom = 'linux/amd64'": "did you mean 'platform'",
    "images.app.platform = 'amd'": "linux/amd64",
    "images.app.deploy-by = 'name'": "'digest'",
    "images.app.tags = ['live-x']": "own",
    "images.app.secrets = { x = 'value' }": "env:NAME",
    "images.app.provenance = 'much'": "min",
    "images.app.stack = 'Other'": "not in cdk.stacks",
    "images.app.parameter = 'RajeeInfraHash'": "cannot be",
    "images.app.context-key = 'a b'": "letters",
    "images.app.ssh = ['']": "empty",
    "cdk.stack = ['App']": "did you mean 'stacks'",
    "cdk.stacks = []": "name the stacks",
    "cdk.infra-check = 'never'": "auto, hash, synth",
    "cdk.approval = 'no'": "broadening",
    "cdk.tag-only = 'yes'": "cloudformation",
    "cdk.image-assets = 'yes'": "adopt",
    "cdk.parameters.Other.Size = 'x'": "not in cdk.stacks",
    "engine = 'podman'": "buildah",
    "build-concurrency = 0": "from 1",
    "drift = 'mend'": "repair",
    "account = '12'": "12 digits",
}


@pytest.mark.parametrize("line", ELSEWHERE)
@pytest.mark.parametrize("chosen", [None, "dev"])
def test_a_mistake_in_an_environment_is_told_by_every_run(project, line, chosen):
    text = GOOD.partition("[environments.prod]")[0] + f"[environments.dev]\n[environments.prod]\n{line}\n"
    with pytest.raises(ConfigurationError) as caught:
        load(project(text), chosen)
    error = caught.value
    assert "prod" in error.problem
    assert ELSEWHERE[line] in error.problem + error.hint


def test_what_only_another_environment_needs_need_not_be_there(project):
    lines = "images.app.context = 'made-for-prod'\ncdk.app = 'made'\ncdk.inputs = ['made']\n"
    load(project(GOOD.partition("[environments.prod]")[0] + "[environments.prod]\n" + lines))


# Every key that takes a list, with an entry that is sound.
LISTS = {
    ("images.app", "tags"): "v1",
    ("images.app", "ssh"): "default",
    ("images.app", "cache-from"): "team/cache",
    ("images.app", "cache-to"): "team/cache",
    ("cdk", "stacks"): "App",
    ("cdk", "env"): "SIZE",
    ("cdk", "inputs"): "cdk",
    ("environments.prod", "stack-accounts"): "123456789012",
    ("", "syntax-mirrors"): "registry.test",
}
FREE = {"ignore", "platform"}  # lines, and a set


def test_every_key_with_a_list_is_in_the_table():
    tables = (keys.IMAGE_KEYS, keys.CDK_KEYS, keys.ENVIRONMENT_KEYS, keys.TOP_KEYS)
    takes = {key for table in tables for key, kind in table.items() if "list" in kind.takes}
    assert takes == {key for _, key in LISTS} | FREE


@pytest.mark.parametrize(("table", "key"), LISTS)
@pytest.mark.parametrize(("entries", "words"), [(("{0}", "{0}"), "twice"), (("{0}", ""), "empty"), ((" ",), "empty")])
def test_no_list_has_an_entry_twice_or_a_blank_one(project, table, key, entries, words):
    tables = {"images.app": {"repository": "'a'"}, "cdk": {"app": "'cdk'", "stacks": "['App']"}}
    tables.setdefault(table, {})[key] = str([entry.format(LISTS[table, key]) for entry in entries])
    lines = [f"{name} = {text}" for name, text in tables.pop("", {}).items()]
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{each} = {text}" for each, text in values.items())]
    with pytest.raises(ConfigurationError, match=words) as caught:
        load(project("\n".join(lines)))
    assert f"{table}.{key}".strip(".") in caught.value.problem


@pytest.mark.parametrize(("content", "code"), [(b"a = [", "settings-syntax"), (b"\xff\xfe", "settings-unreadable")])
def test_files_that_are_no_settings(tmp_path, content, code):
    path = tmp_path / "rajee-deploy.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.code == code


def test_no_settings_anywhere(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        find_settings(tmp_path)
    assert caught.value.code == "no-settings"
    assert "rajee-deploy init" not in caught.value.hint


def test_beside_a_cdk_app_init_is_named_first(tmp_path):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "cdk.json").write_text("{}")
    with pytest.raises(ConfigurationError) as caught:
        find_settings(tmp_path)
    assert caught.value.hint.startswith("rajee-deploy init   # ")


@pytest.mark.parametrize(
    ("more", "environment", "check"),
    [
        ("", None, InfraCheck.AUTO),
        ("[environments.dev]\n", "dev", InfraCheck.AUTO),
        ("", "prod", InfraCheck.SYNTH),
        ("[environments.live]\n", "live", InfraCheck.SYNTH),
        ("[environments.live]\nproduction = false\n", "live", InfraCheck.AUTO),
        ("[environments.eu]\nproduction = true\n", "eu", InfraCheck.SYNTH),
        ("[environments.live]\ncdk.infra-check = 'hash'\n", "live", InfraCheck.HASH),
        ("[environments.dev]\ncdk.infra-check = 'synth'\n", "dev", InfraCheck.SYNTH),
    ],
)
def test_on_what_unchanged_may_stand(project, more, environment, check):
    assert load(project(GOOD + more), environment).infra_check is check


MIRRORED = '[images.app]\nrepository = "a"\n'


def test_who_builds_image_assets_may_be_another_in_an_environment(project):
    adopting = GOOD.replace('app = "cdk"', 'app = "cdk"\nimage-assets = "adopt"')
    path = project(adopting.replace('account = "123456789012"', 'cdk.image-assets = "cdk"'))
    assert load(path).cdk.adopts_images
    assert not load(path, "prod").cdk.adopts_images
    assert not load(project(GOOD)).cdk.adopts_images


@pytest.mark.parametrize(
    "given", ["registry.test", "registry.test:5000/hub", "localhost:5000", "1.dkr.ecr.eu-west-1.amazonaws.com/a/b-c"]
)
def test_mirrors_of_docker_hub_are_all_images(given, project):
    for text in (given, f"{given}/docker/dockerfile"):
        (image,) = load(project(f'syntax-mirrors = ["{text}"]\n{MIRRORED}')).images
        assert image.syntax_mirrors == (given,)


@pytest.mark.parametrize(
    "given", ["", "hub", "docker", "https://registry.test", "registry.test/", "Registry.test", "a.b/c:1"]
)
def test_what_is_no_place_of_images_is_no_mirror(given, project):
    with pytest.raises(ConfigurationError) as caught:
        load(project(f'syntax-mirrors = ["{given}"]\n{MIRRORED}'))
    assert "syntax-mirrors" in caught.value.problem


@pytest.mark.parametrize(
    "text",
    ["tool = 1", "[tool]\nrajee-deploy = 1", "tool = []", "[[tool]]\nx = 1", "[tool]\nrajee-deploy = []", "tool = nan"],
)
def test_a_pyproject_whose_tables_are_none(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(find_settings(tmp_path))
    assert caught.value.code in ("no-settings", "bad-settings")


def test_settings_that_are_no_file_are_said_and_none_above_are_taken_instead(tmp_path):
    (tmp_path / "rajee-deploy.toml").write_text("")
    inner = tmp_path / "inner"
    inner.mkdir()
    os.mkfifo(inner / "rajee-deploy.toml")
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        load(find_settings(inner))
    assert caught.value.cause == "it is a FIFO (a pipe), and a regular file is needed"
    (inner / "rajee-deploy.toml").unlink()
    (inner / "rajee-deploy.toml").symlink_to("gone.toml")
    with pytest.raises(ConfigurationError, match="does not exist"):
        load(find_settings(inner))


def test_a_cdk_json_that_is_no_file_is_not_called_absent(tmp_path):
    (tmp_path / "rajee-deploy.toml").write_text('[cdk]\nstacks = ["One"]\n')
    os.mkfifo(tmp_path / "cdk.json")
    with pytest.raises(ConfigurationError, match=r"the cdk.json in .* cannot be read: it is a FIFO"):
        load(tmp_path / "rajee-deploy.toml")


def test_mirrors_are_those_of_a_project_without_images_too(project):
    """Its app may declare some."""
    path = project('syntax-mirrors = ["registry.test/hub"]\n[cdk]\nstacks = ["One"]\nimage-assets = "adopt"\n')
    path.with_name("cdk.json").write_text("{}")
    found = load(path)
    assert (found.images, found.syntax_mirrors) == ((), ("registry.test/hub",))
