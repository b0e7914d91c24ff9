"""Random builds for the comparison of contents, each the same for the same seed.

A draft is built up by draws. Each kind of draw is one function that adds to it; KINDS says how often each comes. To
draw something new, write a function and name it there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.base_images import BaseImage

FILES = (
    "a",
    "b",
    "x.py",
    "config/default/app.json",
    "config/production/app.json",
    "config/production/ca.pem",
    "opt/k.md",
    "app/s",
    "app/[slug]/page",
    "app/[slug].ts",
    "src/lib/one",
    "src/lib/two",
    "default.md",
    "production.md",
    "app-amd64",
    "app-arm64",
    "app-arm",
    "app-386",
    "bin/linux/amd64/t",
    "bin/linux/arm64/t",
    "bin/linux/arm/v7/t",
    "v7/t",
    "v/t",
    "linux.md",
)
NAMES = ("MODE", "NAME", "DIR", "VERSION")
VALUES = ("production", "production", "default", "default", "a", "b", "config/default", "*", "", "..", "opt", "1")
LITERALS = ("a", "b", "config/production/ca.pem", "config/default", "config", "opt", "src/lib/one", "app", ".", "x.py")
VARIABLES = (
    "config/${{{0}:-default}}",
    "config/${{{0}:-production}}",
    "config/${0}",
    "${{{0}:-config}}",
    "./${{{0}:-opt}}",
    "${{{0}:-a}}",
    "${0}*",
    "config/${{{0}-default}}/app.json",
    "src/${0}/one",
    "${{{0}:+config}}/default",
    "./${0}/a",
    "config/pro${0}*",
    "${{{0}:-production}}.md",
)
PATTERNS = ("*", "*.md", "config/*", "config/*/app.json", "src/*/one", "c*", "[ab]", "opt/*.md", "app/*", "a*")
NOTHING = (
    "opt/*.cfg",
    "*.cfg",
    "nope/*",
    "nope/x/*",
    "src/lib/t?x",
    "opt/k.md/*",
    "config/*/nope",
    "a/*.x",
    "no*/k.md",
)
BRACKETS = (
    "app/[slug]",
    "app/[slug].ts",
    "app/[[]slug]",
    "app/[[]slug].ts",
    "app/[xyz]",
    "app/[slug]/page",
    "app/[^q]",
)
# Of the image, and of the machine that builds: BuildKit sets these itself.
PLATFORMS = ("linux/amd64",) * 5 + ("linux/arm64", "linux/arm64/v8", "linux/arm/v7", "linux/armhf", "linux/i386")
AUTOMATIC = tuple(f"{side}{what}" for side in ("BUILD", "TARGET") for what in ("PLATFORM", "OS", "ARCH", "VARIANT"))
OF_A_PLATFORM = (
    "app-${0}*",
    "app-${0}",
    "bin/${0}",
    "bin/${{{0}:-linux}}",
    "${0}/t",
    "./${0}*",
    "v${{{0}#v}}/t",
    "${0}.md",
    "bin/${0}/${{1}}",
    "app-${{{0}/amd64/386}}",
    "${{{0}:+a}}",
)
REMOTES = (
    "{0}/tool {1}",
    "{0}/tool {1}",
    "{0}/tool a {1}",
    "{0}/one {0}/two {1}",
    "{0}/${{VERSION:-t}} {1}",
    "{0}/$MODE {1}",
    "--chmod=755 {0}/tool {1}tool",
)
# Where the tool may be told to keep its own.
PLACES = (".", ".state", ".state", "config/.state", "opt", "src/lib", "new/er", "app")
IGNORED = ("config/production", "*.md", "opt", "app", "**/one", "!src/lib/one", "*", "!a", "config/*/ca.pem")


@dataclass
class Draft:
    """A build while it is drawn. `files` by path; `lines` is the Dockerfile, `args` the build arguments, `ignore` the
    ignore file (None: there is none), `named` the files of a named context `dir`. `place` begins all destinations: it
    is new in each run, so no step is known to the engine. `bases` are what FROM may name, `platform` is what the image
    is for; of another than the engine's, nothing can be run, and no base is there. `served` is where ADD may fetch from
    ("": nowhere), `is_locked` whether a lock is there from the start, `ours` where the tool keeps its own."""

    seed: int
    place: str
    bases: Sequence[BaseImage]
    files: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    args: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    ignore: list[str] | None = None
    has_shell: bool = False
    stages: int = 0
    copies: int = 0
    platform: str = "linux/amd64"
    served: str = ""
    is_locked: bool = False
    ours: list[str] = field(default_factory=list)

    @property
    def is_foreign(self) -> bool:
        return self.platform != "linux/amd64"

    @property
    def dockerfile(self) -> str:
        return "\n".join([*self.lines, ""])

    def next(self) -> str:
        """A destination of its own for a copy."""
        self.copies += 1
        return f"{self.place}/{self.copies}/"


def draw_copy(rng: random.Random, draft: Draft) -> None:
    sources = rng.choices(LITERALS, k=rng.choice([1, 1, 2]))
    draft.lines.append(f"{rng.choice(['COPY', 'COPY', 'ADD'])} {' '.join(sources)} {draft.next()}")


def draw_copy_of_variable(rng: random.Random, draft: Draft) -> None:
    source = rng.choice(VARIABLES).format(rng.choice(NAMES))
    also = rng.choice(["", "", " a", " config/production/ca.pem"])
    draft.lines.append(f"{rng.choice(['COPY', 'COPY', 'ADD'])} {source}{also} {draft.next()}")


def draw_copy_of_pattern(rng: random.Random, draft: Draft) -> None:
    draft.lines.append(f"COPY {rng.choice(PATTERNS)} {draft.next()}")


def draw_copy_of_nothing(rng: random.Random, draft: Draft) -> None:
    also = rng.choice(["", "", " a", " opt"])
    draft.lines.append(f"{rng.choice(['COPY', 'ADD'])} {rng.choice(NOTHING)}{also} {draft.next()}")


def draw_brackets(rng: random.Random, draft: Draft) -> None:
    draft.lines.append(f"COPY {rng.choice(BRACKETS)} {draft.next()}")


def draw_valueless_arg(rng: random.Random, draft: Draft) -> None:
    draft.lines.append(f"ARG {rng.choice(NAMES)}")


def draw_arg(rng: random.Random, draft: Draft) -> None:
    draft.lines.append(f"ARG {rng.choice(NAMES)}={rng.choice(VALUES)}")


def draw_args_of_one_line(rng: random.Random, draft: Draft) -> None:
    one, two = rng.sample(NAMES, 2)
    draft.lines.append(f"ARG {one}={rng.choice(VALUES)} {two}={rng.choice(['$', 'x$'])}{one}")


def draw_stage_name(rng: random.Random, draft: Draft) -> None:
    source = rng.choice(["$TARGETSTAGE*", "${TARGETSTAGE:-a}", "$TARGETSTAGE.md"])
    draft.lines += ["ARG TARGETSTAGE", f"COPY {source} {draft.next()}"]


def draw_platform_argument(rng: random.Random, draft: Draft) -> None:
    """What BuildKit sets, declared or given a default or not, in a source or in what a source is made of."""
    name, other = rng.sample(AUTOMATIC, 2)
    source = rng.choice(OF_A_PLATFORM).replace("${1}", f"${other}").format(name).replace("{1}", other)
    declared = rng.choice([f"ARG {name} {other}", f"ARG {name}", f"ARG {name}=amd64", f"ARG {other}", "ARG"])
    draft.lines += [declared] if declared != "ARG" else []
    if rng.random() < 0.2:
        draft.lines += [f"ENV NAME={source}"]
        source = "$NAME"
    draft.lines.append(f"{rng.choice(['COPY', 'COPY', 'ADD'])} {source}{rng.choice(['', ' a'])} {draft.next()}")


def draw_platform_in_the_image(rng: random.Random, draft: Draft) -> None:
    """Of the image alone: what the machine puts there is no input, and is named."""
    name = rng.choice(AUTOMATIC[4:])
    draft.lines += [
        f"ARG {name}",
        f"COPY <<E {draft.next()}",
        f"${name}",
        "E",
        f"COPY a /{draft.place.strip('/')}-${name}/",
    ]


def draw_chosen_stage(rng: random.Random, draft: Draft) -> None:
    """A stage for each machine or platform, of which one is chosen."""
    side = rng.choice(["BUILD", "TARGET"])
    at = draft.stages
    for arch in ("386", "amd64", "arm", "arm64"):
        draft.lines += [f"FROM scratch AS for{at}-{arch}", f"COPY app-{arch}* {draft.next()}"]
    draft.lines.append(f"FROM for{at}-${side}ARCH AS s{at}")
    draft.has_shell = False
    draft.stages += 1


def draw_env(rng: random.Random, draft: Draft) -> None:
    value = rng.choice([*VALUES, f"${rng.choice(NAMES)}", f"${{{rng.choice(NAMES)}:-default}}"])
    draft.lines.append(f"ENV {rng.choice(NAMES)}={value or chr(39) * 2}")


def draw_mount(rng: random.Random, draft: Draft) -> None:
    if not draft.has_shell:
        return
    source = rng.choice([*LITERALS, *(text.format(rng.choice(NAMES)) for text in VARIABLES if "*" not in text)])
    field = "" if source == "." else f",source={source}"
    if rng.random() < 0.2:
        field = f",type=${{{rng.choice(NAMES)}:-tmpfs}}"
    draft.copies += 1
    draft.lines.append(f"RUN --mount=target=/m{field} cp -r /m /out{draft.copies}-{draft.place.strip('/')}")


def draw_run(rng: random.Random, draft: Draft) -> None:
    if draft.has_shell:
        draft.copies += 1
        name = rng.choice(NAMES)
        draft.lines.append(f"RUN echo ${name} > /said{draft.copies}-{draft.place.strip('/')}")


def draw_part_and_whole(rng: random.Random, draft: Draft) -> None:
    """A part of a directory by its name, and a directory by a variable: what is staged of one is not all of it."""
    name = rng.choice(NAMES[:2])
    part = rng.choice(["config/production/ca.pem", "config/default/app.json", "a", "src/lib/one"])
    whole = rng.choice(["config/${{{0}:-default}}", "${{{0}:-src/lib}}", "config/${{{0}:-production}}"]).format(name)
    draft.lines += [f"ARG {name}", f"COPY {part} {draft.next()}", f"COPY {whole} {draft.next()}"]


def draw_named_context(rng: random.Random, draft: Draft) -> None:
    draft.named = {"one": "named one", "config/two": "named two"}
    source = rng.choice([".", "one", "config", "*", "$NAME", "${MODE:-one}"])
    draft.lines.append(f"COPY --from=dir {source} {draft.next()}")


def draw_stage(rng: random.Random, draft: Draft) -> None:
    """Another stage: on an image, on nothing, or on an earlier one."""
    choices = ["scratch", *(base.name for base in draft.bases), *(f"s{at}" for at in range(draft.stages))]
    below = rng.choice(choices)
    native = ""
    if below in choices[1 : 1 + len(draft.bases)] and (draft.is_foreign or rng.random() < 0.2):
        native = f"--platform={rng.choice(['$BUILDPLATFORM', '$BUILDPLATFORM', 'linux', 'linux/$BUILDARCH'])} "
    inherits = below.startswith("s") and below[1:].isdigit()
    draft.has_shell = below != "scratch" and (draft.has_shell or not inherits)
    draft.lines.append(f"FROM {native}{below} AS s{draft.stages}")
    draft.stages += 1
    if draft.has_shell and not inherits:
        draft.lines.append('SHELL ["/bin/sh", "-c"]')


def draw_copy_of_stage(rng: random.Random, draft: Draft) -> None:
    if draft.stages > 1:
        draft.lines.append(f"COPY --from=s{rng.randrange(draft.stages - 1)} / /from{draft.next()}")


def draw_ignore(rng: random.Random, draft: Draft) -> None:
    draft.ignore = [*(draft.ignore or ()), rng.choice(IGNORED)]


def draw_build_arg(rng: random.Random, draft: Draft) -> None:
    if rng.random() < 0.1:
        draft.args[rng.choice([name for name in AUTOMATIC if "PLATFORM" not in name])] = rng.choice(
            ["amd64", "arm", ""]
        )
    else:
        draft.args[rng.choice(NAMES)] = rng.choice(VALUES)


def draw_remote(rng: random.Random, draft: Draft) -> None:
    """What ADD fetches; without a server, nothing."""
    sources = rng.choice(REMOTES)
    draft.is_locked = rng.random() < 0.5
    if draft.served:
        draft.lines.append(f"ADD {sources.format(draft.served, draft.next())}")


def draw_ours(rng: random.Random, draft: Draft) -> None:
    """A place of the tool's own, and at times a file of the user's in it."""
    place = rng.choice(PLACES)
    draft.ours.append(place)
    if rng.random() < 0.3:
        draft.files[f"{place}/keep".removeprefix("./")] = "keep\n"


KINDS: dict[Callable[[random.Random, Draft], None], int] = {
    draw_copy: 6,
    draw_copy_of_variable: 9,
    draw_copy_of_pattern: 3,
    draw_copy_of_nothing: 1,
    draw_brackets: 1,
    draw_part_and_whole: 4,
    draw_valueless_arg: 4,
    draw_arg: 2,
    draw_args_of_one_line: 2,
    draw_stage_name: 1,
    draw_platform_argument: 4,
    draw_platform_in_the_image: 1,
    draw_chosen_stage: 1,
    draw_env: 2,
    draw_mount: 2,
    draw_run: 2,
    draw_named_context: 1,
    draw_stage: 3,
    draw_copy_of_stage: 1,
    draw_ignore: 1,
    draw_build_arg: 4,
    draw_remote: 2,
    draw_ours: 2,
}


def make_draft(seed: int, place: str, bases: Sequence[BaseImage], served: str = "") -> Draft:
    """A draft out of a seed: a stage on an image first, most often, then whatever is drawn."""
    rng = random.Random(seed)  # noqa: S311 -- a build, no secret
    draft = Draft(seed, place, bases, {name: f"{name}\n" for name in FILES if rng.random() < 0.97})
    draft.platform = rng.choice(PLATFORMS)
    draft.served = served
    if rng.random() < 0.2:
        draft.lines.append(f"ARG {rng.choice(NAMES)}={rng.choice(VALUES)}")
    draw_stage(rng, draft)
    for kind in rng.choices(list(KINDS), list(KINDS.values()), k=rng.randint(2, 9)):
        kind(rng, draft)
    return draft
