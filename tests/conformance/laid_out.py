"""A draft on disk: the user's files, what the tool keeps among them, and one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.drafts import NAMES, VALUES

from rajee_deploy.system.ours import MARKER, make_place

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from conformance.drafts import Draft

# What the tool keeps in a place of its own.
OURS = (
    "verdicts.json",
    "history.jsonl",
    "contents/c-0123456789abcdef.record",
    f"cache/{'0' * 32}.files-git",
    f"cache/cdk/{'0' * 16}/depfile.json",
    f"cache/cdk/{'0' * 16}/assemblies/{'0' * 40}/a",
)


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


def add_ours(draft: Draft, root: Path) -> None:
    """Have the tool keep its own where the draft says, as a run of it would."""
    for place in draft.ours:
        make_place(root / "context" / place)
        for name in OURS:
            path = root / "context" / place / name
            make_place(path.parent.parent if path.parent.name == "0" * 40 else path.parent)
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{draft.place}\n")


def remove_ours(draft: Draft, root: Path) -> None:
    """Take it out again, with each directory in which nothing else is left."""
    for place in draft.ours:
        top = root / "context" / place
        for name in OURS:
            (top / name).unlink(missing_ok=True)
            for folder in (top / name).parents:
                if folder == root:
                    break
                (folder / MARKER).unlink(missing_ok=True)
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()


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
