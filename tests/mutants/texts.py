"""Which mutants are not worth a test: those that change a message alone, an unreachable branch, a codec's spelling."""

from __future__ import annotations

import ast

# Calls that make a message: (of how many leading arguments, of which keywords) the values are more than text.
_MESSAGES = {
    "DeployError": 1,
    "ConfigurationError": 1,
    "DockerfileError": 1,
    "AssertionError": 0,
    "ValueError": 0,
    "SyntaxProblemError": 0,
    "ExpansionError": 0,
    "PatternError": 0,
    "UnwritableError": 0,
    "Notice": 1,
    "Caution": 1,
    "Skip": 1,
    "_malformed_error": 1,
}
_TEXTS = frozenset({"problem", "cause", "hint", "where", "message"})
_CODECS = frozenset({"encode", "decode", "read_text", "write_text", "fsencode"})


class _Blank(ast.NodeTransformer):
    """Takes out what does not count, so that two functions that differ in nothing else are equal."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name in _MESSAGES:
            node.args = node.args[: _MESSAGES[name]]
            node.keywords = [each for each in node.keywords if each.arg not in _TEXTS]
        if name in _CODECS:
            node.args = [_lower(each) for each in node.args]
        if name == "assert_never":
            node.args = []
        if name == "cast":
            node.args = node.args[-1:]
        return self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> ast.AST:
        node.cases = [case for case in node.cases if not _is_unreachable(case)]
        return self.generic_visit(node)


def _is_unreachable(case: ast.match_case) -> bool:
    """`case _: assert_never(...)`: mypy proves that nothing comes there."""
    (first, *_) = case.body
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Call)
        and getattr(first.value.func, "id", "") == "assert_never"
    )


def _lower(node: ast.expr) -> ast.expr:
    return ast.Constant(node.value.lower()) if isinstance(node, ast.Constant) and isinstance(node.value, str) else node


def says_the_same(one: str, other: str) -> bool:
    """Whether two functions, as source text, differ in texts alone."""
    return _blank(one) == _blank(other)


def _blank(source: str) -> str:
    tree = _Blank().visit(ast.parse(source))
    function = tree.body[0]
    function.name = "_"
    return ast.dump(tree)
