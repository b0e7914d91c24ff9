"""One tag is one image, whichever engine made it: each construct that buildah alone would read otherwise, and random
Dockerfiles. The long run is proof/test_both_engines.py."""

from __future__ import annotations

import itertools

import pytest
from both_engines import Failed, differences
from conformance.both import both_engines
from sampled import some

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx

pytestmark = pytest.mark.docker

DRAWS = some("random Dockerfiles built by both engines", range(1, 9), 4)
SHELL = "COPY busybox /bin/sh\nCOPY root /\n"
BARE = "COPY busybox /bin/sh\n"  # no /etc, no /run
# What buildah 1.39 made of each by itself is in the remark.
EQUAL = {
    "the place of a copy": "ARG M=/q/\nCOPY a $M\nADD b ${M%/}\nWORKDIR $M$M",  # the layer of another M
    "a heredoc": "ARG A=v\nENV B=x\nCOPY <<F /f\n'$A' \\$A $B\n# kept\n\nF",  # no quotes, no comment, no blank line
    "an empty heredoc": "COPY <<F /f\nF",  # a line break
    "a heredoc with a mode": "COPY --chmod=700 <<F /f\nx\nF",  # not found
    "two backslashes": "ENV A=x\\\\\nENV B=y",  # one line
    "the shortest and the longest end": "ARG A=val\nENV X=${A%%l*} Y=${A%l*}",  # val
    "a default": "ENV X=${U-d} Y=${U+x}",  # an error
    "$$": 'ENV B="$$"',  # $$
    "another escape token": "ARG M=q\nCOPY a /p/\\$M/",  # see ESCAPE
    "an argument behind its stage": "ARG P=b\nFROM s0\nENV Q=$P",  # empty
    "a directory that nothing is put into": "USER 5\nWORKDIR /w/x",  # none
    "the owner of a directory": "WORKDIR /w\nCOPY --chown=5:6 a .",  # 5:6
    "ports": "EXPOSE 90-92 80/TCP 127.0.0.1:1:2",  # 90-92/tcp
    "the shell of a command": 'SHELL ["/x", "-y"]\nCMD a\nENTRYPOINT b',  # /bin/sh -c
    "a dot as a destination": "COPY a /z/.",  # a file z
    "stages by another case": "FROM scratch\nCOPY --from=S0 / /y/",  # not found
    "triggers of a stage": "ARG Q=1\nONBUILD COPY a /on/$Q\nONBUILD ENV Z=$Q\nFROM s0",  # /on/a
    "a run of a heredoc": f"{SHELL}RUN <<F\necho $0 > /f\n\n# kept\ncat <<E > /g\n# \\$x\nE\nF",
    "a directory beside a volume": "VOLUME /v/w\nCOPY --chown=5:6 a /v/x/",  # 0:0
    "a volume of a stage below": "VOLUME /v/w\nFROM s0\nCOPY --chown=5:6 a /v/x/",  # 0:0
    "a volume in place of a file": "VOLUME /v\nCOPY a /v",  # /v/a
    "a volume that nothing lies in": "VOLUME /v/w\nVOLUME /u",  # /v/w
    "a run without /etc": f"{BARE}RUN echo > /f\nRUN echo > /g",  # /etc/hosts, /etc/resolv.conf, /run
    "a run that writes into /etc": f"{BARE}RUN echo > /etc/f\nRUN echo > /g",  # /etc/hosts
    "a run with /etc and no hosts": f"{BARE}COPY root/etc/passwd /etc/\nRUN true",  # /etc/hosts
    "an empty file of hosts": f"{BARE}COPY empty /run/\nCOPY <<F /etc/hosts\nF\nRUN true",
    "files that a run leaves empty": f"{BARE}RUN : > /etc/hostname; mkdir /m; : > /etc/f",
    "a link to nowhere for resolv.conf": f"{BARE}RUN mkdir /etc/x && ln -s ../no/f /etc/resolv.conf; ln -s /etc /k\n"
    "RUN --mount=type=cache,target=/k/c true",  # /no/f
    "what a run mounts": f"{BARE}WORKDIR /w\nRUN --mount=type=cache,target=c/d --mount=type=tmpfs,target=/t/u/v "
    "--mount=source=a,target=/m/a echo > /f\nRUN mkdir -p /m && echo > /g",  # /w/c, /t/u, /m
    "a secret and another RUN": f"{BARE}RUN --mount=type=secret,id=no true\nRUN mkdir -p /run/secrets",  # /run
    "a stage on a run": f"{BARE}RUN echo > /f\nFROM s0\nCOPY --chown=5:6 a /etc/x",  # /etc is 0:0
    "two stages that run": f"{BARE}RUN echo > /f\nFROM s0 AS s1\nARG Q=1\nRUN echo $Q > /g\nCOPY a /b",
    "all of a stage that runs": f"{BARE}RUN echo > /f\nFROM scratch\nCOPY --from=s0 / /y/",  # /y/etc
    "a run that mounts a stage that runs": f"{BARE}RUN echo > /f\nFROM scratch\n{BARE}"
    "RUN --mount=from=s0,target=/m ls -A /m > /f",
    "a heredoc and a run": f"{BARE}COPY <<F /h/f\nx\nF\nRUN echo > /f",
    "a flag of ADD and a run": f"{SHELL}ADD --chown=5:6 a /h/f\nRUN echo > /f",
    "a flag of ADD and a run without /etc": f"{BARE}ARG Q=1\nCMD c\nADD --chown=5:6 a /h/f\nRUN echo $Q > /f\n"
    "COPY --chown=5:6 a /etc/f\nRUN echo $Q > /g\nENTRYPOINT e",
    "what is put where a run left something": f"{BARE}ARG Q=1\nCMD c\nONBUILD ENV O=1\nRUN echo > /f\n"
    "COPY --chown=5:6 a /etc/\nRUN echo $Q > /g\nENTRYPOINT e",  # /etc is 0:0
    "archives": "ADD t.tar /1/\nADD t.tgz /2/\nADD t.tbz /3\nADD t.txz /4/\nADD t.tzst no.gz /5/",
}
ESCAPE = "# escape=`\nFROM scratch AS s0\nARG M=q\nCOPY a /p/`$M/\nCOPY a /p\\$M/\nENV A=x` y\n"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with both_engines(tmp_path_factory.mktemp("both")) as made:
        yield made


