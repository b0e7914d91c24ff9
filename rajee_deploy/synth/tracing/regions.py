"""Where a path lies: in the checkout, above it, in the toolchain, in a cache, or elsewhere. Pure, but for the places of
the machine it runs on.

The toolchain is what was installed: it counts by version and by what its packages say of themselves, not file by file.
"""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path

from rajee_deploy.dataclass import dataclass
from rajee_deploy.synth.tracing.portable import is_any, is_in, temporary_places

# What the loader, the C library and the start of a Python, a node or a shell ask for; found by tracing an empty program
# of each. What the system's own packages put below /usr is the operating system.
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/snap",
    "/System",
    "/dev",
    "/selinux",
)
_NOT_SYSTEM = ("/usr/local/etc", "/usr/local/share", "/usr/share/local", "/dev/shm")  # noqa: S108 -- a name, not a use
_CONFIGURATION = re.compile(
    r"/etc(?:$|/(?:ld\.so\.|locale\.|localtime$|timezone$|ssl(?:/|$)|pki(?:/|$)|ca-certificates|nsswitch\.conf$|resolv\.conf$|hosts$"
    r"|host\.conf$|gai\.conf$|passwd$|group$|os-release$|debian_version$|lsb-release$|services$|protocols$|terminfo(?:/|$)"
    r"|inputrc$|bash\.bashrc$|profile$|python3[^/]*(?:/|$)|crypto-policies(?:/|$)|selinux(?:/|$)|alternatives(?:/|$)|malloc\.conf$"
    r"|environment$|default/locale$|netsvc\.conf$|svc\.conf$))"
)
# How packages are fetched, and what of their clients' own: what was fetched counts itself.
_CLIENTS = re.compile(
    r"/(?:\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|\.config/(?:pnpm|pip|uv|pypoetry|npm)(?:/.*)?|\.pip(?:/.*)?|etc/npmrc"
    r"|\.npm/.*|\.local/share/(?:pnpm|uv|pypoetry)(?:/.*)?)$"
)
# A Python looks for itself in every directory above its own.
_ABSENT_STARTS = re.compile(
    r"/(?:lib/python\d+\.zip|pybuilddir\.txt|pyvenv\.cfg|python\d*(?:\.\d+)?\._pth|Modules/Setup\.local)$"
)
_KERNEL = re.compile(
    r"/proc(?:$|/(?:self|thread-self|\d+)(?:$|/(?:exe|maps|stat|statm|status|cgroup|mountinfo|mounts|fd(?:/\d+)?|task(?:/.*)?|auxv"
    r"|comm|cmdline|limits|oom_score_adj|attr/.*|cwd|root)?$)|/(?:meminfo|version_signature|filesystems|stat|cpuinfo|mounts|self|thread-self)$"
    r"|/sys/(?:vm/overcommit_memory|kernel/(?:ngroups_max|cap_last_cap|random/.*|pid_max|osrelease))$)"
    r"|/sys(?:$|/fs/(?:cgroup|selinux)(?:/|$)|/kernel/mm/|/devices/system/(?:cpu|node)(?:/|$))"
)
# Named after what they hold, so that a look there tells nothing that was not known; or unpacked from what is.
_CACHES = re.compile(
    r"/(?:jsii-kernel-[^/]*|v8-compile-cache(?:-[^/]*)?|node-compile-cache(?:-[^/]*)?|tsx-[^/]*|ts-node-[^/]*)(?:/|$)"
    r"|/\.?cache/(?:aws(?:$|/jsii)|pip|uv|go-build|pypoetry/(?:cache|artifacts)|node/corepack|yarn|deno|node-gyp|bazel)(?:/|$)"
    r"|/com\.amazonaws\.jsii(?:/|$)|/\.npm(?:$|/_(?:cacache|npx|logs|update-notifier-last-checked))"
    r"|/go/pkg/(?:mod|sumdb)(?:/|$)|/\.m2/(?:repository|wrapper)(?:/|$)|/\.gradle/(?:caches|wrapper)(?:/|$)|/\.nuget/packages(?:/|$)"
    r"|/\.cargo/(?:registry|git)(?:/|$)|/\.cdk/cache(?:/|$)"
    r"|/cdk-context[A-Za-z0-9]{6}/context-overflow\.json$"  # the CDK CLI's own, of what counts as context
)
_CACHES_IN_CHECKOUT = re.compile(r"\.tsbuildinfo$|/\.git/objects(?:/|$)")
_BIN = ("bin", "sbin", "libexec", "shims", "Scripts")
_PARTS = (
    "bin",
    "sbin",
    "lib",
    "lib64",
    "libexec",
    "include",
    "pyvenv.cfg",
    "shims",
    "plugins",
    "versions",
    "version",
    "Frameworks",
)


