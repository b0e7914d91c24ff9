"""One image through weeks of edits, each of which is built under what the engine remembers of the ones before.

After every step the image is compared with the tree on disk (read here, not by the tool), and now and then the engine
is asked for the same build under a name that it does not know: what it then does not find CACHED had another digest.
"""

from __future__ import annotations

import os
import random
import shutil
import stat
import tarfile
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from conformance.builds import Built, build

from rajee_deploy.context import Modes, Roots, stage_context
from rajee_deploy.errors import DeployError
from rajee_deploy.image.inputs import read_inputs
from rajee_deploy.image.request import build_request
from rajee_deploy.model import Platform
from rajee_deploy.settings import ImageSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rajee_deploy.image.inputs import ImageInputs

NAMES = ("a", "b", "d", "d.", "e", "d/a", "d/b", "d/d", "d/e", "d/d/a", "e/d", "e/a", "é", "d/ x")
RECIPES = {
    "all": "COPY . /o/\n",
    "wild": "COPY * /w/\nCOPY d* /p/\n",
    "broken": 'COPY . /o/\nRUN ["/is-not-there"]\n',
}
NAMED = "COPY --from=named . /n/\n"


class History:
    """A project of its own below `folder`. `memory` is where its runs remember, like a user's cache directory."""

    def __init__(self, seed: int, folder: Path, memory: Path) -> None:
        self.rng = random.Random(seed)  # noqa: S311 -- a history, no secret
        self.seed = seed
        self.root = folder / f"project-{seed}"
        self.memory = memory
        self.salt = f"LABEL history={self.rng.randbytes(6).hex()}{os.urandom(4).hex()}\n"
        self.modes = Modes.GIT
        self.recipe = "all"
        self.named = False
        self.saved: list[Path] = []
        self.told: list[str] = []
        for name in ("context", "named"):
            (self.root / name).mkdir(parents=True)

    def step(self) -> None:
        """Change something, build, compare."""
        for _ in range(self.rng.choice([1, 1, 1, 2, 5])):
            deed = self.rng.choice(DEEDS)
            with suppress(OSError, IndexError):
                deed(self)
                self.told.append(deed.__name__)
        self.check(strictly=self.rng.random() < 0.2)

    def check(self, *, strictly: bool) -> None:
        """Build what is on disk. `strictly`: digests and image are those of the same tree under a new name."""
        inputs = self.inputs()
        if isinstance(inputs, DeployError):
            self.told.append(inputs.code)
            return
        image = self.root / f"{uuid.uuid4().hex}.tar"
        with build_request(inputs, "registry.test/app") as request:
            named = request.build_contexts.get("named") if self.named else None
            built = build(request.context, request.dockerfile, args={}, named=named, image=image)
            request.on_loaded()
        self.told.append("refused" if built.error else "built")
        if self.recipe == "all":
            assert not built.error, self.story(built.error)
            assert without_places(built.image) == self.wanted(), self.story("the image is not what is on disk")
        if self.recipe != "all" or strictly:
            self.compare(built, self.built_anew(inputs, image if self.recipe == "wild" else None))

    def compare(self, built: Built, anew: Built) -> None:
        """That it makes no difference what the engine remembers."""
        assert bool(built.error) == bool(anew.error), self.story(f"{built.error} / {anew.error}")
        assert built.error or not anew.ran, self.story(f"another digest under a new name: {anew.ran}")
        if anew.image:
            assert built.image == anew.image, self.story("the image is another one under a new name")

    def built_anew(self, inputs: ImageInputs, image: Path | None) -> Built:
        """The same build from a copy that the engine does not know."""
        main, named = inputs.selections[""], inputs.selections.get("named")
        with stage_context(main, inputs.dockerfile) as place, stage_context(named or main, b"") as other:
            extra = other.directory if named else None
            return build(place.directory, place.dockerfile, args={}, named=extra, image=image)

    def inputs(self) -> ImageInputs | DeployError:
        """What the tool reads, with its memory."""
        text = f"FROM scratch\n{self.salt}{RECIPES[self.recipe]}{NAMED if self.named else ''}"
        (self.root / "Dockerfile").write_text(text)
        settings = ImageSettings(
            name="app",
            context=self.root / "context",
            dockerfile=self.root / "Dockerfile",
            repository="",
            platforms=(Platform.parse("linux/amd64"),),
            target=None,
            build_args={},
            build_contexts={"named": str(self.root / "named")} if self.named else {},
        )
        try:
            with Roots(self.memory) as roots:
                return read_inputs(settings, self.modes, roots)
        except DeployError as error:
            return error

    def wanted(self) -> dict[str, tuple[bytes, int, str, bytes | None]]:
        """What lies in the image, by the rules of COPY and of the modes, from the tree on disk."""
        named = tree(self.root / "named", "n", self.modes) if self.named else {}
        return tree(self.root / "context", "o", self.modes) | named

    def story(self, problem: str) -> str:
        """What happened, to be told."""
        return f"seed {self.seed}, {self.modes}, {self.recipe}, named {self.named}: {problem}\n{self.told[-60:]}"

    def place(self) -> Path:
        """Somewhere in one of the contexts."""
        side = "named" if self.named and self.rng.random() < 0.4 else "context"
        return self.root / side / self.rng.choice(NAMES)

    def there(self, fits: Callable[[Path], bool]) -> Path:
        """An entry that is there and fits. IndexError when there is none."""
        sides = ["context", "named"] if self.named else ["context"]
        return self.rng.choice(sorted(p for side in sides for p in (self.root / side).rglob("*") if fits(p)))


