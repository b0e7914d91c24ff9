"""Which paths of which build context a Dockerfile reads."""

import pytest

from rajee_deploy.errors import DeployError
from rajee_deploy.model import Location, ReadBy, Selector, StageId


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("COPY a b/ ./c ../d e/. /f //g /", ["/a", "/b", "/c", "/d", "/e", "/f", "/g"]),
        ("COPY . /", ["/"]),
        ('COPY ["a b", "/"]', ["/a b"]),
        ('COPY "d/x" y', ["/d/x"]),
        ("COPY a\\ b c /", ["/a", "/b", "/c"]),
        ("COPY a a /", ["/a", "/a"]),
        ("COPY <<E b /\nx\nE", ["/b"]),
        ("COPY <<E /x\n$(rm)\nE", []),
        ('COPY ["<<E", "b", "/"]', ["/b"]),
        ("COPY --from=scratch / /", []),
        ("ADD https://x.org/a git@h.org:r.git git://h/r ssh://h/r https://h/r.git#v1:d http://h/r.git /", []),
        (
            "ADD github.com/a ftp://h/x ./git@h:r HTTPS://h/x a:b /",
            ["/github.com/a", "/ftp:/h/x", "/git@h:r", "/HTTPS:/h/x", "/a:b"],
        ),
        ("ADD --checksum=sha256:" + "0" * 64 + " https://x.org/a /", []),
        ("ARG U=https://x.org/a\nADD --checksum=sha256:" + "0" * 64 + " $U /", []),
        ("RUN --mount=target=/x ls", ["/"]),
        ("RUN --mount=type=bind,source=a,target=/x --mount=src=b/../c,dst=/y ls", ["/a", "/c"]),
        ("RUN --mount=type=cache,target=/x --mount=type=tmpfs,target=/y ls", []),
        ("RUN --mount=type=secret,id=a --mount=type=ssh ls", []),
        ('RUN --mount="type=bind,source=a b,target=/x,rw" ls', ["/a b"]),
        ("RUN --mount='\"source=a,b\",target=/x' ls", ["/a,b"]),
        ("RUN --mount=TYPE=BIND,SOURCE=a*,TARGET=/x ls", ["/a*"]),
        ("RUN --mount=from=scratch,target=/x ls", []),
    ],
)
def test_paths(text, paths, selected):
    assert selected(f"FROM scratch\n{text}\n") == paths


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("COPY *.txt /", Selector("/*.txt", wildcard=True)),
        ("COPY arr[[]0].txt /", Selector("/arr[[]0].txt", wildcard=True)),
        ("COPY a\\\\*b /", Selector("/a\\*b")),
        ("RUN --mount=source=*.txt,target=/x ls", Selector("/*.txt")),
        ("COPY --exclude=*.md --exclude=!a.md d /", Selector("/d", exclude=("*.md", "!a.md"))),
        ("ADD --exclude=$E d /", Selector("/d", exclude=("$E",))),
        ("COPY --parents a/b /", Selector("/", include=("a/b",), required=("/a/b",))),
        ("COPY --parents ./a/./b/c /", Selector("/a", include=("b/c",), required=("/a/b/c",))),
        ("COPY --parents a/./ /", Selector("/a", include=("",), required=("/a",))),
        ("COPY --parents . /", Selector("/", include=("",), required=("/",))),
        ("COPY --parents a*/./b /", Selector("/a*", wildcard=True, include=("b",))),
        ("COPY --parents a/./**/b /", Selector("/a", include=("**/b",))),
        ("COPY --parents=false a /", Selector("/a")),
    ],
)
def test_selectors(text, selector, recipe):
    assert [read.selector for read in recipe(f"FROM scratch\n{text}\n").reads] == [selector]


def test_a_read_says_who_where_and_what(recipe):
    text = "FROM scratch AS One\n\nADD \\\n  a \\\n  /\nRUN --mount=source=$B,target=/x ls\n"
    add, run = recipe(text, target="ONE").reads
    assert (add.instruction, add.location, add.stage, add.source) == (
        ReadBy.ADD,
        Location("Dockerfile", 3, 5),
        StageId(0, "one"),
        "a",
    )
    assert (run.instruction, run.source, run.selector) == (ReadBy.RUN, "$B", Selector("/"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("COPY https://x.org/a /", "URL"),
        ("COPY git@h.org:r.git /", "git"),
        ("COPY --from=scratch https://x.org/a /", "URL"),
        ("ADD --checksum=sha256:00 https://x.org/a /", "digest"),
        ("ADD --checksum=x a b /", "one source"),
        ("ADD --checksum=x a /", "HTTP"),
        ("COPY --chmod=99 a /", "mode"),
        ("COPY --chmod=77777 a /", "mode"),
        ("COPY ${A^} /", "modifier"),
        ("COPY <<E /\n${A^}\nE", "modifier"),
        ("EXPOSE x", "port"),
        ("STOPSIGNAL x", "signal"),
        ("VOLUME $NOTHING", "VOLUME"),
        ("RUN --mount=type=blind,target=/x ls", "did you mean bind"),
        ("RUN --mount=typo=bind,target=/x ls", "did you mean type"),
        ("RUN []", "needs a command"),
        ("RUN --mount=target=/ ls", "target"),
        ("RUN --mount=source=a ls", "target"),
        ("RUN --mount=type=cache,dst=. ls", "target"),
        ("RUN --mount=type=secret ls", "secret"),
        ("RUN --mount=required,type=secret,id=a ls", "required"),
        ("RUN --mount=nonsense ls", "key=value"),
        ("RUN --mount=target=/x,uid=1 ls", "uid"),
        ("RUN --mount=target=/x,sharing=locked ls", "sharing"),
        ("RUN --mount=target=/x,ro=maybe ls", "readonly"),
    ],
)
def test_what_a_reachable_stage_may_not_do(text, words, recipe):
    with pytest.raises(DeployError, match=words) as caught:
        recipe(f"FROM scratch\n\n{text}\n")
    assert caught.value.code == "dockerfile-syntax"
    assert caught.value.where == "Dockerfile:3"
    assert recipe(f"FROM scratch AS a\n\n{text}\nFROM scratch\n").reads == ()


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\nWORKDIR /w\nRUN --mount=source=a ls",
        "FROM scratch\nWORKDIR w\nRUN --mount=type=cache ls",
        "FROM image\nRUN --mount=source=a ls",
        "FROM image\nWORKDIR ..\nRUN --mount=source=a ls",
        "FROM scratch AS s\nWORKDIR /w\nFROM s\nRUN --mount=source=a ls",
    ],
)
def test_a_mount_without_a_target_lies_in_the_working_directory(text, selected):
    assert selected(text) in (["/a"], [])


@pytest.mark.parametrize(
    "text",
    [
        "FROM image\nWORKDIR /w\nWORKDIR ..\nRUN --mount=source=a ls\n",
        "FROM image\nRUN --mount=type=cache,target=/.. ls\n",  # whatever the working directory of the image is
        "FROM image\nWORKDIR $UNKNOWN\nRUN --mount=type=cache,target=/.. ls\n",
    ],
)
def test_the_root_is_no_target_wherever_workdir_leads_there(text, recipe):
    with pytest.raises(DeployError, match="root of the image"):
        recipe(text)
