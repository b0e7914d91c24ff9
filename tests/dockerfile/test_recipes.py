"""Whole recipes, word for word: what tags stand on, what is read, what people are told, and every refusal.

The table pins down what no other test asks for. A change of a canonical text in it moves the tags of users.
"""

import pytest
import tables

from rajee_deploy.dockerfile import resolve
from rajee_deploy.dockerfile.spoken import Spoken
from rajee_deploy.errors import DeployError
from rajee_deploy.model import BaseConfig, BuildOptions, Digest, LockedImage, Platform
from rajee_deploy.model.dialect import BaseImage


def options_of(case):
    platform = Platform.parse(case.get("platform", "linux/amd64"))
    builder = Platform.parse(case["builder"]) if "builder" in case else None
    locked = {
        name: LockedImage(
            Digest(*digest.split(":")),
            {one: BaseConfig(tuple(map(tuple, env)), tuple(onbuild)) for one, (env, onbuild) in configs.items()},
        )
        for name, (digest, configs) in case.get("locked", {}).items()
    }
    return BuildOptions(
        platform,
        case.get("target"),
        case.get("args", {}),
        case.get("contexts", {}),
        locked,
        build_platform=builder,
        syntax_mirrors=tuple(case.get("mirrors", ())),
    )


def text_of(case):
    return "\n".join([*case["dockerfile"], ""]).encode("utf-8", "surrogateescape")


def outcome(case):
    """The recipe in the table's form, where what is empty is left out; or the error."""
    try:
        recipe = resolve(text_of(case), options_of(case), "D")
    except DeployError as error:
        return {"error": [error.code, error.where, error.problem, error.hint]}
    found = {
        "stage": recipe.target,
        "instructions": [
            [line, text] for line, text in zip(recipe.instruction_lines, recipe.instructions, strict=True)
        ],
        "reads": [
            [
                *(read.instruction.value, read.location.path, read.location.start, read.location.end),
                *(read.stage.index, read.stage.name, read.source, list(map(plain, read.selector)), read.context),
                read.widened,
            ]
            for read in recipe.reads
        ],
        "build_args": list(map(list, recipe.build_args)),
        "references": [[*each[:-1], each.locked and str(each.locked)] for each in recipe.references],
        "secrets": list(recipe.secrets),
        "notices": list(map(list, recipe.notices)),
        "widened": recipe.widened,
        "frontend": recipe.frontend,
    }
    return {key: value for key, value in found.items() if value not in ("", [])}


def plain_outcome(case):
    """The case in plain words, each line with the one that it comes from; or why that cannot be."""
    options = options_of(case)
    spoken = Spoken(text_of(case), [options], "D")
    try:
        names = spoken.bases(options.platform, Platform.parse("linux/riscv64"))
        bases = {name: BaseImage((("PATH", "/of-base"),), (), "12") for name in names}
        found = spoken.plain(options.platform, Platform.parse("linux/riscv64"), bases)
    except DeployError as error:
        return [error.code, error.where, error.problem, error.hint]
    files = [[name, data.decode("utf-8", "surrogateescape")] for name, data in found.files.items()]
    return [*map(list, zip(found.lines, found.text.split("\n")[:-1], strict=True)), files, found.varies]


def plain(value):
    return list(value) if isinstance(value, tuple) else value


CASES = tables.own("recipes")
_GIVEN = ("name", "dockerfile", "platform", "builder", "target", "args", "contexts", "locked", "mirrors", "plain")


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_recipe(case):
    assert outcome(case) == {key: value for key, value in case.items() if key not in _GIVEN}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES if "plain" in case])
def test_recipe_in_plain_words(case):
    assert plain_outcome(case) == case["plain"]
