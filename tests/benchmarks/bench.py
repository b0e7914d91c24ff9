"""What the promises cost, measured. Ratios come from one run on one machine; absolute times are this machine's.

Run by `make bench`: `bench.py [THEME]…` runs the themes named, else all. It asserts nothing: a slow machine is no
failure, but a goal that was missed says NO.
"""

from __future__ import annotations

import compileall
import sys

import any_app
import build
import kinds
import million
import no_op
import selected
import shared_cache
import startup
import whole
from measure import TOP

THEMES = {
    "startup": startup.run,
    "selected": selected.run,
    "whole": whole.run,
    "million": million.run,
    "build": build.run,
    "shared-cache": shared_cache.run,
    "no-op": no_op.run,
    "any-app": any_app.run,
    "kinds": kinds.run,
}

if __name__ == "__main__":
    asked = sys.argv[1:] or list(THEMES)
    if unknown := set(asked) - set(THEMES):
        sys.exit(f"no theme {', '.join(sorted(unknown))}; there are {', '.join(THEMES)}")
    compileall.compile_dir(TOP / "rajee_deploy", quiet=1)  # as installing does
    for theme in asked:
        print(f"-- {theme} {'-' * (100 - len(theme))}")
        THEMES[theme]()
