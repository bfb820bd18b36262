"""What stored heads call when they are loaded: functions, classes and modules rebuilt inside one session.

A head refers to the placeholders of this module by name; `Loader` puts the methods of a `Rebuilder` in their place,
so that what it rebuilds lands in the namespace of the session that loads, not in a private copy of globals.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ..vendored.cloudpickle import cloudpickle as _cloudpickle

#: File name and first line that normalised code objects carry in a head.
NEUTRAL_FILE = "<notebook>"
NEUTRAL_LINE = 1

#: File name, first line and line table of a code object; file name empty and table ``None`` for a class.
LineTable = tuple[str, int, bytes | None]


def _placeholder(*_args: object, **_kwargs: object) -> NoReturn:
    raise pickle.UnpicklingError("a stored value of DAGpy can only be loaded inside a session of DAGpy")


def make_code(*args: Any) -> Any:
    """Stand-in for `Rebuilder.make_code`."""
    _placeholder(*args)


def make_function(*args: Any) -> Any:
    """Stand-in for `Rebuilder.make_function`."""
    _placeholder(*args)


def set_class_state(*args: Any) -> Any:
    """Stand-in for `Rebuilder.set_class_state`."""
    _placeholder(*args)


def session_global(*args: Any) -> Any:
    """Stand-in for `Rebuilder.session_global`."""
    _placeholder(*args)


def import_module(*args: Any) -> Any:
    """Stand-in for `Rebuilder.import_module`."""
    _placeholder(*args)


def make_class(*args: Any) -> Any:
    """A class without its attributes; `set_class_state` adds them once it can be referred to."""
    return _cloudpickle._make_skeleton_class(*args, None, None)


def make_enum(*args: Any) -> Any:
    """An enumeration with its members."""
    return _cloudpickle._make_skeleton_enum(*args, None, None)


def array_of(array: Any, kind: type, attributes: dict[str, Any]) -> Any:
    """A NumPy array as an object of a subclass, with the attributes that it had."""
    made = array.view(kind)
    vars(made).update(attributes)
    return made


def array_as(array: Any, dtype: Any) -> Any:
    """The memory of a NumPy array, read as another type of the same size."""
    return array.view(dtype)


def make_cell() -> types.CellType:
    """An empty closure cell."""
    return types.CellType()


def fill_cell(cell: types.CellType, contents: tuple[object, ...]) -> None:
    """Put the value into a cell; an empty tuple leaves it empty."""
    if contents:
        cell.cell_contents = contents[0]


def set_function_state(function: types.FunctionType, state: tuple[Any, ...]) -> None:
    """Give a rebuilt function its attributes, defaults, the contents of its cells and foreign globals."""
    attributes, slots, contents, outside = state
    function.__dict__.update(attributes)
    for cell, content in zip(function.__closure__ or (), contents, strict=True):
        fill_cell(cell, content)
    for name, value in slots.items():
        setattr(function, name, value)
    if outside is not None:
        function.__globals__.update(outside)


def make_set() -> set[Any]:
    """An empty set, filled once it can be referred to."""
    return set()


def fill_set(target: set[Any], elements: Iterable[Any]) -> None:
    """Add the elements."""
    target.update(elements)


def make_lru_cache(function: Any, parameters: Mapping[str, Any]) -> Any:
    """A function behind an empty `functools.lru_cache`."""
    return functools.lru_cache(**parameters)(function)


def make_weak_key_dictionary(kind: type, items: Sequence[tuple[Any, Any]]) -> Any:
    """A weak dictionary with the given items, as far as something else holds them."""
    return kind(items)


def make_memoryview(data: bytes | bytearray) -> memoryview:
    """A one-dimensional view of bytes; writable over a bytearray."""
    return memoryview(data)


def module_attribute(module: str, attribute: str) -> Any:
    """An object that a module holds once for the whole process, such as ``os.environ``."""
    return getattr(importlib.import_module(module), attribute)


def standard_stream(name: str) -> Any:
    """``sys.stdout``, ``sys.stderr`` or ``sys.stdin`` of this process."""
    return getattr(sys, name)


def _no_positions(instructions: bytes) -> bytes:
    """A line table that covers all instructions and knows no line."""
    if sys.version_info >= (3, 11):
        # each entry: eight code units without a location
        return b"\xff" * (len(instructions) // 2 // 8 + 1)
    else:
        return b""


class Rebuilder:
    """Rebuilds into one session's namespace.

    Args:
        namespace: globals of the session's functions; `load` binds nothing in it.
        lines: line tables in the order in which the head numbers code objects and classes; may be empty.
    """

    def __init__(self, namespace: dict[str, object], lines: Sequence[LineTable]) -> None:
        self.namespace = namespace
        self.lines = lines
        #: package → its submodules that the session which stored it had imported by a dotted name
        self.submodules: dict[str, list[str]] = {}

    def make_code(self, place: int, args: tuple[Any, ...]) -> types.CodeType:
        """A code object, with its real file name and line table if they are known."""
        values = list(args)
        file, first, table = NEUTRAL_FILE, NEUTRAL_LINE, _no_positions(values[6])
        if place < len(self.lines):
            file, first, stored = self.lines[place]
            table = stored or table
        # in front of the constructor's order: filename, name, [qualname,] firstlineno, linetable
        named = 3 if sys.version_info >= (3, 11) else 2
        values[10:10] = [file]
        values[10 + named : 10 + named] = [first, table]
        return types.CodeType(*values)

    def make_function(
        self,
        code: types.CodeType,
        scope: str | dict[str, Any] | None,
        closure: tuple[types.CellType, ...] | None,
    ) -> types.FunctionType:
        """A function whose globals are the session's (`None`), a module's (its name) or a dict of their own."""
        if scope is None:
            namespace: dict[str, Any] = self.namespace
        elif isinstance(scope, str):
            namespace = vars(importlib.import_module(scope))
        else:
            namespace = scope
            namespace.setdefault("__builtins__", __builtins__)
        return types.FunctionType(code, namespace, None, None, closure)

    def set_class_state(self, kind: type, state: tuple[dict[str, Any], int]) -> None:
        """Give a rebuilt class its attributes."""
        attributes, place = state
        _cloudpickle._class_setstate(kind, (attributes, {}))
        if sys.version_info >= (3, 13) and 0 <= place < len(self.lines):
            kind.__firstlineno__ = self.lines[place][1]

    def session_global(self, name: str) -> object:
        """A function or class that every session's prelude defines."""
        try:
            return self.namespace[name]
        except KeyError:
            raise pickle.UnpicklingError(f"the prelude of this session does not define {name!r}") from None

    def import_module(self, name: str, submodules: Sequence[str]) -> types.ModuleType:
        """A module by name, with the submodules that dotted imports of the storing session made reachable."""
        module = importlib.import_module(name)
        for submodule in submodules:
            importlib.import_module(submodule)
        if submodules:
            self.submodules[name] = sorted({*self.submodules.get(name, ()), *submodules})
        return module

    def bound(self) -> dict[str, Any]:
        """Placeholder name → method of this object."""
        return {
            "make_code": self.make_code,
            "make_function": self.make_function,
            "set_class_state": self.set_class_state,
            "session_global": self.session_global,
            "import_module": self.import_module,
        }


class Loader(pickle.Unpickler):
    """Unpickler of one head. Only for bytes whose origin was checked."""

    def __init__(self, file: Any, rebuilder: Rebuilder, buffers: Sequence[Any]) -> None:
        super().__init__(file, buffers=buffers)
        self._bound = rebuilder.bound()

    def find_class(self, module: str, name: str) -> Any:
        """Resolve a global; a name of ``__main__`` means something that could only be stored by reference."""
        if module == __name__ and name in self._bound:
            return self._bound[name]
        if module in ("__main__", "__mp_main__"):
            raise pickle.UnpicklingError(
                f"it can only be referred to as {name!r} of the session that made it"
            )
        return super().find_class(module, name)

    def persistent_load(self, reference: Any) -> Any:
        """Sets are written as persistent references to themselves (see `pickler.OrderedSets`)."""
        return reference
