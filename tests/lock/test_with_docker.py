"""The lock through the shell, with a real engine and a registry with a login: what is locked is what is built."""

from __future__ import annotations

import json

import pytest
from lock_rows import changes, row

pytestmark = pytest.mark.docker

NOOP = 'RUN ["/bin/busybox", "true"]'


def tag_of(shop) -> str:
    return shop.run("rajee-deploy fingerprint").stdout.strip()


def built(shop) -> dict:
    return json.loads(shop.run("rajee-deploy up --json").stdout)


def test_a_base_that_moves_is_not_built_until_the_lock_moves(shop, project):
    first = shop.push_base("1", "first", "ENV P=b")
    project("FROM BASE:1", "COPY ${P:-a} /x", NOOP)
    shop.run("rajee-deploy lock --check", code=1)
    assert changes(shop.run("rajee-deploy lock").stdout) == [row(f"+ add {shop.host}/base/one:1", first)]
    shop.run("rajee-deploy lock --check")
    locked = tag_of(shop)
    second = shop.push_base("1", "second", "ENV P=a")
    assert tag_of(shop) == locked
    said = json.loads(shop.run("rajee-deploy plan --bases --json").stdout)
    assert [(base["state"], base["locked"], base["now"]) for base in said["bases"]] == [("moved", first, second)]
    assert f"rajee-deploy lock --upgrade {shop.host}/base/one:1" in shop.run("rajee-deploy plan --bases").stderr
    assert [step["tag"] for step in built(shop)["steps"]] == [locked]
    assert shop.files(locked, "/which", "/x") == ["first", "b"]
    assert built(shop)["kind"] == "noop"
    assert "one base, locked today" in shop.run("rajee-deploy plan").stderr
    moved = row(f"~ move {shop.host}/base/one:1", first, second)
    assert changes(shop.run(f"rajee-deploy lock --upgrade {shop.host}/base/one:1").stdout) == [moved]
    assert tag_of(shop) != locked
    built(shop)
    assert shop.files(tag_of(shop), "/which", "/x") == ["second", "a"]


def test_every_way_to_name_an_image_takes_the_locked_one(shop, project):
    shop.push_base("1", "first")
    project(
        "FROM BASE:1 AS one",
        NOOP,
        "FROM scratch",
        "COPY --from=BASE:1 /which /copied",
        "COPY --from=one /which /stage",
        "RUN --mount=from=BASE:1,target=/bin,source=/bin --mount=from=BASE:1,target=/m "
        '["/bin/busybox", "cp", "/m/which", "/mounted"]',
    )
    shop.run("rajee-deploy lock")
    shop.push_base("1", "second")
    built(shop)
    assert shop.files(tag_of(shop), "/copied", "/stage", "/mounted") == ["first"] * 3


@pytest.mark.proof
def test_an_index_serves_every_platform_by_one_digest(shop, project):
    digests = {}
    for platform, name in (("linux/amd64", "a"), ("linux/arm64", "b")):
        digests[platform] = shop.push_base("part", f"first {name}", f"ENV P={name}", platform=platform)
    index = shop.push_index("many", digests)
    project(
        "FROM --platform=linux/arm64 BASE:many AS arm",
        "COPY $P /own",
        "FROM BASE:many",
        "COPY $P /own",
        "COPY --from=arm /which /own /arm/",
    )
    assert changes(shop.run("rajee-deploy lock").stdout) == [row(f"+ add {shop.host}/base/one:many", index)]
    document = json.loads(shop.run("rajee-deploy fingerprint --json").stdout)
    assert [use["selector"]["path"] for use in document["uses"]] == ["/b", "/a"]
    assert (document["precision"], document["warnings"]) == ("exact", [])
    # The engine at hand speaks TLS alone when it builds, so it has to have the image already; then of one platform.
    shop.run(f"docker pull --quiet {shop.host}/base/one@{index}")
    shop.push_index("many", {platform: shop.push_base("part", "other", platform=platform) for platform in digests})
    project("FROM BASE:many", "COPY $P /own")
    built(shop)
    assert shop.files(tag_of(shop), "/which", "/own") == ["first a", "a"]


def test_a_locked_base_may_copy_by_onbuild(shop, project):
    shop.push_base("1", "first", "ENV T=trig", "ONBUILD COPY $T /trigger", "ONBUILD ADD a /a")
    project("FROM BASE:1", NOOP)
    refused = shop.run("rajee-deploy up", code=1)
    assert "explain-error base-has-onbuild\n" in refused.stderr
    assert "rajee-deploy lock" in refused.stderr
    shop.run("rajee-deploy lock")
    (shop.folder / "a").write_text("changed")
    built(shop)
    assert shop.files(tag_of(shop), "/trigger", "/a") == ["trig", "changed"]


