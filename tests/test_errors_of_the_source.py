"""What holds for every error and every warning that the source can raise or show, read where it is written."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from source_trees import nodes

ROOM = Path(__file__).parents[1] / "rajee_deploy"
NAMES = ("DeployError", "ConfigurationError")

# What a code means that is raised at several places. A code is what people search for: it has one meaning. Whoever
# raises a known code at another place says here that it is the same thing, or takes another code.
MEANINGS = {
    "ambiguous-stack": "a name of the settings means several stacks",
    "aws-error": "AWS answered with an error that has no code of ours",
    "aws-unreachable": "no connection to AWS, or to its storage",
    "bad-flag": "a flag, or flags together, that cannot be meant",
    "bad-platform": "a text that names no platform",
    "bad-region": "what is given as the region is none",
    "bad-settings": "a key of the settings, or the variable that stands for it, has a wrong value",
    "bad-tag": "a text that cannot be an image's tag",
    "base-unknown": "what a base image brings cannot be found out",
    "bug": "the tool itself failed",
    "build-failed": "the engine did not build",
    "buildah-missing": "the program that stands for buildah is not installed",
    "cdk-missing": "there is no CDK CLI that can be used",
    "contents-unusable": "the record of what an image was made of is none",
    "context-missing": "a build context is no directory",
    "deploy-failed": "CloudFormation did not do what a deployment asked for",
    "docker-config": "docker's configuration cannot be read",
    "docker-missing": "the program that stands for docker is not installed",
    "engine-cannot": "this engine has no way to build it; another one has",
    "expired-credentials": "credentials of AWS were good and are not any more",
    "file-changed": "what was read changed meanwhile",
    "git-refused": "git says nothing of a checkout, though there is one",
    "ignore-pattern": "a pattern of files is malformed",
    "image-wrong-platform": "an image is for other platforms than the settings say",
    "interrupted": "a person, or the machine, ended the run",
    "machine": "the operating system refused something",
    "no-builder": "the builder of buildx that is named cannot be used",
    "no-cdk-json": "there is no cdk.json where the CDK app is looked for",
    "no-checkout": "git is asked about a directory that is in no repository",
    "no-parameter": "the stack has no parameter that takes the image's tag",
    "no-previous": "nothing tells what the stack ran before",
    "no-repository": "an ECR repository does not exist",
    "no-settings": "there is no settings file",
    "no-space": "a disk of this machine has no room for temporary files",
    "no-such-stack": "the CDK app has no stack of this name",
    "not-deployed": "nothing that was made here is deployed there",
    "parameter-refused": "a parameter does not take its value",
    "profile-contradiction": "two AWS profiles are named that are not of one account",
    "registry-unreachable": "no connection to a registry",
    "history-unreadable": "a history of runs is no file of runs, whoever named it",
    "report-not-written": "a file that `report` was told to write was not written",
    "rollout-not-confirmed": "the services do not run what was deployed",
    "secret-missing": "the value of a secret for a build is not there",
    "source-not-found": "a source of COPY or ADD is not in the build context",
    "stack-changed": "somebody else changed a stack since it was planned",
    "usage": "a command line that cannot be understood",
    "unreadable": "a file that is needed cannot be read",
    "wrong-account": "what is to be done is in another account than the settings name",
}


@cache
def errors() -> list[tuple[str, str, ast.Call]]:
    """Of every error that is made: its code where it is written there, the file, and the call."""
    found = []
    for path in sorted(ROOM.rglob("*.py")):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                first = node.args[0] if node.args else None
                code = str(first.value) if isinstance(first, ast.Constant) else ""
                found.append((code, str(path.relative_to(ROOM)), node))
    return found


def test_a_code_has_one_meaning():
    codes = [code for code, _, _ in errors() if code]
    several = {code for code in codes if codes.count(code) > 1}
    assert several - set(MEANINGS) == set(), "say in MEANINGS that it is the same thing, or take another code"
    assert set(MEANINGS) - several == set(), "these are raised at one place by now"


def test_every_error_says_what_to_do_next():
    """An empty hint is none. What is put together elsewhere has to be something by then."""
    silent = []
    for _, path, call in errors():
        hint = next((word.value for word in call.keywords if word.arg == "hint"), None)
        if hint is None or (isinstance(hint, ast.Constant) and not hint.value):
            silent.append(f"{path}:{call.lineno}")
    assert silent == []


def test_codes_are_words_with_hyphens():
    assert [code for code, _, _ in errors() if code and not all(part.isalpha() for part in code.split("-"))] == []


def test_a_warning_goes_through_one_door():
    """So that --json has what the screen shows: see Console.warn."""
    loose = []
    for path in sorted(ROOM.rglob("*.py")):
        for node in nodes(path):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and path.parent.name != "console"
            ):
                continue
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            is_warning = node.func.attr == "item" and texts[:1] == ["!"]
            if is_warning or (node.func.attr == "say" and "yellow" in texts):
                loose.append(f"{path.relative_to(ROOM)}:{node.lineno}")
    assert loose == []
