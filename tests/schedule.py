"""Which tests go together to one worker of pytest-xdist, and in which order: stories in their file, rooms that share a
costly fixture in their folder, the longest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

# Folders whose tests share what takes longer to make than a test.
TOGETHER = ("engine/", "infra/", "registry/", "sandbox/")
# Tests that read all of the source, which a worker then parses once (source_trees.py).
OF_THE_SOURCE = (
    "test_names.py",
    "test_hints.py",
    "test_docs.py",
    "test_errors_of_the_source.py",
    "test_dataclass.py",
    "system/test_isolated.py",
)
# Units by the time that they take, the longest first; all others are shorter.
LONGEST = (
    "e2e/test_kill.py",
    "engine/",
    "e2e/test_main_job.py",
    "e2e/test_functions.py",
    "e2e/test_adoption.py",
    "stack/test_differential.py",
    "e2e/test_plain.py",
    "e2e/test_registry.py",
    "e2e/test_interrupted.py",
    "stack/test_own_parameters.py",
    "e2e/test_drift.py",
    "stack/test_places.py",
    "stack/test_named.py",
    "e2e/test_rollback.py",
    "sandbox/",
    "e2e/test_doctor.py",
    "e2e/test_init.py",
    "e2e/test_permissions.py",
    "registry/",
    "e2e/test_deploying.py",
    "conformance/test_engines.py",
    "lock/test_with_docker.py",
    "infra/",
    "e2e/test_secrets.py",
    "conformance/test_buildkit.py",
    "conformance/test_contents.py",
    "stack/test_bare.py",
    "actions/verify/test_alarms.py",
    "synth/ways/test_node.py",
    "synth/ways/test_python_files.py",
    "synth/ways/test_of_the_cdk.py",
    "synth/ways/test_python_rest.py",
    "synth/ways/test_changing.py",
    "e2e/test_contents.py",
    "synth/ways/test_typescript.py",
    "synth/ways/test_shell.py",
    "cli/test_cli.py",
    "stack/test_watching_contract.py",
    "cli/test_endings.py",
    "test_mistakes.py",
    "actions/test_machines.py",
    "test_foreign_readers.py",
    "aws/test_foreign_answers.py",
    "hostile/test_special_files.py",
    "hostile/test_checkouts.py",
    "hostile/test_bounds.py",
    "hostile/test_git_programs.py",
)


def unit(nodeid: str) -> str:
    """What is given to a worker as a whole: a folder's tests, a file's, or those that read the source."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    if path in OF_THE_SOURCE:
        return "the source"
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def rank(nodeid: str) -> int:
    """Its unit's place in the order."""
    name = unit(nodeid)
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    config.option.loadscopereorder = False  # not by their number: by `rank`
    return ByUnit(config, log)