class Region(Enum):
    """See Regions.of."""

    CHECKOUT = "checkout"
    ABOVE = "above"
    TOOLCHAIN = "toolchain"
    PACKAGES = "packages"
    CACHE = "cache"
    KERNEL = "kernel"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of one synth, by real paths. `root` is the checkout, `prefixes` are where its interpreters were
    installed, `sites` the directories that they take packages from (of Python and of node), `own` what we made."""

    root: str
    prefixes: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    path: tuple[str, ...] = ()  # where programs are sought
    bases: tuple[str, ...] = ()  # directories that every user has

    def is_sought(self, path: str) -> bool:
        """Whether a path is where a program of that name would be, outside of the checkout."""
        folder = os.path.dirname(path)  # noqa: PTH120 -- thousands of texts
        return folder in self.path and not is_in(path, self.root) and not _ABSENT_STARTS.search(path)

    def is_base(self, path: str) -> bool:
        """Whether it is a directory that every user has: that it is there tells nothing, and its names do."""
        return path in self.bases

    def of(self, path: str) -> Region:
        """The region of a real path."""
        if self._is_our_doing(path) or (_CACHES_IN_CHECKOUT if is_in(path, self.root) else _CACHES).search(path):
            return Region.CACHE
        if is_any(path, self.sites):
            return Region.PACKAGES
        if any(_is_installed(path, prefix) for prefix in self.prefixes):
            return Region.TOOLCHAIN
        return Region.CHECKOUT if is_in(path, self.root) else self._outside(path)

    def _outside(self, path: str) -> Region:
        if is_any(path, ("/proc", "/sys")):
            return Region.TOOLCHAIN if _KERNEL.match(path) else Region.KERNEL
        is_system = _CONFIGURATION.match(path) or (is_any(path, _SYSTEM) and not is_any(path, _NOT_SYSTEM))
        if is_system or self._is_search(path):
            return Region.TOOLCHAIN
        is_above = is_in(self.root, path) or is_in(self.root, os.path.dirname(path))  # noqa: PTH120 -- thousands of texts
        return Region.ABOVE if is_above else Region.ELSEWHERE

    def _is_our_doing(self, path: str) -> bool:
        """Whether we said where it is (the assembly, the hooks), or whoever installed something; and the directories
        above these."""
        if is_any(path, self.own):
            return True
        outside = [each for each in (*self.own, *self.prefixes, *self.sites) if not is_in(each, self.root)]
        # What somebody lists there counts all the same, where the checkout lies below it, too.
        is_shared = is_in(self.root, path)
        return not is_in(path, self.root) and not is_shared and any(is_in(each, path) for each in outside)

    def _is_search(self, path: str) -> bool:
        """Whether it was looked for in vain only in search of a program or of an interpreter's own parts, which count
        by what was found; or is a directory that every user has, or a link on PATH to a program that is installed."""
        if path in self.bases or _CLIENTS.search(path):
            return True
        is_on_path = os.path.dirname(path) in self.path  # noqa: PTH120 -- thousands of texts
        if os.path.islink(path):  # noqa: PTH114 -- as above
            target = os.path.realpath(path)
            return is_on_path and target != path and self.of(target) is Region.TOOLCHAIN
        return not os.path.lexists(path) and (is_on_path or bool(_ABSENT_STARTS.search(path)))


def _is_installed(path: str, prefix: str) -> bool:
    """Whether a path belongs to what was installed at a prefix. A home directory has its programs in ~/bin, too, so
    only the parts that an installation has are its own."""
    if not is_in(path, prefix):
        return False
    first = path[len(prefix.rstrip("/")) :].strip("/").split("/")[0]
    return first in _PARTS or not first


def prefix_of(program: str) -> str:
    """Where a program was installed, from its path."""
    folder = os.path.dirname(program)  # noqa: PTH120 -- as above
    return os.path.dirname(folder) if os.path.basename(folder) in _BIN else folder  # noqa: PTH119, PTH120 -- as above


def everybodys() -> tuple[str, ...]:
    """The directories that every user has: the home directory, some in it, and those for temporary files."""
    home = str(Path.home())
    below = (
        ".cache",
        ".config",
        ".local",
        ".local/share",
        ".local/state",
        ".local/bin",
        ".npm",
        "Library",
        "Library/Caches",
    )
    return (home, os.path.realpath(home), *(f"{home}/{each}" for each in below), *temporary_places())
