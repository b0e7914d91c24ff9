"""One class name, one thing: a reader who greps for a name finds one meaning."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from source_trees import nodes, tree
from test_hints import strings

import rajee_deploy

SOURCES = sorted(Path(rajee_deploy.__file__).parent.rglob("*.py"))


def test_no_two_classes_have_one_name():
    names = Counter(node.name for path in SOURCES for node in tree(path).body if isinstance(node, ast.ClassDef))
    assert len(names) > 300, "the scan lost its subject"
    assert {name for name, times in names.items() if times > 1} == set()


def test_context_alone_is_the_build_context():
    names = {node.name for path in SOURCES for node in nodes(path) if hasattr(node, "name")}
    assert "Context" not in names


# Words that people took for riddles, and what is said in their place.
RIDDLES = {
    r"\bmend\b": "correct X, then run again",
    r"hash cannot follow": "file hashes cannot prove that nothing changed: …",
    r"look who deploys": "run again when that operation has ended",
    r"others? than those of": "what differs from what",
    r"nobody can tell|nothing tells": "no record says …",
    r"\bmade anew\b|\bplanned anew\b": "created again, planned again",
    r"those of (then|now)\b": "the present settings, the settings of that commit",
}


def test_no_message_is_a_riddle():
    """Every text but docstrings may be read by somebody at night."""
    found = []
    for path in SOURCES:
        if "in_python" in path.parts:
            continue  # programs of others' processes, which say nothing to people
        found += [
            f"{path.name}:{line}: {text!r}; write: {better}"
            for line, text in strings(tree(path))
            for riddle, better in RIDDLES.items()
            if re.search(riddle, text)
        ]
    assert found == []


def test_no_docstring_sends_to_a_riddle():
    """What code stands on is not where it stands: a docstring says what a thing was made or derived from."""
    texts = [(path.name, ast.get_docstring(tree(path)) or "") for path in SOURCES]
    riddle = re.compile(r"\btold of\b|what (it|that|they) stands? on|mend it")
    assert [name for name, text in texts if riddle.search(text)] == []


def test_a_riddle_would_be_found():
    assert [text for _, text in strings(ast.parse("""x(hint=f"{a}; mend it")"""))] == ["X; mend it"]
