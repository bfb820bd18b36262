"""What the code of a cell reads, binds and may change, found without running it.

Runs in the kernelspec's own Python, whose grammar and IPython decide; needs nothing but IPython there.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from . import canonical, magics
from .cell import CellWalker
from .collected import Collected
from .setup import is_set_up

__all__ = ["analyse"]

_AUTOMAGIC = re.compile(
    r"\s*(cd|ls|pwd|cat|cp|mv|rm|mkdir|rmdir|run|time|timeit|matplotlib|pip|conda|env|load_ext|pylab|config)\s+[^=\s].*"
)


def analyse(sources: list[str]) -> list[dict[str, Any]]:
    """Facts about each cell, in order: the engine's `CellFacts` with `canonical` instead of `digest`.

    Nothing of the code is run or imported. A cell that can not be parsed gets facts too: its `syntaxError` tells
    why, and everything counts as read.

    Args:
        sources: Raw sources of code cells, as the notebook holds them.

    Returns:
        One dict of plain values per source.
    """
    return [_analyse_one(source) for source in sources]


def _analyse_one(source: str) -> dict[str, Any]:
    found = Collected()
    try:
        tree, transformed = _parse(source)
        text = canonical.canonical(tree, transformed)
    except SyntaxError as error:
        found.because("the cell is not valid Python")
        # IPython's own transformations keep the number of lines of the cells that they leave alone
        place = {
            "message": error.msg or "invalid syntax",
            "line": error.lineno or 1,
            "column": error.offset or 1,
        }
        return _facts(found, _raw(source), empty=False, set_up=False, syntax_error=place)
    except ValueError as error:  # null bytes
        found.because("the cell is not valid Python")
        return _facts(
            found,
            _raw(source),
            empty=False,
            set_up=False,
            syntax_error={"message": str(error), "line": 1, "column": 1},
        )
    except (RecursionError, MemoryError):
        return _facts(_too_deep(), _raw(source), empty=False, set_up=False, syntax_error=None)
    try:
        CellWalker(found).cell(tree, shown=not canonical.ends_quietly(tree, transformed))
        set_up = is_set_up(tree)
    except RecursionError:
        return _facts(_too_deep(), text, empty=False, set_up=False, syntax_error=None)
    return _facts(found, text, empty=not tree.body, set_up=set_up, syntax_error=None)


def _parse(source: str) -> tuple[ast.Module, str]:
    transformed = magics.transform(source)
    try:
        return canonical.parse(transformed), transformed
    except SyntaxError:
        # `cd data` without its sign, as the shell allows on a line of its own
        if len(source.strip().splitlines()) != 1 or not _AUTOMAGIC.fullmatch(source.rstrip()):
            raise
        transformed = magics.transform("%" + source.strip())
        return canonical.parse(transformed), transformed


def _too_deep() -> Collected:
    found = Collected()
    found.because("the code is nested too deeply to be analysed")
    found.binds_unknown.append("the code is nested too deeply to be analysed")
    return found


def _raw(source: str) -> str:
    return "raw " + ascii(source)


def _facts(
    found: Collected, text: str, *, empty: bool, set_up: bool, syntax_error: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "canonical": text,
        "empty": empty,
        "loads": sorted(found.loads),
        "binds": sorted(found.binds),
        "mayBind": sorted(found.may_bind),
        "deletes": sorted(found.deletes),
        "mayMutate": sorted(found.mutated()),
        "stringNames": sorted(found.names_in_strings),
        "paths": sorted(found.paths),
        "dynamic": found.dynamic,
        "bindsUnknown": found.binds_unknown,
        "starImports": found.star_imports,
        "imports": sorted(found.imports),
        "importedNames": sorted(found.imported),
        "importedFrom": dict(sorted(found.imported.items())),
        "magics": sorted(found.magics),
        "setsEnvironment": found.sets_environment,
        "setUp": set_up,
        "chains": sorted(found.chains),
        "history": sorted(found.history),
        "functions": [body.facts(name) for name, body in sorted(found.functions.items())],
        "steps": found.steps,
        "remarks": found.remarks,
        "syntaxError": syntax_error,
    }