def tree(root: Path, below: str, modes: Modes) -> dict[str, tuple[bytes, int, str, bytes | None]]:
    """Everything below a directory, as it would lie below another one."""
    found = {}
    for path in root.rglob("*"):
        found[f"{below}/{path.relative_to(root)}"] = entry(path, modes)
    return found


def without_places(image: dict[str, tuple[bytes, int, str, bytes | None]]) -> dict[str, object]:
    """The image but for the directories that COPY makes."""
    cut = ((name.rstrip("/"), what) for name, what in image.items())
    return {name: what for name, what in cut if name not in {"", ".", "o", "n"}}


def entry(path: Path, modes: Modes) -> tuple[bytes, int, str, bytes | None]:
    """Type, mode, link text and bytes."""
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return tarfile.SYMTYPE, 0o777, str(path.readlink()), None
    if stat.S_ISDIR(status.st_mode):
        return tarfile.DIRTYPE, 0o755 if modes is Modes.GIT else mode, "", None
    usual = 0o755 if mode & stat.S_IXUSR else 0o644
    kept = mode if modes is Modes.EXACT else usual
    if stat.S_ISFIFO(status.st_mode):
        return tarfile.FIFOTYPE, kept, "", None
    return tarfile.REGTYPE, kept, "", path.read_bytes()


def is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def clear(path: Path) -> Path:
    """Make room for something else at a path."""
    if is_directory(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write(it: History) -> None:
    clear(it.place()).write_bytes(it.rng.randbytes(it.rng.choice([0, 1, 3, 4096])))


def same_size(it: History) -> None:
    path = it.there(is_file)
    moment = path.stat().st_mtime_ns
    path.write_bytes(it.rng.randbytes(path.stat().st_size))
    if it.rng.random() < 0.5:
        os.utime(path, ns=(moment, moment))


def swap(it: History) -> None:
    one, other = it.there(is_file), it.there(is_file)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def mode_of_file(it: History) -> None:
    it.there(is_file).chmod(it.rng.choice([0o644, 0o755, 0o600, 0o664, 0o4755]))


def mode_of_directory(it: History) -> None:
    it.there(is_directory).chmod(it.rng.choice([0o755, 0o700, 0o775, 0o1777, 0o2755]))


def mode_of_root(it: History) -> None:
    (it.root / "context").chmod(it.rng.choice([0o755, 0o700, 0o775]))


def make_directory(it: History) -> None:
    clear(it.place()).mkdir()


def make_link(it: History) -> None:
    clear(it.place()).symlink_to(it.rng.choice(["a", "d", "../a", "e/d", "b"]))


def make_pipe(it: History) -> None:
    os.mkfifo(clear(it.place()))


def remove(it: History) -> None:
    clear(it.there(lambda _path: True))


def rename(it: History) -> None:
    path = it.there(lambda _path: True)
    path.rename(path.with_name(it.rng.choice(["a", "b", "d", "e", "z"])))


def touch(it: History) -> None:
    os.utime(it.there(is_file), (1, 1))


def attribute(it: History) -> None:
    path = it.there(lambda path: is_file(path) or is_directory(path))
    os.setxattr(path, "user.note", it.rng.choice([b"1", b"2"]))


def no_attribute(it: History) -> None:
    os.removexattr(it.there(lambda path: is_file(path) or is_directory(path)), "user.note")


def empty(it: History) -> None:
    for path in (it.root / "context").iterdir():
        clear(path)


def save(it: History) -> None:
    it.saved.append(it.root / f"saved-{len(it.saved)}")
    shutil.copytree(it.root / "context", it.saved[-1], symlinks=True, copy_function=copy_any)


def go_back(it: History) -> None:
    place = it.rng.choice(it.saved)
    shutil.rmtree(it.root / "context")
    shutil.copytree(place, it.root / "context", symlinks=True, copy_function=copy_any)


def other_recipe(it: History) -> None:
    it.recipe = it.rng.choice(["all", "all", *RECIPES])


def other_modes(it: History) -> None:
    it.modes = it.rng.choice(list(Modes))


def other_sides(it: History) -> None:
    it.named = not it.named


def copy_any(source: str, target: str) -> None:
    """A file, or a pipe, which shutil does not copy."""
    if stat.S_ISFIFO(os.lstat(source).st_mode):
        os.mkfifo(target)
    else:
        shutil.copy2(source, target)


DEEDS = (
    write,
    write,
    write,
    same_size,
    same_size,
    swap,
    mode_of_file,
    mode_of_directory,
    mode_of_directory,
    mode_of_root,
    make_directory,
    make_directory,
    make_link,
    make_pipe,
    remove,
    remove,
    rename,
    touch,
    attribute,
    no_attribute,
    empty,
    save,
    go_back,
    go_back,
    other_recipe,
    other_modes,
    other_sides,
)