@pytest.mark.parametrize("name", some("constructs built by both engines", EQUAL, 10))
def test_a_construct(both, name):
    text = ESCAPE if "escape" in name else f"FROM scratch AS s0\nCOPY d/x /x\n{EQUAL[name]}\n"
    one, other = (both.build(engine, text) for engine in (Buildx(), Buildah()))
    assert not isinstance(one, Failed), one
    assert not isinstance(other, Failed), other
    assert not differences(one, other)


REFUSED = {
    "a working directory that a run takes away": f"{SHELL}WORKDIR /p/q\nRUN cd / && rm -r /p\nCOPY a /z",  # it is back
    "a file where buildah puts its own": f"{SHELL}COPY a /run/.containerenv\nRUN true",  # gone
    "a copy to a link to nowhere": f"{SHELL}RUN ln -s /no/f /l\nCOPY a /l",  # /no/f/a
    "a copy to a link to nowhere of a stage": f"{SHELL}RUN ln -s /no/f /l\nFROM s0\nCOPY a /l",
}


@pytest.mark.parametrize("name", some("what buildah alone does", REFUSED, 2))
def test_what_buildah_alone_does_is_refused(both, name):
    made = both.build(Buildah(), f"FROM scratch AS s0\nCOPY d/x /x\n{REFUSED[name]}\n")
    assert isinstance(made, Failed)
    assert made.code == "engine-cannot"


# A base's volume is made by buildah at once: what is in it, and whether that makes a difference.
BASES = {
    "nothing": ("VOLUME /v/w", False),
    "a directory": ("COPY d /v/w/\nVOLUME /v/w", True),
    "a directory behind a link": ("COPY d /d/e/\nCOPY dlink /k\nVOLUME /k/e", True),
    "a file": ("COPY a /v/w\nVOLUME /v/w", False),
    "the root": ("VOLUME /", True),
}


STEPS = ("COPY --chown=5:6 a /v/x/", "ENV A=1", "RUN echo > /f")


@pytest.mark.parametrize(
    ("step", "name"), some("volumes of bases, built by both engines", itertools.product(STEPS, BASES), 9)
)
def test_a_volume_of_a_base(both, name, step):
    lines, is_there = BASES[name]
    base = both.base_of(f"FROM scratch\n{SHELL}{lines}\n")
    one, other = (both.build(engine, f"FROM {base}\n{step}\n") for engine in (Buildx(), Buildah()))
    assert not isinstance(one, Failed), one
    if is_there:
        assert not isinstance(other, Failed), other
        assert not differences(one, other)
    else:
        assert isinstance(other, Failed)
        assert (other.code, other.where.rpartition(":")[2]) == ("engine-cannot", "1")


def test_a_volume_of_a_base_that_a_run_takes_away(both):
    """buildah makes it anew for whatever stands on the RUN."""
    base = both.base_of(f"FROM scratch\n{SHELL}COPY d /v/\nVOLUME /v\n")
    made = both.build(Buildah(), f"FROM {base}\nRUN --mount=type=cache,target=/t/u mv /v /w\nCOPY a /b/\n")
    assert isinstance(made, Failed)
    assert (made.code, "VOLUME /v away" in made.cause) == ("engine-cannot", True)


@pytest.mark.parametrize("args", some("arguments built by both engines", [{}, {"M": "/r/"}, {"M": "/s/"}], 3))
def test_every_value_of_an_argument_has_its_own_layers(both, args):
    text = "FROM scratch\nARG M=/q/\nCOPY a $M\nADD b ${M}x\nWORKDIR $M\n"
    one, other = (both.build(engine, text, args) for engine in (Buildx(), Buildah()))
    assert not differences(one, other)


def test_random_dockerfiles(both, note):
    counts, told = both.outcomes(DRAWS, threads=2)
    note(f"{len(DRAWS)} random Dockerfiles with both engines: {dict(counts)}")
    assert not told, "\n\n".join(told)
    assert counts["equal"]
