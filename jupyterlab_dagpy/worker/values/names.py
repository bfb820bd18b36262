"""Names: which are the machine's own, what a filter asks for, what code binds and imports."""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Iterable, Sequence

_MACHINE = re.compile(r"_{1,3}|_i+|_i\d+|_\d+|_[ido]h|__\w+__")
_SHELL = frozenset({"In", "Out", "exit", "quit", "get_ipython"})


def is_machine_name(name: str) -> bool:
    """Whether IPython or Python itself puts the name into a session; such names are never exported."""
    if name in _SHELL:
        return True
    return _MACHINE.fullmatch(name) is not None


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is listed, or matched by a glob of the list."""
    return any(name == pattern or fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def bound_names(sources: Iterable[str]) -> set[str]:
    """Names that the top level of some code binds: assignment, import, definition, loop, ``with``.

    Args:
        sources: Python sources after IPython's transformation; one that can not be parsed is passed over.
    """
    found: set[str] = set()
    for tree in _trees(sources):
        collector = _Bound()
        collector.visit(tree)
        found |= collector.names
    return found


def dotted_imports(sources: Iterable[str]) -> dict[str, list[str]]:
    """Top-level package → submodules that ``import a.b.c`` makes reachable through it, sorted."""
    found: dict[str, set[str]] = {}
    # without the word there is nothing to be found, and most cells have no import
    for tree in _trees(source for source in sources if "import" in source):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top, _, rest = alias.name.partition(".")
                    if rest and alias.asname is None:
                        found.setdefault(top, set()).add(alias.name)
    return {top: sorted(names) for top, names in found.items()}


def _trees(sources: Iterable[str]) -> Iterable[ast.Module]:
    for source in sources:
        try:
            yield ast.parse(source)
        except (SyntaxError, ValueError):
            continue


class _Bound(ast.NodeVisitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names.add(node.name)
        for part in node.body:
            # inside, only a `global` statement binds a name of the session
            self.names.update(
                name for inner in ast.walk(part) if isinstance(inner, ast.Global) for name in inner.names
            )

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.names.add(node.name)
        self.generic_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.names.add(node.rest)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815
    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.add(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        return

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        # its targets are its own; only `:=` binds outside
        self.names.update(
            inner.target.id
            for inner in ast.walk(node)
            if isinstance(inner, ast.NamedExpr) and isinstance(inner.target, ast.Name)
        )

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # noqa: N815

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.names.add(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815
