"""`explain PATH` of a file that the infrastructure reads: whether it counts, and what moved since."""

from __future__ import annotations

import json

import pytest

from rajee_deploy.actions.explain.infrastructure import answer, document, of_infrastructure, sentence
from rajee_deploy.fingerprint import IGNORED, Input
from rajee_deploy.fingerprint import of_infrastructure as hashed
from rajee_deploy.model import Digest
from rajee_deploy.plan.input_changes import FormerInputs, digests_of
from rajee_deploy.settings import load
from rajee_deploy.synth.app import CdkApp


def fingerprint(**files):
    found = [(name.replace("__", "/") + ".py", "644", Digest("sha256", number * 64)) for name, number in files.items()]
    traced = [Input("traced:file:./shared/sizes.py", "x"), Input(f"{IGNORED}./infra/notes.txt", "by cdk.ignore")]
    return hashed(found, {}, {"SIZE": "1"}, {}, traced)


NOW = fingerprint(app="a", stacks__api="b", other="b")
FORMER = FormerInputs(digests_of(fingerprint(app="a", stacks__api="a", other="a")), "infra")
SAME = FormerInputs(digests_of(NOW), "infra")
ASKED = {
    "infra/app.py": (True, False, "which is as it was since"),
    "infra/stacks/api.py": (True, True, "which changed since"),
    "infra/stacks": (True, True, "infra/other.py, infra/stacks/api.py"),
    "infra": (True, True, "infra/other.py"),
    "shared/sizes.py": (True, False, "is an input of the infrastructure"),
    "infra/notes.txt": (False, False, "cdk.ignore takes it out"),
    "infra/README.md": (False, False, "no synth is known to read it"),
}


@pytest.mark.parametrize("path", ASKED)
def test_whether_a_path_counts_and_what_moved(path):
    is_input, has_changed, words = ASKED[path]
    found = answer(NOW, FORMER, "infra", path)
    assert found is not None
    assert (found.is_input, found.has_changed) == (is_input, has_changed)
    assert words in sentence(found)
    told = document(found)
    assert (told["input"], told["changed"]) == (is_input, has_changed)
    assert {"name": "infra/other.py", "change": "changed"} in told["changed_inputs"]


@pytest.mark.parametrize("path", ["README.md", "shared/other.py", "infrastructure", "SIZE", "variable SIZE"])
def test_what_has_nothing_to_do_with_it_is_not_spoken_of(path):
    assert answer(NOW, FORMER, "infra", path) is None


def test_where_nothing_is_known_that_is_said_and_how_to_know():
    found = answer(NOW, None, "infra", "infra/app.py")
    assert found is not None
    assert (found.has_changed, document(found)["changed_inputs"]) == (None, None)
    assert "rajee-deploy plan" in sentence(found)
    same = answer(NOW, SAME, "infra", "infra/app.py")
    assert same is not None
    assert "nothing of it changed" in sentence(same)


def test_a_project_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("RAJEE_DEPLOY_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    (root / "infra").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "infra" / "cdk.json").write_text(json.dumps({"app": "python3 app.py"}))
    (root / "infra" / "app.py").write_text("one")
    (root / "rajee-deploy.toml").write_text('[cdk]\napp = "infra"\nstacks = ["App"]\n')
    settings = load(root / "rajee-deploy.toml")
    app = CdkApp(settings.cdk, "")
    app.inputs.keep(app.fingerprint())
    (root / "infra" / "app.py").write_text("two")
    monkeypatch.chdir(root / "infra")
    for path in ("app.py", str(root / "infra" / "app.py"), "../infra/app.py"):
        found = of_infrastructure(settings, {}, path)
        assert found is not None
        assert (found.path, found.has_changed) == ("infra/app.py", True)
    assert of_infrastructure(settings, {}, "../rajee-deploy.toml") is None
    (root / "infra" / "cdk.json").write_text("[")
    assert of_infrastructure(settings, {}, "app.py") is None, "an image has its answer whatever becomes of the app"
