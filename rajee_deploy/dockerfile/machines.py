"""What depends on the machine that builds: BuildKit's BUILD… arguments, which a plan does not know. Pure.

A plan asks no engine, and machines differ: a laptop of arm64 and a CI machine of amd64 must not make two contents of
one tag. So no value of these arguments is an input:

- What a stage on `--platform=$BUILDPLATFORM` does with them is taken to come to the same on every machine: cross
  compilers and tools, of which there is one for each machine, make the same. That needs no word.
- A source that they decide is read as everything that it may be, and so is what they may choose by `FROM`: a change of
  whatever any machine reads makes another tag.
- What they put into a stage of the target platform is named (`machine-decides`). A value that is given as a build
  argument is the same on all machines: BuildKit takes it instead of its own, and it counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rajee_deploy.dockerfile.instructions import Arg, Run
from rajee_deploy.model import MACHINES, Notice, Platform

if TYPE_CHECKING:
    from collections.abc import Collection

    from rajee_deploy.dockerfile.instructions import Instruction
    from rajee_deploy.dockerfile.scope import Environment
    from rajee_deploy.model import BuildOptions


def all_machines(options: BuildOptions) -> tuple[Platform, ...]:
    """The platforms that may build, that of the image among them."""
    return tuple(dict.fromkeys((options.build_platform or options.platform, *map(Platform.parse, MACHINES))))


def deciding(instruction: Instruction, environment: Environment) -> set[str]:
    """The variables of the machine's that decide what an instruction does. A RUN is asked for those it names: that it
    has all of them in its environment is no sign that it looks at them."""
    if isinstance(instruction, Arg):
        return set()
    if not isinstance(instruction, Run):
        return environment.asked
    texts = (*instruction.command, *(one.content for one in instruction.heredocs))
    named = {name for text in texts for name in re.findall(r"\$\{?(\w+)", text)}
    return environment.asked | {name for name in named if environment.marks_of(name).is_by_engine}


def notice(names: Collection[str], line: int) -> Notice:
    """What is said of a stage of the target platform into which they put something."""
    shown = ", ".join(f"${name}" for name in sorted(names))
    message = (
        f"the machine that builds decides {shown}, and so what is in the image: machines of two architectures make two "
        "contents of one tag; take the TARGET… argument instead, or give the value as a build argument"
    )
    return Notice("machine-decides", message, line)
