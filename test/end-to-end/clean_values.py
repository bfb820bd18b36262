"""Values of blocks for the clean executor: how they are pickled, what they share, what they look up, what they are."""

from __future__ import annotations

import inspect
import io
import marshal
import pickle
import threading
import types
from typing import Any

#: Globals of the block that runs in this process.
NAMESPACE: dict[str, Any] = {}

#: What no pickle carries, as far as stories draw it.
UNPICKLED = (types.GeneratorType, type(threading.Lock()))


class Pickler:
    """cloudpickle, except that functions come back with the globals of the block that loads them."""

    @staticmethod
    def dumps(values: dict[str, Any]) -> bytes:
        import cloudpickle

        class Own(cloudpickle.CloudPickler):  # type: ignore[misc]
            def reducer_override(self, value: Any) -> Any:
                if type(value) is types.FunctionType and value.__globals__ is NAMESPACE:
                    held = [cell.cell_contents for cell in value.__closure__ or ()]
                    code = marshal.dumps(value.__code__)
                    return function, (code, value.__name__, value.__qualname__, value.__defaults__, held)
                return super().reducer_override(value)

        file = io.BytesIO()
        Own(file, protocol=5).dump(values)
        return file.getvalue()


def function(code: bytes, name: str, qualname: str, defaults: Any, held: list[Any]) -> Any:
    cells = tuple(types.CellType(value) for value in held)
    made = types.FunctionType(marshal.loads(code), NAMESPACE, name, defaults, cells or None)
    made.__qualname__ = qualname
    return made


def parts(value: Any) -> list[Any]:
    """What a value is made of, as far as names and objects of the notebook go."""
    import numpy

    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, numpy.ndarray):
        return [
            *([] if value.base is None else [value.base]),
            *(value.tolist() if value.dtype == object else []),
        ]
    if isinstance(value, types.FunctionType) and value.__globals__ is NAMESPACE:
        return [*(cell.cell_contents for cell in value.__closure__ or ()), *(value.__defaults__ or ())]
    if isinstance(value, type) and value.__module__ == "__main__":
        return list(vars(value).values())
    if type(value).__module__ == "__main__":
        return [type(value), *vars(value).values()]
    return []


def everything_in(value: Any) -> dict[int, Any]:
    found: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting += parts(one)
    return found


def can_be_pickled(value: Any) -> bool:
    """Globals of functions are no part of them."""
    return not any(isinstance(one, UNPICKLED) for one in everything_in(value).values())


def state_of(value: Any) -> str | None:
    """Differs when a value was changed; `None` where nobody can tell."""
    if can_be_pickled(value):
        return describe(value)
    if isinstance(value, types.GeneratorType):
        return "not begun" if inspect.getgeneratorstate(value) == inspect.GEN_CREATED else None
    return f"locked: {value.locked()}" if isinstance(value, UNPICKLED) else None


IMMUTABLE = (int, float, complex, str, bytes, tuple, frozenset, type(None), types.ModuleType)


def partition(values: dict[str, Any]) -> list[set[str]]:
    """Names whose values hold a mutable object in common, directly or through others."""
    groups: list[tuple[set[str], set[int]]] = []
    for name in sorted(values):
        own = {
            id(one)
            for one in everything_in(values[name]).values()
            if not isinstance(one, IMMUTABLE) and is_ours(one)
        }
        names = {name}
        for group in [group for group in groups if group[1] & own]:
            groups.remove(group)
            names |= group[0]
            own |= group[1]
        groups.append((names, own))
    return [names for names, _ in groups]


def is_ours(value: Any) -> bool:
    """Whether an object is the notebook's: not code of the prelude or a package."""
    if isinstance(value, types.FunctionType):
        return value.__globals__ is NAMESPACE and bool(value.__closure__ or vars(value) or value.__defaults__)
    if isinstance(value, type):
        return value.__module__ == "__main__"
    package = type(value).__module__.partition(".")[0]
    return (
        isinstance(value, (list, dict, set, *UNPICKLED))
        or package in ("__main__", "numpy", "pandas")
        or parts(value) != []
    )


def reaches(value: Any) -> set[str]:
    """Globals that functions and classes in a value look up, and those that these reach."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        for one in everything_in(waiting.pop()).values():
            for name in looked_up_by(one):
                if name in NAMESPACE and name not in found:
                    found.add(name)
                    waiting.append(NAMESPACE[name])
    return found


def looked_up_by(value: Any) -> set[str]:
    if isinstance(value, types.FunctionType) and value.__globals__ is NAMESPACE:
        return names_in(value.__code__)
    if isinstance(value, types.GeneratorType) and value.gi_frame is not None:
        return names_in(value.gi_code)
    return set()


def names_in(code: types.CodeType) -> set[str]:
    inner = [names_in(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


def describe(value: Any, seen: dict[int, int] | None = None) -> str:
    """Everything about a value, what it shares with itself included; equal for equal values only."""
    import numpy
    import pandas

    seen = {} if seen is None else seen

    def inside(items: Any) -> str:
        return ", ".join(describe(item, seen) for item in items)

    if isinstance(value, types.CodeType):
        return describe_code(value)
    if isinstance(value, float):
        return f"float {pickle.dumps(value)!r}"
    if isinstance(value, numpy.generic):
        return f"{value.dtype.str} {value.tobytes().hex()}"
    if isinstance(value, int | complex | str | bytes | type(None)):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, types.ModuleType | numpy.dtype):
        return repr(value) if not isinstance(value, types.ModuleType) else f"module {value.__name__}"
    if isinstance(value, tuple):
        return f"({inside(value)})"
    if id(value) in seen:
        return f"#{seen[id(value)]}"
    seen[id(value)] = len(seen)
    if isinstance(value, list):
        return f"[{inside(value)}]"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__} {sorted(describe(item) for item in value)}"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{describe(key, seen)}: {describe(item, seen)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, numpy.ndarray):
        flags = f"{value.dtype.str}{value.shape}{value.flags.c_contiguous}{value.flags.f_contiguous}"
        return f"array {flags} {inside(value.tolist()) if value.dtype == object else value.tobytes().hex()}"
    if isinstance(value, pandas.DataFrame):
        columns = "; ".join(f"{name!r}: {column.dtype} {column.tolist()!r}" for name, column in value.items())
        return f"frame {value.index!r} {columns}"
    if isinstance(value, types.FunctionType):
        held = inside(cell.cell_contents for cell in value.__closure__ or ())
        return (
            f"function {value.__qualname__} {describe_code(value.__code__)} {value.__defaults__!r} <{held}>"
        )
    if isinstance(value, type):
        if value.__module__ != "__main__":
            return f"type {value.__module__}.{value.__qualname__}"
        own = {
            name: item
            for name, item in vars(value).items()
            if not isinstance(item, types.GetSetDescriptorType) and name not in ("__dict__", "__weakref__")
        }
        return f"class {value.__qualname__} {describe(own, seen)}"
    if type(value).__module__ == "__main__":
        return f"{describe(type(value), seen)}{describe(vars(value), seen)}"
    return f"{type(value).__qualname__} {value!r}"


def describe_code(code: types.CodeType) -> str:
    """Without file names and line numbers."""
    constants = [describe(const, {}) for const in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars} {constants}"
