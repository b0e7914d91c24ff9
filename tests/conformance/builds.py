"""Real builds for the proof: what BuildKit says of a directory and a Dockerfile."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Built:
    """How a build ended: `error` is empty when it worked. `cached` and `ran` are names of its COPY and ADD steps."""

    error: str
    cached: frozenset[str]
    ran: frozenset[str]
    image: dict[str, tuple[bytes, int, str, bytes | None]]


def build(
    directory: Path,
    dockerfile: Path,
    *,
    args: Mapping[str, str],
    named: Path | None,
    image: Path | None = None,
    platform: str = "",
) -> Built:
    """Build; `image` is where the image's tar goes for a moment, or None when nobody wants it."""
    output = f"type=tar,dest={image}" if image else "type=cacheonly"
    argv = ["docker", "buildx", "build", "--progress=rawjson", "--provenance=false", f"--output={output}"]
    argv += [f"--build-arg={name}={value}" for name, value in args.items()]
    argv += [f"--build-context=named={named}"] if named else []
    argv += [f"--platform={platform}"] if platform else []
    argv += ["-f", str(dockerfile), str(directory)]
    done = subprocess.run(argv, check=False, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": ""})
    cached, ran = _steps(done.stderr.decode())
    if done.returncode:
        return Built(done.stderr.decode().strip().rpartition("ERROR: ")[2], cached, ran, {})
    members = _members(image.read_bytes()) if image else {}
    if image:
        image.unlink()
    return Built("", cached, ran, members)


def _steps(text: str) -> tuple[frozenset[str], frozenset[str]]:
    cached, ran = set(), set()
    decoder, position = json.JSONDecoder(), 0
    while (position := text.find("{", position)) >= 0:
        try:
            document, position = decoder.raw_decode(text, position)
        except ValueError:
            position += 1
            continue
        for vertex in document.get("vertexes") or ():
            name = vertex.get("name", "")
            if vertex.get("completed") and ("] COPY" in name or "] ADD" in name):
                (cached if vertex.get("cached") else ran).add(name)
    return frozenset(cached), frozenset(ran - cached)


def _members(data: bytes) -> dict[str, tuple[bytes, int, str, bytes | None]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            member.name: (
                member.type,
                member.mode,
                member.linkname,
                archive.extractfile(member).read() if member.isfile() else None,
            )
            for member in archive
        }
