"""What is well and what is not: a table for each judgement, on both sides of every limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rajee_deploy.actions.doctor import judgements
from rajee_deploy.actions.doctor.findings import Health
from rajee_deploy.model.caller import HeldKeys
from rajee_deploy.model.repository import Repository
from rajee_deploy.plan.expiry import LifecycleRule, Mutability, RuleLimit, RuleTags

OK, WARNING, ERROR, UNKNOWN = Health
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MIB = 1 << 20


@pytest.mark.parametrize(
    ("version", "health"),
    [("v20.20.2", OK), ("v18.0.0", OK), ("v17.9.1", ERROR), ("v8.1.0", ERROR), ("", UNKNOWN), ("system", UNKNOWN)],
)
def test_node(version, health):
    found = judgements.judge_node(version)
    assert (found.health, bool(found.fix)) == (health, health is ERROR)


@pytest.mark.parametrize(
    ("free", "is_of_builds", "health", "size"),
    [
        (0, False, ERROR, "0 MiB"),
        (200 * MIB - 1, False, ERROR, "199 MiB"),
        (200 * MIB, False, WARNING, "200 MiB"),
        (2048 * MIB - 1, False, WARNING, "2.0 GiB"),
        (2048 * MIB, False, OK, "2.0 GiB"),
        (512 * MIB - 1, True, ERROR, "511 MiB"),
        (512 * MIB, True, WARNING, "512 MiB"),
        (5120 * MIB - 1, True, WARNING, "5.0 GiB"),
        (5120 * MIB, True, OK, "5.0 GiB"),
        (1024 * MIB, True, WARNING, "1.0 GiB"),
    ],
)
def test_room(free, is_of_builds, health, size):
    found = judgements.judge_space(free, "/place", "cache", "make room", is_of_builds=is_of_builds)
    assert (found.health, found.text) == (health, f"cache: {size} free in /place")
    assert found.fix == ("" if health is OK else "make room")


@pytest.mark.parametrize(
    ("readable", "library", "written", "health", "words"),
    [
        (55, "2.275.0", 55, OK, "reads what aws-cdk-lib 2.275.0 writes (schema 55)"),
        (56, "2.275.0", 55, OK, "reads what"),
        (54, "2.275.0", 55, ERROR, "up to schema 54; aws-cdk-lib 2.275.0 writes 55"),
        (None, "2.275.0", 55, UNKNOWN, "aws-cdk 2.1 reads is not known"),
        (55, "2.275.0", None, UNKNOWN, "aws-cdk-lib 2.275.0 writes is not known: its files do not say"),
        (55, "", None, UNKNOWN, "it is not found"),
    ],
)
def test_schemas(readable, library, written, health, words):
    found = judgements.judge_schema("2.1", readable, library, written, "npm install")
    assert (found.health, found.fix) == (health, "npm install" if health is ERROR else "")
    assert words in found.text


def ends_in(**time) -> HeldKeys:
    return HeldKeys("sso", is_temporary=True, ends=NOW + timedelta(**time))


@pytest.mark.parametrize(
    ("keys", "health", "words"),
    [
        (HeldKeys("env", is_temporary=False), OK, "do not expire"),
        (HeldKeys("env", is_temporary=True), UNKNOWN, "(env) that do not say when they end"),
        (ends_in(hours=7, minutes=5), OK, "end in 7 h 05 min"),
        (ends_in(minutes=30), OK, "end in 30 min"),
        (ends_in(minutes=29, seconds=59), WARNING, "end in 29 min"),
        (ends_in(seconds=1), WARNING, "end in 0 min"),
        (ends_in(seconds=0), ERROR, "have expired"),
        (ends_in(days=-1), ERROR, "have expired"),
        (HeldKeys("assume-role", is_temporary=True, is_renewed=True, ends=NOW + timedelta(minutes=9)), OK, "renewed"),
        (HeldKeys("assume-role", is_temporary=True, is_renewed=True), UNKNOWN, "do not say when"),
    ],
)
def test_expiry(keys, health, words):
    found = judgements.judge_expiry(keys, NOW, "aws sso login")
    assert (found.health, found.fix) == (health, "aws sso login" if health in (WARNING, ERROR) else "")
    assert words in found.text


def test_keys_of_the_environment_are_got_elsewhere():
    keys = HeldKeys("env", is_temporary=True, ends=NOW + timedelta(minutes=1))
    found = judgements.judge_expiry(keys, NOW, "aws sso login")
    assert (found.health, "AWS_SESSION_TOKEN" in found.fix) == (WARNING, True)


@pytest.mark.parametrize(
    ("ahead", "health", "words"),
    [
        (None, UNKNOWN, "no answer"),
        (0.2, OK, "agrees with AWS's"),
        (-59, OK, "within a minute"),
        (60, WARNING, "60 s ahead of AWS's"),
        (-299, WARNING, "299 s behind AWS's"),
        (300, ERROR, "300 s ahead of AWS's"),
        (-90000, ERROR, "90000 s behind AWS's"),
    ],
)
def test_clock(ahead, health, words):
    found = judgements.judge_clock(ahead)
    assert (found.health, bool(found.fix)) == (health, health in (WARNING, ERROR))
    assert words in found.text


APP, FAR = Repository("team/app"), Repository.parse("210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/app")
MOVING = ("live-App", "prev-App")


@pytest.mark.parametrize(
    ("told", "health", "words"),
    [
        (Mutability(is_mutable=False, exceptions=("live-*", "prev-*")), OK, "is immutable, but for live-*, prev-*"),
        (Mutability(is_mutable=False), WARNING, "does not let live-App and prev-App move"),
        (Mutability(is_mutable=False, exceptions=("live-*",)), WARNING, "does not let prev-App move"),
        (Mutability(is_mutable=True), WARNING, "is mutable"),
        (Mutability(is_mutable=True, exceptions=("c-*",)), OK, "team/app is immutable"),
        (Mutability(is_mutable=True, exceptions=("*",)), WARNING, "does not let live-App and prev-App move"),
    ],
)
def test_mutability(told, health, words):
    found = judgements.judge_mutability(APP, told, MOVING, ())
    assert found.health is health
    assert words in found.text
    assert bool(found.fix) is (health is not OK)


def test_a_repository_of_images_that_no_stack_receives_may_be_plainly_immutable():
    assert judgements.judge_mutability(APP, Mutability(is_mutable=False), (), ()).health is OK


def test_the_command_lets_move_what_the_settings_let_move():
    found = judgements.judge_mutability(FAR, Mutability(is_mutable=True), MOVING, ("branch-*", "live-*", "a", "b", "c"))
    command = found.fix.partition("\n")[2]
    assert command.startswith("aws ecr put-image-tag-mutability --repository-name team/app --region eu-west-1 ")
    filters = [word.rpartition("filter=")[2] for word in command.split() if "filter=" in word]
    assert filters == ["'live-*'", "'prev-*'", "'branch-*'", "'a'", "'b'"], "ECR takes five"


def test_a_repository_that_is_not_there():
    found = judgements.judge_absent(FAR)
    assert (found.health, found.code) == (WARNING, "no-repository")
    assert found.fix.endswith("\naws ecr create-repository --repository-name team/app --region eu-west-1")


def keep(number: int, pattern: str, priority: int = 1) -> LifecycleRule:
    return LifecycleRule(priority, RuleTags.TAGGED, (pattern,), RuleLimit.IMAGES, number)


LIVE, PREVIOUS = frozenset(("c-1", "live-App")), frozenset(("c-0", "prev-App"))


@pytest.mark.parametrize(
    ("rules", "health", "words"),
    [
        ((), OK, "no rule removes anything"),
        ((keep(9999, "live-*"), keep(9999, "prev-*", 2), keep(10, "c-*", 3)), OK, "no rule removes what runs"),
        ((keep(9999, "live-*"), keep(10, "c-*", 3)), WARNING, "what a rollback takes could expire, since rule 3 (c-*)"),
        ((keep(9999, "prev-*"), keep(10, "c-*", 3)), WARNING, "what runs could expire, since rule 3 (c-*)"),
    ],
)
def test_lifecycle(rules, health, words):
    found = judgements.judge_lifecycle("api", rules, LIVE, PREVIOUS)
    assert (found.health, found.subject, found.fix) == (health, "api", "" if health is OK else judgements.SHIELDS)
    assert words in found.text


@pytest.mark.parametrize(
    ("cache_to", "expected"),
    [
        ((), False),
        (("team/cache",), True),
        (("type=registry,ref=x",), True),
        (("type=inline",), False),
        (("gha",), False),
        (("gha", "team/cache"), True),
    ],
)
def test_which_caches_not_every_engine_can_write(cache_to, expected):
    assert judgements.needs_export(cache_to) is expected


def test_the_classic_image_store():
    found = judgements.judge_classic_store(["api", "web"], [])
    assert (found.health, "cache-to of api, web is passed over" in found.text) == (WARNING, True)
    assert '"containerd-snapshotter": true' in found.fix
    found = judgements.judge_classic_store(["api"], ["web"])
    assert (found.health, found.text.endswith("for several platforms: web")) == (ERROR, True), "its build would fail"


RELEASES = (frozenset(("c-2", "v1.0.0")), frozenset(("c-1", "live-App", "v2.0.0")), frozenset(("c-3", "1.1.0")))


@pytest.mark.parametrize(
    ("own", "health", "words"),
    [
        ((), WARNING, "1.1.0, v1.0.0 could expire, since rule 9 (c-*)"),
        ((keep(9999, "v*.*.*", 3),), WARNING, "1.1.0 could expire, since rule 9 (c-*)"),
        ((keep(9999, "*.*.*", 3),), OK, "no rule removes what runs, or what ran before, or a version"),
    ],
)
def test_releases(own, health, words):
    rules = (keep(9999, "live-*"), keep(9999, "prev-*", 2), *own, keep(10, "c-*", 9))
    found = judgements.judge_lifecycle("api", rules, LIVE, PREVIOUS, RELEASES)
    assert (found.health, found.fix) == (health, "" if health is OK else judgements.SHIELDS)
    assert words in found.text


def test_of_many_releases_three_are_named():
    many = [frozenset((f"c-{each}", f"v1.0.{each}")) for each in range(5)]
    found = judgements.judge_lifecycle("api", (keep(10, "c-*"),), (), (), many)
    assert "v1.0.0, v1.0.1, v1.0.2 and 2 more could expire" in found.text


SECRETS = {
    True: "NPM_TOKEN TOKEN dbPassword DB_PASSWORD api_key APIKEY GITHUB_PAT AUTH CLIENT_SECRET SECRETS PRIVATE_KEY "
    "PASSWD SSH_PASSPHRASE githubToken AWS_SECRET_ACCESS_KEY token2",
    False: "VERSION KEYBOARD MONKEY PUBLIC_KEY KEY_ID SECRET_NAME TOKEN_URL KEY_FILE TOKENIZER AUTHOR PATH "
    "PASSWORD_FILE SECRET_ARN PASSWORD_LENGTH PATCH KEY_VERSION AUTH_HOST DEBUG _ 1",
}


@pytest.mark.parametrize(("name", "is_secret"), [(name, truth) for truth in SECRETS for name in SECRETS[truth].split()])
def test_names_of_secrets(name, is_secret):
    assert judgements.is_secret_name(name) is is_secret
