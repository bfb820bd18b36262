"""The walk over a cell, magics included."""

from __future__ import annotations

import ast

from . import canonical, magics
from .walker import Walker


class CellWalker(Walker):
    """Python and the magics in it: `%time x = f()` reads and binds as `x = f()` does."""

    def magic(self, magic: magics.Magic) -> None:
        """Take in what a magic reads and binds; the Python that it runs is walked where it stands."""
        found = self.found
        found.magics.add(magic.label)
        facts = magics.facts_of(magic)
        found.names_in_strings |= facts.names
        found.paths |= facts.paths
        found.sets_environment = found.sets_environment or facts.environment
        if facts.dynamic is not None:
            found.because(facts.dynamic)
        if facts.binds_unknown and facts.dynamic is not None:
            found.binds_unknown.append(facts.dynamic)
        if facts.remark is not None:
            found.remark(facts.remark)
        if magic.name in magics.SESSION_OPTIONS:
            self.chained(f"%{magic.name}")
        self.chained(facts.chain)
        for name in facts.loads:
            self.load(name)
        code = magics.code_of(magic)
        if code:
            self.inline(code, binds=magic.name not in magics.LOCAL_CODE)
        for name in facts.binds:
            self.bind(name)

    def inline(self, code: str, binds: bool) -> None:
        """Walk the Python of a magic; `binds`: in the session, otherwise as the body of a function."""
        try:
            tree = canonical.parse(magics.transform(code))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.found.because("the code of a magic is not valid Python")
            return
        if binds:
            self.block(tree.body)
            return
        function = ast.FunctionDef(
            name="timed",
            args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
            body=tree.body or [ast.Pass()],
            decorator_list=[],
        )
        body = self.function_body(function)
        for name in sorted(body.loads):
            self.load(name)
        for name in sorted(body.mutates):
            self.mutate([name])
        for chain in sorted(body.chains):
            self.chained(chain)
