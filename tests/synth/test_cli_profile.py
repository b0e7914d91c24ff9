"""The profile that cdk.json gives to the CDK CLI, where it means another account than the run's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rajee_deploy.errors import ConfigurationError
from rajee_deploy.synth.cli_profile import NamedProfile, check_account, named_profile

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = {"same": "1" * 12, "other": "2" * 12}


@pytest.fixture
def app(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("app", "home"):
        (tmp_path / name).mkdir()
    return tmp_path / "app"


@pytest.mark.parametrize(
    ("project", "user", "found"),
    [
        (None, None, None),
        ("{}", None, None),
        ('{"profile": "p"}', None, ("p", "app/cdk.json")),
        ('{"profile": "p"}', '{"profile": "q"}', ("p", "app/cdk.json")),
        ("{}", '{"profile": "q"}', ("q", "home/.cdk.json")),
        ('{"profile": ""}', '{"profile": "q"}', ("q", "home/.cdk.json")),
        ('{"profile": 3}', None, None),
        ("[]", None, None),
        ("{", '{"profile": "q"}', ("q", "home/.cdk.json")),
    ],
)
def test_which_profile_is_named(app, project, user, found):
    for path, text in ((app / "cdk.json", project), (app.parent / "home" / ".cdk.json", user)):
        if text is not None:
            path.write_text(text)
    expected = NamedProfile(found[0], app.parent / found[1]) if found else None
    assert named_profile(app) == expected


@pytest.mark.parametrize("named", ["", "same", "ours", "nobody"])
def test_what_leads_to_the_same_account_or_nowhere_is_no_contradiction(app, named):
    (app / "cdk.json").write_text(json.dumps({"profile": named}))
    asked = []
    check_account(app, "ours", ACCOUNTS["same"], lambda name: (asked.append(name), ACCOUNTS.get(name))[1])
    assert asked == [name for name in (named,) if name in {"same", "nobody"}]


def test_another_account_is_refused_and_both_are_named(app):
    (app / "cdk.json").write_text('{"profile": "other"}')
    with pytest.raises(ConfigurationError) as caught:
        check_account(app, None, ACCOUNTS["same"], ACCOUNTS.get)
    error = caught.value
    assert (error.code, error.where) == ("profile-contradiction", str(app / "cdk.json"))
    assert all(account in error.problem for account in ACCOUNTS.values())
    assert "--profile other" in error.hint
