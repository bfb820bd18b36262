"""Walks the statements of a cell in the order in which they run, noting what is read before it is bound."""

# ruff: noqa: D102 (methods are named after the nodes that they visit)

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from . import expressions
from .collected import Body, Collected, unique
from .effects import Effects
from .scopes import (
    ComprehensionNode,
    FunctionNode,
    Scope,
    class_scope,
    comprehension_scope,
    function_scope,
    outside,
    parameters,
    type_parameters,
    yields,
)

_MISSING_BODY = (ast.Continue, ast.Break, ast.Raise, ast.Return)


class Walker(Effects):
    """One walk over one cell; `found` holds the result after `cell`.

    `sure` are the names that the cell has bound so far whatever happened. Bodies of functions count from where the
    function is first mentioned, since they can not run earlier.
    """

    def __init__(self, found: Collected) -> None:
        super().__init__(found, Scope("module"))
        self.sure: set[str] = set()
        self.pending: dict[str, list[set[str]]] = {}
        self.conditional = 0

    def cell(self, tree: ast.Module, shown: bool) -> None:
        """Walk a whole cell; `shown`: the value of its last expression is displayed."""
        self.displayed = (
            tree.body[-1] if shown and tree.body and isinstance(tree.body[-1], ast.Expr) else None
        )
        self.block(tree.body)
        for name in list(self.pending):
            self.flush(name)
        self.found.binds |= self.sure
        self.found.may_bind |= self.sure

    # ------------------------------------------------------------ names

    def load(self, name: str) -> None:
        if self.scope.owner(name) is not None:
            return
        if self.body is not None:
            self.body.loads.add(name)
        else:
            self.global_load(name)

    def global_load(self, name: str) -> None:
        if name not in self.sure:
            self.found.loads.add(name)
        self.flush(name)

    def flush(self, name: str) -> None:
        for loads in self.pending.pop(name, []):
            for inner in sorted(loads):
                self.global_load(inner)

    def bind(
        self,
        name: str,
        shares: Sequence[str] = (),
        mentions: Sequence[str] = (),
        call: str | None = None,
    ) -> None:
        scope = self.scope
        while scope.kind == "comprehension" and scope.parent is not None and name not in scope.names:
            scope = scope.parent  # a walrus binds outside
        if scope.kind == "comprehension" or (scope.kind != "module" and name not in scope.globals):
            if scope.kind == "class":
                scope.names.add(name)
            origins = scope.origins.setdefault(name, set())
            for shared in shares:
                origins |= self.origin(shared)
            return
        if self.body is not None and self.scope.kind != "class":
            self.body.binds.add(name)
            self.found.may_bind.add(name)
            return
        self.found.may_bind.add(name)
        sure = self.conditional == 0
        step = {
            "do": "bind",
            "name": name,
            "sure": sure,
            "shares": unique(shares),
            "from": unique(mentions),
            "call": call,
        }
        self.found.steps.append(step)
        self.sure.add(name)

    def unbind(self, name: str) -> None:
        self.load(name)
        if self.scope.kind == "module":
            self.found.deletes.add(name)
            self.found.steps.append({"do": "delete", "name": name})
            self.sure.discard(name)

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    # ------------------------------------------------------------ control flow

    def block(self, statements: Iterable[ast.stmt]) -> bool:
        """Walk statements in order; whether the end is reached."""
        reaches_end = True
        for statement in statements:
            self.visit(statement)
            if isinstance(statement, _MISSING_BODY):
                reaches_end = False
        return reaches_end

    def branch(self, statements: Iterable[ast.stmt], before: set[str]) -> set[str] | None:
        """Names sure after a branch that starts with `before`; `None`: its end is never reached."""
        self.sure = set(before)
        self.conditional += 1
        reaches_end = self.block(statements)
        self.conditional -= 1
        return self.sure if reaches_end else None

    def join(self, before: set[str], *ends: set[str] | None) -> None:
        """Go on with what every way that gets here has bound."""
        reached = [end for end in ends if end is not None]
        self.sure = set.intersection(*reached) if reached else set(before)

    def visit_If(self, node: ast.If) -> None:  # noqa: N802
        self.visit(node.test)
        before = set(self.sure)
        self.join(before, self.branch(node.body, before), self.branch(node.orelse, before))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:  # noqa: N802
        self.visit(node.iter)
        before = set(self.sure)
        self.conditional += 1
        self.target(node.target, expressions.shares(node.iter), expressions.loaded(node.iter))
        self.conditional -= 1
        self.branch(node.body, set(self.sure))
        self.branch(node.orelse, before)
        self.sure = before

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_While(self, node: ast.While) -> None:  # noqa: N802
        self.visit(node.test)
        before = set(self.sure)
        self.branch(node.body, before)
        self.branch(node.orelse, before)
        self.sure = before

    def visit_Try(self, node: ast.Try) -> None:  # noqa: N802
        before = set(self.sure)
        body = self.branch(node.body, before)
        if body is not None:
            body = self.branch(node.orelse, body)
        handlers = [self.handler(handler, before) for handler in node.handlers]
        self.join(before, body, *handlers)
        self.block(node.finalbody)

    visit_TryStar = visit_Try  # noqa: N815

    def handler(self, node: ast.ExceptHandler, before: set[str]) -> set[str] | None:
        self.sure = set(before)
        if node.type is not None:
            self.visit(node.type)
        start = set(self.sure)
        if node.name and self.scope.kind == "module":
            start.add(node.name)
        end = self.branch(node.body, start)
        if end is not None and node.name:
            end = end - {node.name}
        return end

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:  # noqa: N802
        swallows = False
        for item in node.items:
            self.visit(item.context_expr)
            name = (
                expressions.chain(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else None
            )
            swallows = swallows or (name or "").rsplit(".", 1)[-1] in ("suppress", "raises")
            if item.optional_vars is not None:
                self.target(
                    item.optional_vars,
                    expressions.shares(item.context_expr),
                    expressions.loaded(item.context_expr),
                )
        before = set(self.sure)
        if swallows:
            self.branch(node.body, before)
            self.sure = before
        else:
            self.block(node.body)

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_Match(self, node: ast.Match) -> None:  # noqa: N802
        self.visit(node.subject)
        before = set(self.sure)
        ends: list[set[str] | None] = []
        exhaustive = False
        for case in node.cases:
            self.sure = set(before)
            self.conditional += 1
            self.visit(case.pattern)
            if case.guard is not None:
                self.visit(case.guard)
            self.conditional -= 1
            ends.append(self.branch(case.body, set(self.sure)))
            wildcard = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            exhaustive = exhaustive or (wildcard and case.guard is None)
        self.join(before, *ends, *([] if exhaustive else [before]))

    def visit_MatchAs(self, node: ast.MatchAs) -> None:  # noqa: N802
        if node.pattern is not None:
            self.visit(node.pattern)
        if node.name:
            self.bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:  # noqa: N802
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:  # noqa: N802
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)

    @contextmanager
    def maybe(self) -> Iterator[None]:
        """What is walked here may not run."""
        before = set(self.sure)
        self.conditional += 1
        yield
        self.conditional -= 1
        self.sure = before

    def visit_BoolOp(self, node: ast.BoolOp) -> None:  # noqa: N802
        self.visit(node.values[0])
        with self.maybe():
            for value in node.values[1:]:
                self.visit(value)

    def visit_IfExp(self, node: ast.IfExp) -> None:  # noqa: N802
        self.visit(node.test)
        for part in (node.body, node.orelse):
            with self.maybe():
                self.visit(part)

    def visit_Assert(self, node: ast.Assert) -> None:  # noqa: N802
        self.visit(node.test)
        if node.msg is not None:
            with self.maybe():
                self.visit(node.msg)

    # ------------------------------------------------------------ inner scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802
        self.header(node)
        body = self.function_body(node)
        body.generator = yields(node)
        self.define(node.name, body, immediate=bool(node.decorator_list))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def header(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """What of a definition runs where it stands; its type parameters are known there."""
        own = type_parameters(node)
        bounds = [getattr(parameter, "bound", None) for parameter in getattr(node, "type_params", [])]
        with self.within(Scope("function", self.scope, own) if own else self.scope):
            for part in (*outside(node), *(bound for bound in bounds if bound is not None)):
                self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        body = self.function_body(node)
        if self.body is not None:
            self.body.absorb(body)
        else:
            self.last_lambda = body
            for name in sorted(body.loads):
                self.global_load(name)

    def function_body(self, node: FunctionNode) -> Body:
        outer, outer_conditional = self.body, self.conditional
        self.body, self.conditional = Body(parameters(node.args)), 1
        scope = function_scope(node, self.scope)
        for name in self.body.parameters:
            scope.origins[name] = {name}
        with self.within(scope):
            if isinstance(node, ast.Lambda):
                self.visit(node.body)
            else:
                self.block(node.body)
        body, self.body, self.conditional = self.body, outer, outer_conditional
        return body

    def define(self, name: str, body: Body, immediate: bool) -> None:
        """Bind a function; its body counts now (`immediate`), or when the name is first mentioned."""
        if self.scope.kind == "class":
            self.scope.names.add(name)
            methods = self.found.functions
            if self.class_body is not None:
                self.class_body.absorb(body)
                previous = methods.get(f".{name}")
                if previous is not None:
                    previous.absorb(body)
                else:
                    methods[f".{name}"] = body
            if self.body is not None:
                self.body.absorb(body)
            return
        if self.body is not None:
            self.body.absorb(body)
            self.bind(name)
            return
        self.found.functions[name] = body
        if immediate:
            for inner in sorted(body.loads):
                self.global_load(inner)
        else:
            self.pending.setdefault(name, []).append(body.loads)
        self.bind(name, (), sorted(body.loads))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        self.header(node)
        outer_class, self.class_body = self.class_body, Body(is_class=True)
        with self.within(class_scope(node, self.scope)):
            self.block(node.body)
        body, self.class_body = self.class_body, outer_class
        bases = [name for base in node.bases for name in expressions.loaded(base)]
        if self.scope.kind == "module" and self.body is None:
            body.loads |= set(bases) - type_parameters(node)
            self.found.functions[node.name] = body
            immediate = bool(node.decorator_list)
            for inner in sorted(body.loads) if immediate else ():
                self.global_load(inner)
            if not immediate:
                self.pending.setdefault(node.name, []).append(body.loads)
            self.bind(node.name, (), sorted(body.loads | set(expressions.loaded(node))))
        else:
            if self.class_body is not None:
                self.class_body.absorb(body)
            self.bind(node.name)

    def comprehension(self, node: ComprehensionNode) -> None:
        self.visit(node.generators[0].iter)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        with self.maybe(), self.within(comprehension_scope(node, self.scope)):
            for index, part in enumerate(node.generators):
                if index > 0:
                    self.visit(part.iter)
                self.target(part.target, expressions.shares(part.iter), expressions.loaded(part.iter))
                for condition in part.ifs:
                    self.visit(condition)
            for result in results:
                self.visit(result)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815
