"""Where moto 5.2.5 differs from AWS in something that rajee-deploy relies on, and what makes it behave.

Each correction is one function that says which behaviour of AWS it restores; tests/sandbox runs the same scenario
against plain moto and fails as soon as moto does it right, so that the correction can go. Corrections replace parts of
moto's classes for the whole process: only the sandbox's server process may apply them.
"""

from __future__ import annotations

from rajee_deploy.sandbox.corrections import (
    change_sets,
    ecr,
    ecs,
    functions,
    nested,
    repositories,
    resources,
    settling,
    ssm,
    stacks,
    surroundings,
    tokens,
    unsupported,
    updating,
    versions,
    waiting,
)


def apply(*, port: int, password: str) -> None:
    """Correct moto. `port` is where the registry answers on localhost, `password` what docker logs in with."""
    ecr.apply(port=port, password=password)
    repositories.apply()
    resources.apply()
    updating.apply()
    stacks.apply()
    nested.apply()
    settling.apply()
    surroundings.apply()
    change_sets.apply()
    ecs.apply()
    functions.apply()
    versions.apply()
    ssm.apply()
    unsupported.apply()
    tokens.apply()
    waiting.apply()
