"""Expressions and simple statements: what they bind, share, change, and ask of the session."""

# ruff: noqa: D102 (methods are named after the nodes that they visit)

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import expressions, magics, strings, words
from .collected import Body, Collected, Facts, unique
from .scopes import Scope


class Effects(ast.NodeVisitor):
    """The part of the walk that looks at one expression or simple statement at a time."""

    def __init__(self, found: Collected, scope: Scope) -> None:
        self.found = found
        self.scope = scope
        self.body: Body | None = None
        self.class_body: Body | None = None
        self.last_lambda: Body | None = None
        self.displayed: ast.stmt | None = None

    # the walker gives these
    def load(self, name: str) -> None: ...
    def unbind(self, name: str) -> None: ...
    def bind(
        self, name: str, shares: Sequence[str] = (), mentions: Sequence[str] = (), call: str | None = None
    ) -> None: ...
    def magic(self, magic: magics.Magic) -> None: ...

    # ------------------------------------------------------------ where objects come from

    def origin(self, name: str) -> set[str]:
        """Globals and parameters whose objects a name may hold."""
        owner = self.scope.owner(name)
        if owner is None:
            return {name}
        return set(owner.origins.get(name, set()))

    def origins(self, names: Sequence[str]) -> list[str]:
        return unique(origin for name in names for origin in sorted(self.origin(name)))

    def mutate(self, names: Sequence[str], taken: Sequence[str] = ()) -> None:
        """The objects of the names change, and may hold on to those of `taken`."""
        for name in self.origins(names):
            if self.body is not None:
                self.body.mutates.add(name)
            else:
                self.found.steps.append({"do": "mutate", "name": name, "shares": self.origins(taken)})

    def change_itself(self, name: str) -> None:
        """The object changes, not what it was made from: `model.fit()` leaves the data alone."""
        if self.body is not None or self.scope.kind != "module":
            self.mutate([name])
            return
        self.found.refitted.add(name)
        step = {"do": "bind", "name": name, "sure": False, "shares": [name], "from": [name], "call": None}
        self.found.steps.append(step)

    def chained(self, chain: str | None) -> None:
        """Note a dotted name that is called or stored to."""
        if chain is None:
            return
        head = chain.split(".", 1)[0]
        if head != "?" and self.scope.owner(head) is not None:
            if "." not in chain:
                return
            chain = "?" + chain[len(head) :]
        (self.found.chains if self.body is None else self.body.chains).add(chain)

    # ------------------------------------------------------------ names and strings

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Del):
            self.unbind(node.id)
            return
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
            return
        if node.id in ("eval", "exec") and self.scope.owner(node.id) is None:
            self.found.because(words.READS_ALL[node.id])
        if strings.is_history(node.id):
            self.found.history.add(node.id)
        if node.id != "get_ipython":
            self.load(node.id)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.names_in_strings |= strings.names(node.value)
            if magics.looks_like_path(node.value):
                self.found.paths.add(node.value)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = expressions.chain(node)
        if dotted in words.READS_ALL:
            self.found.because(words.READS_ALL[dotted])
        elif dotted == "sys.modules":
            self.found.because("`sys.modules` may give this session's own variables")
        elif (
            node.attr in words.SHELL_NAMESPACE
            and isinstance(node.value, ast.Call)
            and expressions.chain(node.value.func) == "get_ipython"
        ):
            self.found.because(f"`get_ipython().{node.attr}` may use any variable")
        self.generic_visit(node)

    # ------------------------------------------------------------ calls

    def visit_Call(self, node: ast.Call) -> None:
        magic = magics.recognise(node)
        if magic is not None:
            self.magic(magic)
            return
        name = expressions.chain(node.func)
        self.asks_for_all(node, name)
        self.evaluates_strings(node, name)
        if name in words.ENVIRONMENT_CALLS:
            self.found.sets_environment = True
        if name in ("input", "getpass.getpass", "getpass") and self.scope.owner(name) is None:
            self.found.remark("`input()` waits for a person: a block runs unattended and gets an error")
        self.generic_visit(node)
        given = [keyword for keyword in node.keywords if keyword.arg in words.SEEDED_KEYWORDS]
        if not given or all(expressions.is_none(keyword.value) for keyword in given):
            self.chained(name)
        self.changes_by_call(node, name)
        self.call_of_own(node)

    def asks_for_all(self, node: ast.Call, name: str | None) -> None:
        if name is None or self.scope.owner(name) is not None:
            return
        if name in words.READS_ALL and "." not in name:
            self.found.because(words.READS_ALL[name])
        in_function = self.body is not None
        if name in words.WITHOUT_ARGUMENTS and not node.args and not node.keywords and not in_function:
            self.found.because(f"`{name}()` gives every variable")

    def evaluates_strings(self, node: ast.Call, name: str | None) -> None:
        if not strings.evaluates((name or "").rsplit(".", 1)[-1]):
            return
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            for inner in ast.walk(argument):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    self.found.names_in_strings |= magics.identifiers(inner.value)

    def changes_by_call(self, node: ast.Call, name: str | None) -> None:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            in_place = any(
                keyword.arg == "inplace" and expressions.is_true(keyword.value) for keyword in node.keywords
            )
            if in_place or node.func.attr in words.MUTATORS or node.func.attr.startswith(("set_", "add_")):
                taken = [shared for argument in arguments for shared in expressions.shares(argument)]
                if node.func.attr in words.CHANGES_ITSELF and isinstance(node.func.value, ast.Name):
                    self.change_itself(node.func.value.id)
                else:
                    self.mutate(
                        expressions.receiver(node.func.value),
                        taken if node.func.attr in words.TAKES_IN else [],
                    )
        if name in words.SINKS and node.args:
            self.mutate(
                expressions.shares(node.args[0]),
                [s for argument in node.args[1:] for s in expressions.shares(argument)],
            )
        for keyword in node.keywords:
            if keyword.arg in words.CHANGED_KEYWORDS:
                self.mutate(expressions.shares(keyword.value))

    def call_of_own(self, node: ast.Call) -> None:
        """Note a call that may be of a function of the notebook, so that what that one changes can be followed."""
        pairs: list[tuple[str, str]] = []
        for index, argument in enumerate(node.args):
            pairs += [(str(index), origin) for origin in self.origins(expressions.shares(argument))]
        for keyword in node.keywords:
            pairs += [
                (keyword.arg or "*", origin) for origin in self.origins(expressions.shares(keyword.value))
            ]
        if isinstance(node.func, ast.Name):
            if self.scope.owner(node.func.id) is not None:
                return
            callee = node.func.id
        elif isinstance(node.func, ast.Attribute):
            callee = f".{node.func.attr}"
            pairs = [
                ("self", origin) for origin in self.origins(expressions.receiver(node.func.value))
            ] + pairs
        else:
            return
        call: Facts = {"callee": callee, "arguments": [list(pair) for pair in dict.fromkeys(pairs)]}
        if self.body is not None:
            if call not in self.body.calls:
                self.body.calls.append(call)
        else:
            self.found.steps.append({"do": "call", **call})

    # ------------------------------------------------------------ statements

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        discarded = node is not self.displayed
        called = value.func if discarded and isinstance(value, ast.Call) else None
        if (
            isinstance(called, ast.Attribute)
            and called.attr not in words.LOOKING
            and magics.recognise(value) is None
        ):
            self.mutate(expressions.receiver(called.value))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.last_lambda = None
        self.visit(node.value)
        for target in node.targets:
            self.assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self.body is None or self.scope.kind == "class":
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.assign(node.target, node.value)
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.assign(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            name = node.target.id
            self.load(name)
            self.visit(node.value)
            self.mutate([name], expressions.shares(node.value))
            self.bind(name, [name, *expressions.shares(node.value)], expressions.loaded(node.value))
            return
        self.visit(node.value)
        self.store(node.target, node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.visit(target)
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                self.mutate(expressions.receiver(target))

    def visit_TypeAlias(self, node: ast.AST) -> None:
        name = node.name  # type: ignore[attr-defined]
        own = {parameter.name for parameter in node.type_params}  # type: ignore[attr-defined]
        for inner in ast.walk(node.value):  # type: ignore[attr-defined]
            if isinstance(inner, ast.Name) and inner.id not in own:
                self.load(inner.id)
        self.bind(name.id)

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            plain = not any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
            if plain and len(target.elts) == len(value.elts):
                for part, source in zip(target.elts, value.elts, strict=True):
                    self.assign(part, source)
                return
        if isinstance(target, ast.Name) and self.scope.kind == "module" and self.body is None:
            if isinstance(value, ast.Lambda) and self.last_lambda is not None:
                self.found.functions[target.id] = self.last_lambda
            what = expressions.unkept(value)
            self.target(target, expressions.shares(value), expressions.loaded(value), value)
            if what is not None:
                self.found.steps.append({"do": "unkept", "name": target.id, "what": what})
            return
        self.target(target, expressions.shares(value), expressions.loaded(value), value)

    def target(
        self, target: ast.expr, shares: Sequence[str], mentions: Sequence[str], value: ast.expr | None = None
    ) -> None:
        if isinstance(target, ast.Name):
            call = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else None
            if self.scope.owner(target.id) is None and self.body is None:
                # only globals mean something in a step
                shares = [name for name in shares if self.scope.owner(name) is None]
            self.bind(target.id, shares, mentions, call)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self.target(part, shares, mentions)
        elif isinstance(target, ast.Starred):
            self.target(target.value, shares, mentions)
        else:
            self.store(target, value, shares)

    def store(self, target: ast.expr, value: ast.expr | None, shares: Sequence[str] = ()) -> None:
        """`a.b[c] = value`: loads the chain, changes what it starts from."""
        for child in ast.iter_child_nodes(target):
            self.visit(child)
        dotted = expressions.stored_chain(target)
        self.chained(dotted)
        if dotted in ("os.environ", "environ") or (
            dotted is None and expressions.receiver(target) == ["environ"]
        ):
            self.found.sets_environment = True
        self.mutate(expressions.receiver(target), [*shares, *expressions.shares(value)])

    # ------------------------------------------------------------ imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.found.imports.add(alias.name)
            name = alias.asname or alias.name.split(".")[0]
            self.imported(name, alias.name if alias.asname else name)
            if alias.name == "__main__":
                self.found.because("`__main__` gives every variable")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if not node.level:
            self.found.imports.add(module)
        for alias in node.names:
            if alias.name == "*":
                reason = f"`from {module} import *` binds names that are not in the code"
                self.found.because(reason)
                self.found.binds_unknown.append(reason)
                self.found.star_imports.append(module)
                continue
            self.imported(alias.asname or alias.name, f"{module}.{alias.name}")

    def imported(self, name: str, origin: str) -> None:
        self.bind(name)
        if self.body is None and self.scope.kind == "module":
            self.found.imported[name] = origin
