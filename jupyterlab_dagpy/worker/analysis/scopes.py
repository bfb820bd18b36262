"""Which names belong to a function, lambda, comprehension or class body."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ComprehensionNode = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_NEW_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """A namespace of the code; a class's fills as its body runs, and inner functions do not see it."""

    kind: Literal["module", "function", "comprehension", "class"]
    parent: Scope | None = None
    names: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    # a local name's objects may be those of these parameters and globals
    origins: dict[str, set[str]] = field(default_factory=dict)

    def owner(self, name: str) -> Scope | None:
        """The scope that a load of the name finds it in; `None`: the session's globals."""
        scope: Scope | None = self
        first = True
        while scope is not None and scope.kind != "module":
            if name in scope.globals:
                return None
            if name in scope.names and (scope.kind != "class" or first):
                return scope
            # the body of a comprehension does not see the class around it
            first = False
            scope = scope.parent
        return None


def parameters(arguments: ast.arguments) -> list[str]:
    """Positional ones first, so that a position is an index; then the others."""
    found = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    found += [argument.arg for argument in arguments.kwonlyargs]
    found += [argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return found


def function_scope(node: FunctionNode, parent: Scope) -> Scope:
    """Parameters and everything that the body binds, wherever it does."""
    body: Iterable[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
    binder = _Binder()
    for statement in body:
        binder.visit(statement)
    names = (binder.bound - binder.globals - binder.nonlocals) | set(parameters(node.args))
    names |= type_parameters(node)
    return Scope("function", parent, names, binder.globals)


def class_scope(node: ast.ClassDef, parent: Scope) -> Scope:
    """Nothing yet: a class body may read a global before it binds the name."""
    binder = _Binder()
    for statement in node.body:
        binder.visit(statement)
    return Scope("class", parent, type_parameters(node), binder.globals)


def comprehension_scope(node: ComprehensionNode, parent: Scope) -> Scope:
    """The targets of its `for` parts."""
    names = {
        inner.id
        for part in node.generators
        for inner in ast.walk(part.target)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    return Scope("comprehension", parent, names)


def type_parameters(node: ast.AST) -> set[str]:
    """The `T` of `def f[T]` and its like."""
    return {parameter.name for parameter in getattr(node, "type_params", None) or []}


def yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether calling the function makes a generator."""
    pending: list[ast.AST] = list(node.body)
    while pending:
        inner = pending.pop()
        if isinstance(inner, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(inner, _NEW_SCOPES):
            pending.extend(ast.iter_child_nodes(inner))
    return False


class _Binder(ast.NodeVisitor):
    """Collects what one body binds itself, inner scopes left out."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, (ast.Store, ast.Del)):
                self.bound.add(node.id)
            return
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            (self.globals if isinstance(node, ast.Global) else self.nonlocals).update(node.names)
            return
        if isinstance(node, _COMPREHENSIONS):
            self._walruses(node)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.bound.add(node.name)
            for outer in outside(node):
                self.visit(outer)
            return
        if isinstance(node, ast.Lambda):
            for outer in (*node.args.defaults, *(default for default in node.args.kw_defaults if default)):
                self.visit(outer)
            return
        if isinstance(node, ast.alias):
            if node.name != "*":
                self.bound.add(node.asname or node.name.split(".")[0])
            return
        if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            self.bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self.bound.add(node.rest)
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def _walruses(self, node: ComprehensionNode) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr) and isinstance(inner.target, ast.Name):
                self.bound.add(inner.target.id)


def outside(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """Expressions of a definition that run where it stands: decorators, defaults, annotations, bases."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
    every = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        node.args.vararg,
        node.args.kwarg,
    ]
    annotations = [argument.annotation for argument in every if argument is not None]
    defaults = [*node.args.defaults, *node.args.kw_defaults]
    return [
        part for part in (*node.decorator_list, *defaults, *annotations, node.returns) if part is not None
    ]
