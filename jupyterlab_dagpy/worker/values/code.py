"""How functions, their code and classes of a session are taken apart.

Positions (file names, line numbers, line tables) are kept out of the head, so that moving a function changes nothing
that is hashed; they travel in a list of their own, for tracebacks.
"""

from __future__ import annotations

import builtins
import dis
import sys
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any

from ..vendored.cloudpickle import cloudpickle as _cloudpickle
from . import rebuild

_GLOBAL_OPERATIONS = frozenset(
    {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"}
)


def is_importable(value: object) -> bool:
    """Whether a function or class is found again by importing its module."""
    return bool(_cloudpickle._should_pickle_by_reference(value))


def global_names(code: types.CodeType) -> list[str]:
    """Names that code, or code nested in it, looks up among its globals; sorted, builtin names included."""
    found: set[str] = set()
    for nested in _nested(code):
        found.update(
            step.argval for step in dis.get_instructions(nested) if step.opname in _GLOBAL_OPERATIONS
        )
    return sorted(found)


def reached_names(function: types.FunctionType, namespace: dict[str, object]) -> list[str]:
    """Session globals that a function looks up; a builtin counts only where the session redefines it."""
    return [
        name
        for name in global_names(function.__code__)
        if (name in namespace or not hasattr(builtins, name))
        and not (name.startswith("__") and name.endswith("__"))
    ]


def reduce_code(code: types.CodeType, place: int) -> tuple[Any, ...]:
    """Reduction of a code object without its positions.

    Args:
        code: any code object.
        place: number under which `positions` of it are kept.
    """
    args: list[Any] = [
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_nlocals,
        code.co_stacksize,
        code.co_flags,
        code.co_code,
        code.co_consts,
        # copies: a loaded code object makes its own tuples, the memo must not tell the two apart
        tuple(map(str, code.co_names)),
        tuple(map(str, code.co_varnames)),
        code.co_name,
    ]
    if sys.version_info >= (3, 11):
        args += [code.co_qualname, code.co_exceptiontable]
    args += [tuple(map(str, code.co_freevars)), tuple(map(str, code.co_cellvars))]
    return rebuild.make_code, (place, tuple(args))


def positions(code: types.CodeType) -> rebuild.LineTable:
    """What `reduce_code` leaves out."""
    return code.co_filename, code.co_firstlineno, code.co_linetable


def has_set(code: types.CodeType) -> bool:
    """Whether a constant of the code is a set, whose order must be made canonical."""
    return any(_holds_set(constant) for constant in code.co_consts)


def reduce_class(kind: type, place: int) -> tuple[Any, ...]:
    """Two-step reduction of a class by value, without the identity that cloudpickle tracks."""
    reduced = _cloudpickle._dynamic_class_reduce(kind)
    _, args, (attributes, _slots) = reduced[:3]
    make = rebuild.make_enum if issubclass(kind, Enum) else rebuild.make_class
    attributes.pop("__firstlineno__", None)
    if "__static_attributes__" in attributes:
        attributes["__static_attributes__"] = tuple(sorted(attributes["__static_attributes__"]))
    # the last two arguments are cloudpickle's identity of the class and its reserve
    return make, args[:-2], (attributes, place), None, None, rebuild.set_class_state


def class_line(kind: type) -> rebuild.LineTable:
    """Position of a class statement (Python 3.13), 0 where it is not known."""
    return "", int(vars(kind).get("__firstlineno__", 0)), None


def function_slots(function: types.FunctionType) -> dict[str, Any]:
    """Attributes of a function outside its ``__dict__``, its closure apart."""
    return {
        "__name__": "".join(function.__name__),
        "__qualname__": "".join(function.__qualname__),
        "__annotations__": function.__annotations__,
        "__kwdefaults__": function.__kwdefaults__,
        "__defaults__": function.__defaults__,
        "__module__": function.__module__,
        "__doc__": function.__doc__,
    }


def cell_contents(cell: types.CellType) -> tuple[Any, ...]:
    """The value of a cell in a tuple, which is empty for an empty cell."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def module_of_globals(scope: dict[str, Any]) -> str | None:
    """Name of the imported module whose globals these are."""
    name = scope.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) and name != "__main__" else None
    return name if module is not None and getattr(module, "__dict__", None) is scope else None


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


def _holds_set(constant: object) -> bool:
    if isinstance(constant, tuple):
        return any(_holds_set(part) for part in constant)
    return isinstance(constant, frozenset)
