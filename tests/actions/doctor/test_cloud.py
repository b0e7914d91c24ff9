"""What AWS is asked, over fakes: who asks, the place, the repositories; and what is unknown where nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeRules

from rajee_deploy.actions.doctor.cloud import Cloud, check_cloud
from rajee_deploy.actions.doctor.findings import Health
from rajee_deploy.errors import DeployError
from rajee_deploy.model.caller import Caller, HeldKeys
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.expiry import LifecycleRule, Mutability, RuleLimit, RuleTags
from rajee_deploy.settings import load
from rajee_deploy.synth.deploy_checks import BootstrapNeed

OK, WARNING, ERROR, UNKNOWN = Health
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
US, EU = (f"{region}-1" for region in ("us-east", "eu-west"))
SETTINGS = """
[images.api]
repository = "team/api"
stack = "Api"
tags = ["branch-{branch}"]
[images.tool]
repository = "team/tool"
[cdk]
stacks = ["Api"]
[environments.dev]
[environments.prod]
[environments.guarded]
account = "123456789012"
production = true
[environments.other]
account = "210987654321"
"""
GOOD = Mutability(is_mutable=False, exceptions=("live-*", "prev-*"))


def keep(priority: int, pattern: str, number: int) -> LifecycleRule:
    return LifecycleRule(priority, RuleTags.TAGGED, (pattern,), RuleLimit.IMAGES, number)


SAFE = (keep(2, "live-*", 9999), keep(3, "prev-*", 9999), keep(4, "c-*", 10))


def refusal(code: str) -> DeployError:
    return DeployError(code, f"it says {code}", hint="do this")


@dataclass
class World:
    """An account that is as one would want it."""

    said: Caller | Exception = field(
        default_factory=lambda: Caller("123456789012", US, "arn:aws:iam::123456789012:user/team/ann")
    )
    seconds_ahead: float | None = 0.0
    keys: HeldKeys | DeployError = field(default_factory=lambda: HeldKeys("env", is_temporary=False))
    rules: FakeRules = field(
        default_factory=lambda: FakeRules({"team/api": GOOD, "team/tool": GOOD}, {"team/api": SAFE})
    )
    needs: list[BootstrapNeed] = field(default_factory=lambda: [need(US)])
    versions: dict[str, int | DeployError | None] = field(default_factory=lambda: {US: 30})
    images: Any = ()

    def caller(self) -> Caller:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def held_keys(self) -> HeldKeys:
        if isinstance(self.keys, DeployError):
            raise self.keys
        return self.keys

    def version(self, need: BootstrapNeed) -> int | None:
        found = self.versions.get(need.region)
        if isinstance(found, DeployError):
            raise found
        return found

    def cloud(self) -> Cloud:
        return Cloud(
            identity=self,
            held_keys=self.held_keys,
            rules=self.rules,
            images=lambda _who: self.images,
            needs=lambda _who: self.needs,
            version=self.version,
            now=lambda: NOW,
            login="aws sso login",
        )


def need(region: str) -> BootstrapNeed:
    return BootstrapNeed("123456789012", region, "/cdk-bootstrap/hnb659fds/version", 6, "Api")


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "cdk.json").write_text("{}")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "rajee-deploy.toml").write_text(SETTINGS)
    return lambda environment=None: load(tmp_path / "rajee-deploy.toml", environment)


def told(world: World, settings, environment=None) -> dict[str, list]:
    found: dict[str, list] = {}
    if world.images == ():
        world.images = settings(environment).images
    for each in check_cloud(world.cloud(), settings(environment), Path("/app")):
        found.setdefault(each.check, []).append(each)
    return found


def healths(found: dict[str, list]) -> dict[str, list[Health]]:
    return {check: [each.health for each in each_of] for check, each_of in found.items()}


ALL_WELL = {
    "credentials": [OK],
    "expiry": [OK],
    "clock": [OK],
    "bootstrap": [OK],
    "repository": [OK, OK],
    "lifecycle": [OK],
}


def test_all_is_well(settings):
    found = told(World(), settings)
    assert healths(found) == ALL_WELL
    assert found["credentials"][0].text == "user/team/ann (env), account 123456789012, us-east-1"
    assert found["bootstrap"][0].text == "aws://123456789012/us-east-1 has version 30 (6 is needed)"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::123456789012:user/ann", "user/ann"),
        ("arn:aws:sts::123456789012:assumed-role/Deployer/session-of-ann", "role/Deployer"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("", "credentials"),
    ],
)
def test_who_it_is(settings, arn, name):
    found = told(World(Caller("123456789012", US, arn)), settings)
    assert found["credentials"][0].text.startswith(f"{name} (env)")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("dev", None), ("prod", WARNING), ("guarded", OK), ("other", ERROR), (None, None)],
)
def test_the_guard(settings, environment, expected):
    found = told(World(), settings, environment)
    assert [each.health for each in found.get("account", [])] == ([expected] if expected else [])


def test_nothing_is_looked_at_in_the_wrong_account(settings):
    world = World()
    world.rules.mutability.clear()  # it would say that the repository is not there
    found = told(world, settings, "other")
    assert (found["account"][0].code, healths(found)["bootstrap"], healths(found)["repository"]) == (
        "wrong-account",
        [UNKNOWN],
        [UNKNOWN],
    )


@pytest.mark.parametrize(
    ("error", "health", "fix"),
    [
        (refusal("no-credentials"), ERROR, "do this"),
        (refusal("expired-credentials"), ERROR, "aws sso login"),
        (refusal("clock-skew"), ERROR, "do this"),
        (refusal("aws-unreachable"), UNKNOWN, "do this"),
        (EOFError(), UNKNOWN, ""),
    ],
)
def test_without_credentials_the_rest_is_unknown(settings, error, health, fix):
    found = told(World(error, seconds_ahead=None), settings)
    assert healths(found) == {
        "credentials": [health],
        "clock": [UNKNOWN],
        "bootstrap": [UNKNOWN],
        "repository": [UNKNOWN],
    }
    assert found["credentials"][0].fix == fix


def test_the_clock_is_known_from_a_refusal(settings):
    found = told(World(refusal("clock-skew"), seconds_ahead=7200), settings)
    assert (found["clock"][0].health, "7200 s ahead" in found["clock"][0].text) == (ERROR, True)


def test_without_settings_and_app_only_the_caller_is_looked_at():
    for world in (World(), World(refusal("no-credentials"))):
        found = {each.check for each in check_cloud(world.cloud(), None, None)}
        assert found <= {"credentials", "expiry", "clock"}


def test_keys_that_tell_nothing_of_themselves(settings):
    found = told(World(keys=refusal("aws-error")), settings)
    assert (healths(found)["credentials"], healths(found)["expiry"]) == ([OK], [UNKNOWN])


def test_keys_that_end(settings):
    keys = HeldKeys("sso", is_temporary=True, ends=NOW + timedelta(minutes=14))
    (found,) = told(World(keys=keys), settings)["expiry"]
    assert (found.health, found.text, found.fix) == (WARNING, "the credentials end in 14 min", "aws sso login")


# -- bootstrap -----------------------------------------------------------------------------------------------------


def test_every_place_is_asked_and_one_that_does_not_answer_hides_no_other(settings):
    world = World(needs=[need(US), need(EU), need("ap-south-1")], versions={US: refusal("access-denied"), EU: 5})
    found = told(world, settings)["bootstrap"]
    assert [(each.health, each.subject, each.code) for each in found] == [
        (UNKNOWN, "aws://123456789012/us-east-1", "access-denied"),
        (ERROR, "aws://123456789012/eu-west-1", "not-bootstrapped"),
        (ERROR, "aws://123456789012/ap-south-1", "not-bootstrapped"),
    ]
    assert "has bootstrap version 5, 6 is needed" in found[1].text
    assert found[2].fix == "(cd /app && npx cdk bootstrap aws://123456789012/ap-south-1)"


def test_needs_that_cannot_be_told(settings):
    def fail(_who):
        raise refusal("bad-cdk-json")

    found = list(check_cloud(replace(World().cloud(), needs=fail), settings(), Path("/app")))
    assert [each.code for each in found if each.check == "bootstrap"] == ["bad-cdk-json"]


# -- repositories --------------------------------------------------------------------------------------------------


def test_a_repository_that_is_not_there(settings):
    world = World()
    del world.rules.mutability["team/api"]
    found = told(world, settings)
    assert [(each.health, each.subject) for each in found["repository"]] == [(WARNING, "team/api"), (OK, "team/tool")]
    assert "lifecycle" not in found


def test_a_repository_whose_moving_tags_are_frozen(settings):
    world = World()
    world.rules.mutability = dict.fromkeys(("team/api", "team/tool"), Mutability(is_mutable=False))
    found = told(world, settings)["repository"]
    assert [(each.health, each.code) for each in found] == [(WARNING, "tag-immutable"), (OK, "")]
    assert "live-Api and prev-Api" in found[0].text
    assert "filter='branch-*'" in found[0].fix


def test_rules_are_judged_by_the_tags_that_the_image_has_and_by_those_it_will_have(settings):
    world = World()
    world.rules.lifecycle["team/api"] = (keep(1, "release-*", 3), *SAFE)
    assert healths(told(world, settings))["lifecycle"] == [OK]
    world.rules.images["team/api"] = [frozenset(("c-1", "live-Api", "release-7"))]
    (found,) = told(world, settings)["lifecycle"]
    assert (found.health, "rule 1 (release-*)" in found.text) == (WARNING, True)
    world.rules.images.clear()
    world.rules.lifecycle["team/api"] = (keep(1, "branch-*", 3), *SAFE)
    (found,) = told(world, settings)["lifecycle"]
    assert (found.health, "rule 1 (branch-*)" in found.text) == (WARNING, True), "the settings give such a tag"


def test_releases_that_a_rule_takes(settings):
    world = World()
    world.rules.images["team/api"] = [frozenset(("c-1", "live-Api")), frozenset(("c-0", "v1.2.3"))]
    (found,) = told(world, settings)["lifecycle"]
    assert (found.health, "v1.2.3 could expire, since rule" in found.text) == (WARNING, True)


def test_a_repository_that_may_not_be_looked_at_hides_no_other(settings):
    class Refusing(FakeRules):
        def find_mutability(self, repository):
            if repository.name == "team/api":
                raise refusal("access-denied")
            return super().find_mutability(repository)

        def find_lifecycle(self, repository):
            assert repository
            raise refusal("access-denied")

    world = World(rules=Refusing({"team/tool": GOOD}))
    assert [each.health for each in told(world, settings)["repository"]] == [UNKNOWN, OK]


def test_a_policy_that_may_not_be_read_is_unknown(settings):
    class Refusing(FakeRules):
        def find_lifecycle(self, repository):
            assert repository
            raise refusal("access-denied")

    world = World(rules=Refusing({"team/api": GOOD, "team/tool": GOOD}))
    found = told(world, settings)
    assert (healths(found)["repository"], healths(found)["lifecycle"]) == ([OK, OK], [UNKNOWN])


def test_a_repository_that_goes_away_meanwhile_is_unknown(settings):
    class Going(FakeRules):
        def find_lifecycle(self, repository):
            self.mutability.pop(repository.name)
            return super().find_lifecycle(repository)

    world = World(rules=Going({"team/api": GOOD, "team/tool": GOOD}))
    assert healths(told(world, settings))["lifecycle"] == [UNKNOWN]


# -- images that the app declares ----------------------------------------------------------------------------------

CDKS = "cdk-assets-123456789012-us-east-1"


def declared(settings) -> list:
    """The settings' own images, and one of the app's in a repository of the CDK's."""
    (api, tool) = settings().images
    return [api, tool, replace(api, name="Web", repository=Repository(CDKS), parameter="asset:Web", tags=())]


