"""The private docker configuration: what it carries over, what it adds, and that the user's own is left alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rajee_deploy.engine.login import private_docker_config
from rajee_deploy.errors import DeployError
from rajee_deploy.model.repository import PushAccess

ACCESS = PushAccess("localhost:5000/team/app", "AWS", "s3cret")


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    directory = tmp_path / "docker"
    directory.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(directory))
    monkeypatch.delenv("BUILDX_CONFIG", raising=False)
    return directory


def write(own: Path, **config) -> bytes:
    (own / "config.json").write_text(json.dumps(config))
    return (own / "config.json").read_bytes()


def used(environment: dict[str, str]) -> dict:
    return json.loads((Path(environment["DOCKER_CONFIG"]) / "config.json").read_text())


def test_everything_of_the_users_own_is_carried_over_and_untouched(own):
    (own / "contexts").mkdir()
    (own / "cli-plugins").mkdir()
    before = write(own, auths={"hub": {"auth": "aHViOmh1Yg=="}}, proxies={"default": {}}, currentContext="far")
    with private_docker_config(ACCESS) as environment:
        config = used(environment)
        assert config["auths"] == {"hub": {"auth": "aHViOmh1Yg=="}, "localhost:5000": {"auth": "QVdTOnMzY3JldA=="}}
        assert config["currentContext"] == "far"
        directory = Path(environment["DOCKER_CONFIG"])
        assert (directory / "contexts").resolve() == own / "contexts"
        assert environment["BUILDX_CONFIG"] == str(own / "buildx")
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert not directory.exists()
    assert (own / "config.json").read_bytes() == before
    assert sorted(path.name for path in own.iterdir()) == ["cli-plugins", "config.json", "contexts"]


@pytest.mark.parametrize(
    "config", [{"credsStore": "vault"}, {"credHelpers": {"localhost:5000": "vault", "hub": "vault"}}]
)
def test_beside_a_credential_store_our_host_alone_gets_a_helper(own, config):
    write(own, **config)
    with private_docker_config(ACCESS) as environment:
        found = used(environment)
        helper = found["credHelpers"]["localhost:5000"]
        assert found.get("credsStore") == config.get("credsStore")
        assert found["credHelpers"].get("hub") == config.get("credHelpers", {}).get("hub")
        program = f"docker-credential-{helper}"
        got = subprocess.run(
            [program, "get"], input=b"localhost:5000", capture_output=True, env=environment, check=True
        )
        assert json.loads(got.stdout) == {"ServerURL": "localhost:5000", "Username": "AWS", "Secret": "s3cret"}
        assert "auths" not in found


def test_no_configuration_at_all(own):
    own.rmdir()
    with private_docker_config(ACCESS) as environment:
        assert list(used(environment)) == ["auths"]


@pytest.mark.parametrize("config", [{}, {"credsStore": "desktop"}])
def test_one_within_another(own, config, monkeypatch):
    """A program that a build starts may run us; the outer login stays as it is."""
    write(own, **config)
    with private_docker_config(ACCESS) as outer:
        before = {path.name: path.read_bytes() for path in Path(outer["DOCKER_CONFIG"]).iterdir() if path.is_file()}
        monkeypatch.setenv("DOCKER_CONFIG", outer["DOCKER_CONFIG"])
        with private_docker_config(replace(ACCESS, password="other")) as inner:
            assert outer["DOCKER_CONFIG"] != inner["DOCKER_CONFIG"]
        assert {n: (Path(outer["DOCKER_CONFIG"]) / n).read_bytes() for n in before} == before


def test_it_is_removed_when_the_build_fails(own):
    write(own)
    with pytest.raises(KeyboardInterrupt), private_docker_config(ACCESS) as environment:
        raise KeyboardInterrupt
    assert not os.path.exists(environment["DOCKER_CONFIG"])  # noqa: PTH110


def test_a_broken_configuration_is_named(own):
    (own / "config.json").write_text("{")
    with pytest.raises(DeployError) as caught, private_docker_config(ACCESS):
        pass
    assert (caught.value.code, caught.value.where) == ("docker-config", str(own / "config.json"))


def test_the_password_does_not_show():
    assert "s3cret" not in repr(ACCESS)
