"""Whatever somebody else wrote: each reader of it gives a value or an error of ours, and nothing else."""

from __future__ import annotations

import ast
import copy
import json
import tempfile
from pathlib import Path

import pytest
from foreign_readers import READERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_trees import nodes

from rajee_deploy.errors import DeployError

# Values that stand where others are expected. The raw ones cannot be written by json.dumps.
ODD = [None, True, 0, -1, 10**30, 1.5, "", "x", "half \ud800", [], [[]], {}, {"x": []}, [None], ["x", 1]]
RAW = ["NaN", "1e400", "-Infinity", "[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000, "9" * 5000]
_MARK = "@@@"


def _read(name, data):
    """Any error but those that are promised goes through."""
    reader = READERS[name]
    with tempfile.TemporaryDirectory() as place:
        try:
            reader.read(data, Path(place))
        except DeployError as error:
            assert error.problem  # noqa: PT017 -- or there is a value
        except reader.allowed:
            pass


def _places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*path, key))


def _with(value, path, other):
    if not path:
        return other
    value = copy.deepcopy(value)
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = other
    return value


def _without(value, path):
    value = copy.deepcopy(value)
    at = value
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return value


def _json_samples():
    for name, reader in READERS.items():
        try:
            yield name, json.loads(reader.sample)
        except ValueError:
            continue


SAMPLES = dict(_json_samples())


@pytest.mark.parametrize("name", READERS)
def test_the_sample_is_understood(name, tmp_path):
    READERS[name].read(READERS[name].sample, tmp_path)


@pytest.mark.parametrize("name", SAMPLES)
def test_any_value_of_another_type_at_any_place(name):
    replace_all(name, every=_sparse(len(list(_places(SAMPLES[name])))))


def _sparse(places):
    return 2 if places < 9 else 7 if places < 40 else 13


def replace_all(name, every):
    """Replace each place of a sample in turn: by each odd value, or by one of so many, which differ from place to
    place."""
    sample = SAMPLES[name]
    for number, path in enumerate(_places(sample)):
        for odd in ODD[number % every :: every]:
            _read(name, json.dumps(_with(sample, path, odd)).encode())
        for raw in RAW[number % every :: every]:
            _read(name, json.dumps(_with(sample, path, _MARK)).replace(f'"{_MARK}"', raw).encode())
        if path:
            _read(name, json.dumps(_without(sample, path)).encode())


@pytest.mark.parametrize("name", READERS)
def test_broken_samples_and_any_bytes(name):
    sample = READERS[name].sample
    for odd in (
        b"",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + sample,
        sample[: len(sample) // 2],
        sample * 2,
        b"\n" * 50,
        sample.replace(b'"', b"\xff"),
        sample.replace(b"a", b"\0"),
        b"[" * 100_000,
        b'"\\ud800"',
        b"=" * 5000,
        sample.replace(b"\n", b"\r"),
        "\u2028\x85\x0c".encode() + sample,
    ):
        _read(name, odd)
    fuzz(name, 15)


def test_every_module_that_reads_what_others_wrote_has_a_reader_here():
    tables = Path(__file__).with_name("foreign_readers.py").read_text("utf-8")
    imported = {
        file for node in ast.walk(ast.parse(tables)) if isinstance(node, ast.ImportFrom) for file in _files(node)
    }
    missing = {str(path.relative_to(ROOT)) for path in sorted(ROOT.rglob("*.py")) if _FOREIGN & _names(path)} - imported
    assert missing == set(ELSEWHERE)


ROOT = Path(__file__).parent.parent / "rajee_deploy"
_FOREIGN = {"parse_json", "parse_toml", "read_json", "read_text", "read_regular", "open_regular", "read_within"}
# Which modules read what others wrote and stand in no row, and why.
ELSEWHERE: dict[str, str] = {
    "system/regular_files.py": "the one way; test_regular_files",
    "actions/doctor/images.py": "instructions as our own recipe writes them",
    "actions/init/images.py": "bytes, compared and searched for words: no form is expected",
    # Behind a row of the table, by what it calls.
    "plan/allowances.py": "two templates",
    "actions/nested_resources.py": "two templates, of a nested stack",
    "build_record/packing.py": "a build record, by decode",
    "lock/file.py": "the lock",
    "lock/format.py": "the lock",
    "settings/document.py": "rajee-deploy.toml",
    "settings/cdk_table.py": "what is wrong with a cdk.json, in words",
    "settings/reference.py": "our own page",
    "actions/error_codes.py": "our own page, and our own file of it",
    # Bytes that nothing is read out of but a digest, words for a person, or which are handed on.
    "git/checkout.py": "handed on",
    "actions/verify/contents.py": "handed on",
    "system/sealed.py": "a digest; then its caller's row",
    "git/place.py": "a path, which git then is asked about",
    "git/layout.py": "a path",
    "context/cautions.py": "the first bytes",
    "engine/secrets.py": "what is to be masked",
    "synth/walked.py": "a digest",
    "synth/entry_values.py": "a digest, and words",
    "synth/tracing/scripts.py": "the first line",
    "synth/context_values.py": "whether a word is in it",
    "synth/tracing/variables.py": "words of a script",
    "synth/tracing/leftovers.py": "numbers of processes",
    "synth/deploy_checks.py": "whether a tag is in it",
    "sandbox/control.py": "our own sandbox's answer, and a log",
    "image/inputs.py": "the Dockerfile",
    "cli/shells/names.py": "the Dockerfile; where something is wrong with it nothing completes",
    "cli/shells/install.py": "our own lines among a shell's",
    "aws/profiles.py": "lines in brackets; and botocore's own list",
    "engine/buildah_files.py": "the Dockerfile",
    # Written by ourselves, or by a program that we started, a moment ago in a directory of our own.
    "engine/buildah.py": "digests that buildah wrote",
    "engine/layer_files.py": "layers that skopeo wrote",
    "engine/leftovers.py": "the image that skopeo wrote",
    "actions/verify/probe.py": "our own canonical text",
    "sandbox/images.py": "a manifest that the sandbox's registry looked at",
    "sandbox/corrections/functions.py": "a manifest that the sandbox's registry looked at",
    "sandbox/corrections/ecr.py": "a manifest that the sandbox's registry looked at",
}


def _files(node):
    """The files that an import may be of."""
    name = (node.module or "").removeprefix("rajee_deploy.").replace(".", "/")
    yield from (f"{name}.py", f"{name}/__init__.py", *(f"{name}/{each.name}.py" for each in node.names))


def _names(path):
    found = nodes(path)
    return {node.func.id for node in found if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def fuzz(name, examples):
    sample = READERS[name].sample

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=200), _mutations(sample)))
    def check(data):
        _read(name, data)

    check()


@st.composite
def _mutations(draw, sample):
    """The sample with some spans of it replaced by other bytes."""
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)
