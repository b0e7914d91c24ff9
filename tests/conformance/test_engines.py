"""One tag is one image, whichever engine made it: each construct that buildah alone would read otherwise, and random
Dockerfiles. The long run is proof/test_both_engines.py."""

from __future__ import annotations

import pytest
from both_engines import Failed, differences
from conformance.both import both_engines

from rajee_deploy.engine.buildah import Buildah
from rajee_deploy.engine.buildx import Buildx

pytestmark = pytest.mark.docker

DRAWS = range(1, 9)
SHELL = "COPY busybox /bin/sh\nCOPY root /\n"
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
    "archives": "ADD t.tar /1/\nADD t.tgz /2/\nADD t.tbz /3\nADD t.txz /4/\nADD t.tzst no.gz /5/",
}
ESCAPE = "# escape=`\nFROM scratch AS s0\nARG M=q\nCOPY a /p/`$M/\nCOPY a /p\\$M/\nENV A=x` y\n"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with both_engines(tmp_path_factory.mktemp("both")) as made:
        yield made


@pytest.mark.parametrize("name", EQUAL)
def test_a_construct(both, name):
    text = ESCAPE if "escape" in name else f"FROM scratch AS s0\nCOPY d/x /x\n{EQUAL[name]}\n"
    one, other = (both.build(engine, text) for engine in (Buildx(), Buildah()))
    assert not isinstance(one, Failed), one
    assert not isinstance(other, Failed), other
    assert not differences(one, other)


@pytest.mark.parametrize("args", [{}, {"M": "/r/"}, {"M": "/s/"}])
def test_every_value_of_an_argument_has_its_own_layers(both, args):
    text = "FROM scratch\nARG M=/q/\nCOPY a $M\nADD b ${M}x\nWORKDIR $M\n"
    one, other = (both.build(engine, text, args) for engine in (Buildx(), Buildah()))
    assert not differences(one, other)


def test_random_dockerfiles(both, note):
    counts, told = both.outcomes(DRAWS, threads=2)
    note(f"{len(DRAWS)} random Dockerfiles with both engines: {dict(counts)}")
    assert not told, "\n\n".join(told)
    assert counts["equal"]
