"""The shapes of instructions: what is refused in every stage, reachable or not."""

import pytest

from rajee_deploy.errors import DeployError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FROM", "one argument"),
        ("FROM a b", "three"),
        ("FROM a AS 1", "stage name"),
        ("FROM a AS b c", "three"),
        ("FROM --platform a", "value"),
        ("COPY a", "two arguments"),
        ("COPY --form=a b c", "did you mean --from"),
        ("COPY --from=a --from=b c d", "only once"),
        ("COPY --link=maybe a b", "true or false"),
        ("COPY --link= a b", "true or false"),
        ("COPY --from a b", "value"),
        ("COPY a <<E\nE", "destination"),
        ("ADD --from=a b c", "no flag"),
        ("RUN --network=moon x", "network"),
        ("RUN --security=none x", "security"),
        ('RUN --mount=a"b x', None),
        ("RUN --mount='a\"b' x", "quote"),
        ("ENV", "at least one"),
        ("ENV =a", "blank"),
        ("ENV --x a=b", "no flag"),
        ("ARG", "at least one"),
        ("ARG =a", "blank"),
        ("WORKDIR", "exactly one"),
        ("USER", "exactly one"),
        ("EXPOSE", "at least one"),
        ("VOLUME", "at least one"),
        ('VOLUME [" "]', "empty"),
        ("SHELL sh -c", "JSON"),
        ("SHELL []", "at least one"),
        ("STOPSIGNAL", "exactly one"),
        ("MAINTAINER", "exactly one"),
        ("HEALTHCHECK", "at least one"),
        ("HEALTHCHECK NONE x", "no arguments"),
        ("HEALTHCHECK CMD", "no command"),
        ("HEALTHCHECK x y", "unknown type"),
        ("HEALTHCHECK --interval=soon CMD x", "duration"),
        ("HEALTHCHECK --interval=1us CMD x", "less than 1ms"),
        ("HEALTHCHECK --timeout=-1s CMD x", "less than 1ms"),
        ("HEALTHCHECK --retries=-1 CMD x", "retries"),
        ("ONBUILD", "at least one"),
        ("ONBUILD ONBUILD RUN x", "ONBUILD"),
        ("ONBUILD FROM x", "FROM"),
    ],
)
def test_refused(line, words, recipe):
    text = f"FROM scratch AS a\n{line}\nFROM scratch\n"
    if words is None:
        recipe(text)
        return
    with pytest.raises(DeployError, match=words) as caught:
        recipe(text)
    assert (caught.value.code, caught.value.where) == ("dockerfile-syntax", "Dockerfile:2")


@pytest.mark.parametrize(
    "line",
    [
        "FROM a as B-1_x.y",
        "HEALTHCHECK --anything NONE",
        'HEALTHCHECK --interval=1m30s --retries=3 CMD ["x"]',
        "ARG --flag x",
        "CMD",
        "RUN",
        "ENTRYPOINT []",
        'CMD ["a"]',
        'VOLUME ["/a", "/b"]',
        "ONBUILD FOO",
        "HEALTHCHECK --interval=0 --timeout=-0s --start-period=1500us CMD x",
        "EXPOSE 80/",
        "EXPOSE 80 81/udp 8000-8010 127.0.0.1:80:80",
        "STOPSIGNAL SIGRTMIN+3",
        "STOPSIGNAL 9",
        "USER a b",
        "MAINTAINER a b",
        'SHELL ["a"]',
        "LABEL a b c",
        "RUN --device=x --network=none --security=insecure x",
        "COPY --chmod=u+x,go=rX --chown=a:b --link a b",
        "ADD --unpack=false --keep-git-dir a b",
        "RUN --mount=type=cache,id=a,sharing=locked,mode=0755,uid=1,gid=2,target=/x y",
        "RUN --mount=type=tmpfs,size=1g,target=/x --mount=type=secret,id=a,env=B,required y",
    ],
)
def test_accepted(line, recipe):
    assert recipe(f"FROM scratch\n{line}\n").instructions


@pytest.mark.parametrize(("name", "hint"), [("FRM", "FROM"), ("copi", "COPY"), ("qwertyuiop", "escape token")])
def test_unknown_instructions(name, hint, recipe):
    with pytest.raises(DeployError, match=f"unknown instruction: {name}") as caught:
        recipe(f"FROM scratch\n\n{name} x\n")
    assert (caught.value.code, caught.value.where) == ("unknown-instruction", "Dockerfile:3")
    assert hint in caught.value.hint
