"""The lock file: which digest every floating image reference stands for, and what bases bring into a build.

`format` is the text (pure), `file` the only one that reads and writes it. This room never asks a registry, and never
decides which references a build needs.
"""

from rajee_deploy.lock.file import read, write
from rajee_deploy.lock.format import Lock, LockLine, encode, parse

__all__ = ["Lock", "LockLine", "encode", "parse", "read", "write"]
