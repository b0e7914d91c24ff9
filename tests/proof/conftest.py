"""Long proofs, run by `make proof` before an issue is called done; `make test` does not know them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from e2e.conftest import bootstrapped, registry_port, shell, synthesised  # noqa: F401 -- fixtures

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory):
    """The reference service's cloud assembly, synthesised once."""
    folder = tmp_path_factory.mktemp("assembly")
    argv = ["npx", "cdk", "synth", "--quiet", "--no-notices", "-c", "environment=dev", "--output", str(folder)]
    subprocess.run(argv, cwd=TOP / "infra", env={**os.environ, "CDK_VALIDATION": "false"}, check=True)
    return folder