def test_a_trigger_behind_one_that_fails_without_arguments_is_seen(shop, project):
    test = 'ONBUILD RUN ["/bin/busybox", "sh", "-c", "/bin/busybox test -n \\"$VERSION\\""]'
    shop.push_base("1", "first", "ONBUILD ARG VERSION", test, "ONBUILD COPY . /app/")
    project("FROM BASE:1", "COPY a /x/")
    settings = shop.folder / "rajee-deploy.toml"
    text = settings.read_text()
    settings.write_text(f'{text}[images.app.build-args]\nVERSION = "1"\n')
    try:
        refused = shop.run("rajee-deploy up", code=1)
        assert "explain-error base-has-onbuild\n" in refused.stderr
        assert "COPY . /app/" in refused.stderr
        assert "ARG VERSION" in refused.stderr
        shop.run("rajee-deploy lock")
        built(shop)
        assert shop.files(tag_of(shop), "/app/b") == ["b"]
        before = tag_of(shop)
        (shop.folder / "b").write_text("edited")
        after = tag_of(shop)
        assert after != before
        settings.write_text(f'{text}[images.app.build-args]\nVERSION = "2"\n')
        assert tag_of(shop) not in (before, after)
    finally:
        settings.write_text(text)


@pytest.mark.proof
def test_triggers_that_read_no_build_context_are_built(shop, project):
    shop.push_base(
        "1",
        "first",
        "ONBUILD COPY <<E /f",
        "hello",
        "E",
        'ONBUILD RUN ["/bin/busybox", "echo", "--mount"]',
    )
    project("FROM BASE:1", "COPY a /x/")
    built(shop)
    assert shop.files(tag_of(shop), "/f", "/x/a") == ["hello\n", "a"]


def test_a_trigger_that_the_lock_does_not_know_is_refused(shop, project):
    shop.push_base("1", "first", "ONBUILD COPY a /a")
    project("FROM BASE:1", NOOP)
    shop.run("rajee-deploy lock")
    path = shop.folder / "rajee-deploy.lock"
    path.write_text(path.read_text().replace("COPY a /a", "COPY b /a"))
    refused = shop.run("rajee-deploy up", code=1)
    assert "explain-error base-has-onbuild\n" in refused.stderr
    assert "COPY a /a" in refused.stderr


@pytest.mark.proof
def test_the_users_named_context_goes_before_the_lock(shop, project):
    shop.push_base("1", "first")
    other = shop.push_base("2", "other")
    project("FROM BASE:1", NOOP)
    shop.run("rajee-deploy lock")
    settings = shop.folder / "rajee-deploy.toml"
    text = settings.read_text()
    context = f'"{shop.host}/base/one:1" = "docker-image://{shop.host}/base/one:2"'
    settings.write_text(f"{text}[images.app.build-contexts]\n{context}\n")
    try:
        lines = changes(shop.run("rajee-deploy lock").stdout)
        assert row(f"+ add {shop.host}/base/one:2", other) in lines
        assert any(line.startswith(f"- remove {shop.host}/base/one:1 ") for line in lines)
        shop.push_base("2", "moved on")
        built(shop)
        assert shop.files(tag_of(shop), "/which") == ["other"]
    finally:
        settings.write_text(text)


def test_a_locked_frontend_is_the_one_that_runs(shop, project):
    """The image is no frontend: that the engine starts just this one is seen from what it says when that fails."""
    first = shop.push_base("1", "first", 'ENTRYPOINT ["/bin/busybox", "false"]')
    project("# syntax=BASE:1", "FROM scratch", "COPY a /")
    shop.run("rajee-deploy lock")
    second = shop.push_base("1", "second", 'ENTRYPOINT ["/bin/busybox", "false"]')
    ended = shop.run("rajee-deploy up --verbose", code=1)
    assert f"docker-image://{shop.host}/base/one:1@{first}" in ended.stderr
    assert second not in ended.stderr


def test_what_was_not_there_is_not_locked(shop, project):
    project("FROM BASE:none", NOOP)
    ended = shop.run("rajee-deploy lock", code=1)
    assert "explain-error not-in-registry\n" in ended.stderr
    assert not (shop.folder / "rajee-deploy.lock").exists()
    denied = shop.run("rajee-deploy lock", code=1, DOCKER_CONFIG=str(shop.folder))
    assert "explain-error registry-denied\n" in denied.stderr
    assert f"docker login {shop.host}" in denied.stderr
