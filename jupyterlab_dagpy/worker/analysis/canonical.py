"""The canonical form of a cell: equal exactly where two sources mean the same to Python and IPython."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from typing import Any

from . import magics

# what carries no meaning for the running program
_IGNORED_FIELDS = frozenset({"kind", "type_comment", "type_ignores", "ctx"})
_QUIET_TOKENS = frozenset(
    {tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}
)


def parse(transformed: str) -> ast.Module:
    """Parse a transformed cell; `await` may stand at top level.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `compile` does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like are told when the cell runs
        tree = compile(
            transformed,
            "<cell>",
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
    assert isinstance(tree, ast.Module)
    return tree


def canonical(tree: ast.Module, transformed: str) -> str:
    """Text that leaves out comments, layout and quoting, and keeps every literal's type and value."""
    quiet = ";" if ends_quietly(tree, transformed) else ""
    return dump(tree) + quiet


def ends_quietly(tree: ast.Module, transformed: str) -> bool:
    """Whether the value of the last expression is not shown because of a final `;` (as IPython decides it)."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(transformed).readline))
    except (tokenize.TokenError, SyntaxError):
        return False
    for token in reversed(tokens):
        if token.type not in _QUIET_TOKENS:
            return token.type == tokenize.OP and token.string == ";"
    return False


def dump(tree: ast.AST) -> str:
    """`ast.dump` without recursion, positions, empty fields and limits on the digits of integers."""
    parts: list[str] = []
    stack: list[Any] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, _Text):
            parts.append(item)
        elif isinstance(item, ast.Constant):
            parts.append(constant(item.value))
        elif isinstance(item, ast.AST):
            stack.append(_Text(")"))
            for field, value in reversed(list(fields(item))):
                stack.append(value)
                stack.append(_Text(f"{field}="))
            parts.append(f"{type(item).__name__}(")
        elif isinstance(item, list):
            stack.append(_Text("]"))
            stack.extend(reversed(item))
            parts.append("[")
        else:  # names, operators' absence, and the numbers of f-string conversions
            parts.append(constant(item))
        parts.append(",")
    return "".join(parts)


class _Text(str):
    """Text of the dump itself, as opposed to a name in the tree."""


def fields(node: ast.AST) -> list[tuple[str, Any]]:
    """The node's fields that say something; the body of a magic that holds Python is canonical too."""
    code = magics.code_body(node)
    if code is not None:
        name, line, body = code
        return [("magic", name), ("line", line), ("code", _Text(body_canonical(body)))]
    return [
        (field, value)
        for field, value in ast.iter_fields(node)
        if field not in _IGNORED_FIELDS and value is not None and value != []
    ]


def body_canonical(body: str) -> str:
    """The canonical form of the Python that a magic runs; as it stands if it does not parse."""
    try:
        transformed = magics.transform(body)
        return canonical(parse(transformed), transformed)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "raw " + ascii(body)


def constant(value: object) -> str:
    """Injective over the types that literals have: `1`, `True`, `1.0`, `'1'` and `b'1'` all differ."""
    kind = type(value).__name__
    if isinstance(value, bool) or value is None or value is Ellipsis:
        return repr(value)
    if isinstance(value, int):
        return f"int:{value:x}"
    if isinstance(value, float):
        return f"float:{value.hex()}"
    if isinstance(value, complex):
        return f"complex:{value.real.hex()}:{value.imag.hex()}"
    return f"{kind}:{value!a}"
