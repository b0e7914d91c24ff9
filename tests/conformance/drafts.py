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
    from pathlib import Path

    from conformance.base_images import BaseImage

FILES = (
    "a", "b", "x.py", "config/default/app.json", "config/production/app.json", "config/production/ca.pem",
    "opt/k.md", "app/s", "app/[slug]/page", "app/[slug].ts", "src/lib/one", "src/lib/two", "default.md",
    "production.md",
)  # fmt: skip
NAMES = ("MODE", "NAME", "DIR", "VERSION")
VALUES = ("production", "production", "default", "default", "a", "b", "config/default", "*", "", "..", "opt", "1")
LITERALS = ("a", "b", "config/production/ca.pem", "config/default", "config", "opt", "src/lib/one", "app", ".", "x.py")
VARIABLES = (
    "config/${{{0}:-default}}", "config/${{{0}:-production}}", "config/${0}", "${{{0}:-config}}", "./${{{0}:-opt}}",
    "${{{0}:-a}}", "${0}*", "config/${{{0}-default}}/app.json", "src/${0}/one", "${{{0}:+config}}/default",
    "./${0}/a", "config/pro${0}*", "${{{0}:-production}}.md",
)  # fmt: skip
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
IGNORED = ("config/production", "*.md", "opt", "app", "**/one", "!src/lib/one", "*", "!a", "config/*/ca.pem")


@dataclass
class Draft:
    """A build while it is drawn. `files` by path; `lines` is the Dockerfile, `args` the build arguments, `ignore` the
    ignore file (None: there is none), `named` the files of a named context `dir`. `place` begins all destinations: it
    is new in each run, so no step is known to the engine. `bases` are what FROM may name."""

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


def draw_named_context(rng: random.Random, draft: Draft) -> None:
    draft.named = {"one": "named one", "config/two": "named two"}
    source = rng.choice([".", "one", "config", "*", "$NAME", "${MODE:-one}"])
    draft.lines.append(f"COPY --from=dir {source} {draft.next()}")


def draw_stage(rng: random.Random, draft: Draft) -> None:
    """Another stage: on an image, on nothing, or on an earlier one."""
    choices = ["scratch", *(base.name for base in draft.bases), *(f"s{at}" for at in range(draft.stages))]
    below = rng.choice(choices)
    inherits = below.startswith("s") and below[1:].isdigit()
    draft.has_shell = below != "scratch" and (draft.has_shell or not inherits)
    draft.lines.append(f"FROM {below} AS s{draft.stages}")
    draft.stages += 1
    if draft.has_shell and not inherits:
        draft.lines.append('SHELL ["/bin/sh", "-c"]')


def draw_copy_of_stage(rng: random.Random, draft: Draft) -> None:
    if draft.stages > 1:
        draft.lines.append(f"COPY --from=s{rng.randrange(draft.stages - 1)} / /from{draft.next()}")


def draw_ignore(rng: random.Random, draft: Draft) -> None:
    draft.ignore = [*(draft.ignore or ()), rng.choice(IGNORED)]


def draw_build_arg(rng: random.Random, draft: Draft) -> None:
    draft.args[rng.choice(NAMES)] = rng.choice(VALUES)


KINDS: dict[Callable[[random.Random, Draft], None], int] = {
    draw_copy: 6,
    draw_copy_of_variable: 9,
    draw_copy_of_pattern: 3,
    draw_copy_of_nothing: 1,
    draw_brackets: 1,
    draw_valueless_arg: 5,
    draw_arg: 2,
    draw_args_of_one_line: 2,
    draw_stage_name: 1,
    draw_env: 2,
    draw_mount: 2,
    draw_run: 2,
    draw_named_context: 1,
    draw_stage: 3,
    draw_copy_of_stage: 1,
    draw_ignore: 1,
    draw_build_arg: 4,
}


def make_draft(seed: int, place: str, bases: Sequence[BaseImage]) -> Draft:
    """A draft out of a seed: a stage on an image first, most often, then whatever is drawn."""
    rng = random.Random(seed)  # noqa: S311 -- a build, no secret
    draft = Draft(seed, place, bases, {name: f"{name}\n" for name in FILES if rng.random() < 0.97})
    if rng.random() < 0.2:
        draft.lines.append(f"ARG {rng.choice(NAMES)}={rng.choice(VALUES)}")
    draw_stage(rng, draft)
    for kind in rng.choices(list(KINDS), list(KINDS.values()), k=rng.randint(2, 9)):
        kind(rng, draft)
    return draft


def write_draft(draft: Draft, root: Path) -> None:
    """Lay it out: root/context with the Dockerfile in it, and root/dir."""
    for folder, files in (("context", draft.files), ("dir", draft.named)):
        (root / folder).mkdir(parents=True)
        for name, text in files.items():
            path = root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (root / "context/Dockerfile").write_text(draft.dockerfile)
    if draft.ignore is not None:
        (root / "context/.dockerignore").write_text("\n".join([*draft.ignore, ""]))


def change(draft: Draft, root: Path, rng: random.Random) -> str:
    """Change one thing that a build may read: a file's bytes, a new file, one less, or a build argument; in words."""
    deed = rng.choice(["bytes", "bytes", "add", "remove", "argument"])
    if deed == "argument":
        name = rng.choice(NAMES)
        draft.args[name] = rng.choice([value for value in VALUES if value != draft.args.get(name)])
        return f"--build-arg {name}={draft.args[name]}"
    names = sorted(draft.files)
    name = rng.choice(names)
    path = root / "context" / name
    if deed == "add":
        path = path.with_name(f"new-{path.name}")
    if deed == "remove":
        path.unlink()
    else:
        path.write_text("changed\n")
    return f"{deed} {path.relative_to(root)}"