def test_a_repository_of_the_cdks_needs_no_shields(settings):
    """Its tags do not move, so that they cannot is well; and an image is what its one tag says."""
    world = World(images=declared(settings))
    world.rules.mutability[CDKS] = Mutability(is_mutable=False)
    untagged = LifecycleRule(1, RuleTags.UNTAGGED, (), RuleLimit.DAYS_SINCE_PUSH, 365)
    world.rules.lifecycle[CDKS] = (untagged,)
    found = told(world, settings)
    assert (found["repository"][2].health, found["repository"][2].subject) == (OK, CDKS)
    assert [(each.health, each.subject) for each in found["lifecycle"]] == [(OK, "api"), (OK, "Web")]
    world.rules.lifecycle[CDKS] = (untagged, LifecycleRule(2, RuleTags.ANY, (), RuleLimit.IMAGES, 50))
    (_, found) = told(world, settings)["lifecycle"]
    assert (found.health, "rule 2 (any image)" in found.text) == (WARNING, True)


def test_images_of_which_no_synth_tells_are_unknown_and_the_others_are_looked_at(settings):
    found = told(World(images=None), settings)["repository"]
    assert [each.health for each in found] == [UNKNOWN, OK, OK]
    assert found[0].fix == "rajee-deploy plan"


def test_an_assembly_that_cannot_be_read(settings):
    def fail(_who):
        raise refusal("bad-assembly")

    found = list(check_cloud(replace(World().cloud(), images=fail), settings(), Path("/app")))
    assert [each.code for each in found if each.check == "repository"] == ["bad-assembly"]
