"""Every case of our parser table and of the public one: Dockerfile text to nodes."""

import pytest

from rajee_deploy.dockerfile.instructions import NAMES
from rajee_deploy.dockerfile.parser import parse
from rajee_deploy.errors import DeployError


def test_parser_case(parser_case):
    text = parser_case["dockerfile"].encode("utf-8", "surrogateescape")
    if parser_case["error"] is not None:
        with pytest.raises(DeployError) as caught:
            parse(text, "Dockerfile")
        assert caught.value.code == "dockerfile-syntax"
        return
    parsed = parse(text, "Dockerfile")
    assert parsed.escape == parser_case["escape"]
    assert [dump(node) for node in parsed.nodes] == [expected(node) for node in parser_case["nodes"]]


def test_own_parser_case(own_parser_case):
    text = own_parser_case["dockerfile"].encode()
    if "error" in own_parser_case:
        with pytest.raises(DeployError) as caught:
            parse(text, "Dockerfile")
        assert caught.value.code == own_parser_case["error"]
        return
    parsed = parse(text, "Dockerfile")
    assert parsed.escape == own_parser_case.get("escape", "\\")
    assert [brief(node) for node in parsed.nodes] == own_parser_case["nodes"]


def brief(node):
    """Our table's form of a node: what is empty, or false, is left out."""
    heredocs = [
        {"name": one.name, "expand": one.expand, "chomp": one.chomp, "content": one.content} for one in node.heredocs
    ]
    more = {"flags": list(node.flags), "json": node.json, "heredocs": heredocs}
    words = {"child": brief(node.child)} if node.child else {"args": list(node.args)}
    always = {"value": node.value, "start": node.start, "end": node.end}
    return {**always, **words, **{key: value for key, value in more.items() if value}}


def dump(node):
    return {
        "value": node.value,
        "original": node.original,
        "flags": list(node.flags),
        "args": [dump(node.child)] if node.child else list(node.args),
        "json": node.json,
        "start": node.start,
        "end": node.end,
        "heredocs": [
            {
                "Name": one.name,
                "FileDescriptor": one.descriptor,
                "Expand": one.expand,
                "Chomp": one.chomp,
                "Content": one.content,
            }
            for one in node.heredocs
        ],
    }


def expected(node):
    """The table's node without what this parser does not keep: comments, `=` signs, arguments of unknown names."""
    args = node["args"] or []
    if node["value"].upper() in ("ENV", "LABEL"):
        args = [arg for number, arg in enumerate(args) if number % 3 != 2]
    if args == [""] and node["value"].upper() not in NAMES:
        args = []
    if args and isinstance(args[0], dict):
        args = [expected(args[0])]
    return {
        **{key: node[key] for key in ("value", "original", "json", "start", "end")},
        "flags": node["flags"] or [],
        "args": args,
        "heredocs": node.get("heredocs", []),
    }
