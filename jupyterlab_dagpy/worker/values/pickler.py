"""The pickler of a session: protocol 5, buffers out of band, functions and classes of the session by value."""

from __future__ import annotations

import copyreg
import functools
import io
import pickle
import sys
import types
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..vendored.cloudpickle import cloudpickle as _cloudpickle
from . import code as codes
from . import rebuild
from .ordering import ordered
from .packages import module_singletons, reducer_of, uncopied

#: Smaller buffers stay in the head: a file of their own would cost more than it saves.
OUT_OF_BAND_BYTES = 4096

Reduction = Any
_Handler = Callable[["SessionPickler", Any], Reduction]


@dataclass
class Scope:
    """What a pickler must know of the session.

    Attributes:
        namespace: globals of the session's functions.
        everywhere: id of a function or class that the prelude defines in every session → its name.
        submodules: package → submodules imported by a dotted name, which a reader must import too.
        uncopied: memory that a package would copy for a pickle is taken as it lies. What is loaded from such a pickle
            is equal; its bytes need not be those that the package would make.
    """

    namespace: dict[str, object]
    everywhere: Mapping[int, str] = field(default_factory=dict)
    submodules: Mapping[str, list[str]] = field(default_factory=dict)
    uncopied: bool = False


@dataclass
class _Sorting:
    """Sets being put in order, and how many bytes of elements may still be written to compare them.

    Beyond the budget elements keep the order they have: that costs early cutoff, where thousands of objects that
    refer to each other would cost hours.
    """

    active: set[int] = field(default_factory=set)
    budget: int = 4 * 1024 * 1024


@dataclass
class Pickled:
    """One pickling.

    Attributes:
        head: the pickle.
        buffers: contiguous bytes of the out-of-band buffers, in order; they alias the live values.
        lines: positions of code objects and classes, by the number the head gives them.
        reaches: session globals that functions inside look up.
        sets: code inside has constant sets.
        uncopied: some memory was taken as it lies, as `Scope.uncopied` allows.
    """

    head: bytes
    buffers: list[memoryview]
    lines: list[rebuild.LineTable]
    reaches: set[str]
    sets: bool
    uncopied: bool = False


class SessionPickler(pickle.Pickler):
    """One instance per pickling; use `pickled`."""

    def __init__(self, file: io.BytesIO, scope: Scope, sorting: _Sorting | None = None) -> None:
        self.sorting = sorting or _Sorting()
        self.buffers: list[memoryview] = []
        self.lines: list[rebuild.LineTable] = []
        self.reaches: set[str] = set()
        self.sets = False
        self.uncopied = False
        self.scope = scope
        self._closures: set[int] = set()
        self._foreign: dict[int, dict[str, Any]] = {}
        self._singletons = module_singletons()
        self._kinds: dict[type, _Handler | None] = dict.fromkeys(
            (type(obj) for obj, _, _ in self._singletons.values()), SessionPickler._singleton
        )
        # a plain dict: a ChainMap would cost a microsecond an object
        self.dispatch_table = {**_reducers(), **_own_copyreg()}
        super().__init__(file, protocol=5, buffer_callback=self._take_buffer)

    def _take_buffer(self, buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < OUT_OF_BAND_BYTES:
            return True
        self.buffers.append(view)
        return False

    def reducer_override(self, obj: Any) -> Reduction:
        """Called for everything that is not a plain builtin value."""
        kind = type(obj)
        try:
            handler = self._kinds[kind]
        except KeyError:
            handler = self._kinds[kind] = _handler_of(kind)
        return NotImplemented if handler is None else handler(self, obj)

    def number(self, line: rebuild.LineTable) -> int:
        """Keep a position; its number."""
        self.lines.append(line)
        return len(self.lines) - 1

    # ------------------------------------------------------------ kinds of objects

    def _class(self, obj: type) -> Reduction:
        if getattr(obj, "__module__", None) in ("builtins", "types"):
            return _cloudpickle._class_reduce(obj)
        if codes.is_importable(obj):
            return NotImplemented
        if id(obj) in self.scope.everywhere:
            return rebuild.session_global, (self.scope.everywhere[id(obj)],)
        return codes.reduce_class(obj, self.number(codes.class_line(obj)))

    def _function(self, obj: types.FunctionType) -> Reduction:
        if id(obj) in self.scope.everywhere:
            return rebuild.session_global, (self.scope.everywhere[id(obj)],)
        if codes.is_importable(obj):
            return NotImplemented
        where: str | dict[str, Any] | None = None
        outside: dict[str, Any] | None = None
        if obj.__globals__ is self.scope.namespace:
            self.reaches.update(codes.reached_names(obj, self.scope.namespace))
        else:
            where = codes.module_of_globals(obj.__globals__)
            if where is None:
                known: dict[str, Any] = {
                    k: obj.__globals__[k] for k in ("__name__", "__package__") if k in obj.__globals__
                }
                where = self._foreign.setdefault(id(obj.__globals__), known)
                names = codes.global_names(obj.__code__)
                outside = {name: obj.__globals__[name] for name in names if name in obj.__globals__}
        cells = obj.__closure__ or ()
        # filled by the function's state: a cell must be there before what it holds, which may be the function
        self._closures.update(map(id, cells))
        attributes = {"".join(name): value for name, value in obj.__dict__.items()}
        state = (
            attributes,
            codes.function_slots(obj),
            [codes.cell_contents(cell) for cell in cells],
            outside,
        )
        made = (obj.__code__, where, obj.__closure__)
        return rebuild.make_function, made, state, None, None, rebuild.set_function_state

    def _code(self, obj: types.CodeType) -> Reduction:
        self.sets = self.sets or codes.has_set(obj)
        return codes.reduce_code(obj, self.number(codes.positions(obj)))

    def _cell(self, obj: types.CellType) -> Reduction:
        if id(obj) in self._closures:
            return rebuild.make_cell, ()
        return rebuild.make_cell, (), codes.cell_contents(obj), None, None, rebuild.fill_cell

    def _singleton(self, obj: Any) -> Reduction:
        if id(obj) not in self._singletons:
            return NotImplemented
        _, module, attribute = self._singletons[id(obj)]
        return rebuild.module_attribute, (module, attribute)

    def _module(self, obj: types.ModuleType) -> Reduction:
        if sys.modules.get(obj.__name__) is not obj:
            return _cloudpickle._module_reduce(obj)
        return rebuild.import_module, (obj.__name__, sorted(self.scope.submodules.get(obj.__name__, ())))

    def _set_subclass(self, obj: Any) -> Reduction:
        reduced = obj.__reduce_ex__(5)
        if (
            isinstance(reduced, tuple)
            and len(reduced) > 1
            and len(reduced[1]) == 1
            and isinstance(reduced[1][0], list)
        ):
            return (reduced[0], (self.sorted_elements(obj),), *reduced[2:])
        return reduced

    def key_of(self, element: object) -> bytes:
        """Bytes by which elements of a set are put in order when their values can not be compared."""
        if self.sorting.budget <= 0:
            return b""
        file = io.BytesIO()
        OrderedSets(file, self.scope, self.sorting).dump(element)
        self.sorting.budget -= len(file.getvalue())
        return file.getvalue()

    def sorted_elements(self, elements: set[Any] | frozenset[Any]) -> list[Any]:
        """Elements in canonical order; a set met again inside its own elements keeps the order it has."""
        self.sorting.active.add(id(elements))
        try:
            return ordered(elements, self.key_of)
        finally:
            self.sorting.active.discard(id(elements))

    def _text_file(self, obj: Any) -> Reduction:
        for name in ("stdout", "stderr", "stdin"):
            if obj is getattr(sys, name) or obj is getattr(sys, f"__{name}__"):
                return rebuild.standard_stream, (name,)
        if isinstance(obj, (io.TextIOWrapper, io.BufferedIOBase)) and not isinstance(obj, io.BytesIO):
            raise pickle.PicklingError(f"cannot pickle '{type(obj).__name__}' object: it is an open file")
        return NotImplemented


class OrderedSets(SessionPickler):
    """Writes the elements of sets in a canonical order.

    Sets offer no hook but `persistent_id`. A set is replaced by a stand-in that reduces to the set itself and that
    the memo knows, so sharing survives; `Loader.persistent_load` hands back what it gets.
    """

    def __init__(self, file: io.BytesIO, scope: Scope, sorting: _Sorting | None = None) -> None:
        super().__init__(file, scope, sorting)
        self._stand_ins: dict[int, _StandIn] = {}
        self._kinds[_StandIn] = _reduce_stand_in

    def persistent_id(self, obj: Any) -> Any:
        """Stand-in of a set, `None` for all else."""
        kind = type(obj)
        if (kind is set or kind is frozenset) and id(obj) not in self.sorting.active:
            return self._stand_ins.setdefault(id(obj), _StandIn(obj))
        return None


class _StandIn:
    def __init__(self, of: set[Any] | frozenset[Any]) -> None:
        self.of = of


def _reduce_stand_in(pickler: SessionPickler, obj: _StandIn) -> Reduction:
    elements = pickler.sorted_elements(obj.of)
    if isinstance(obj.of, frozenset):
        return frozenset, (elements,)
    return rebuild.make_set, (), elements, None, None, rebuild.fill_set


def pickled(value: object, scope: Scope, sets: bool = False) -> Pickled:
    """Pickle one value.

    Raises:
        Exception: whatever the value's own reduction raises; `pickle.PicklingError` and `TypeError` mostly.
    """
    file = io.BytesIO()
    pickler = (OrderedSets if sets else SessionPickler)(file, scope)
    try:
        pickler.dump(value)
    except RecursionError:
        raise pickle.PicklingError("it is nested too deeply") from None
    return Pickled(
        file.getvalue(), pickler.buffers, pickler.lines, pickler.reaches, pickler.sets, pickler.uncopied
    )


def _lru_cache(pickler: SessionPickler, obj: Any) -> Reduction:
    found: Any = sys.modules.get(obj.__module__) if obj.__module__ != "__main__" else None
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is obj:
        return NotImplemented
    return rebuild.make_lru_cache, (obj.__wrapped__, obj.cache_parameters()), obj.__dict__


def _memoryview(pickler: SessionPickler, obj: memoryview) -> Reduction:
    data = obj.tobytes()
    return rebuild.make_memoryview, (data if obj.readonly else bytearray(data),)


def _weak_dictionary(pickler: SessionPickler, obj: Any) -> Reduction:
    return rebuild.make_weak_key_dictionary, (type(obj), list(obj.items()))


_EXACT: dict[type, _Handler] = {
    types.FunctionType: SessionPickler._function,
    types.CodeType: SessionPickler._code,
    types.CellType: SessionPickler._cell,
    types.ModuleType: SessionPickler._module,
    functools._lru_cache_wrapper: _lru_cache,
    memoryview: _memoryview,
    weakref.WeakKeyDictionary: _weak_dictionary,
    weakref.WeakValueDictionary: _weak_dictionary,
}


def _handler_of(kind: type) -> _Handler | None:
    if kind in _EXACT:
        return _EXACT[kind]
    if issubclass(kind, type):
        return SessionPickler._class
    if issubclass(kind, types.ModuleType):
        return SessionPickler._module
    if issubclass(kind, (set, frozenset)):
        return SessionPickler._set_subclass
    if issubclass(kind, io.IOBase) or any(
        kind is type(stream) for stream in (sys.stdout, sys.stderr, sys.stdin)
    ):
        return SessionPickler._text_file
    special = reducer_of(kind)
    if special is None:
        return None
    reduce = special

    def reduction(pickler: SessionPickler, obj: Any) -> Reduction:
        if not pickler.scope.uncopied:
            return reduce(obj)
        twin = uncopied(obj)
        pickler.uncopied = pickler.uncopied or twin is not obj
        return reduce(twin)

    return reduction


def _reducers() -> dict[type, Any]:
    reducers = dict(_cloudpickle.Pickler._dispatch_table)
    # it would turn an open file into a copy of what it holds
    reducers.pop(io.TextIOWrapper, None)
    return reducers


def _own_copyreg() -> dict[type, Any]:
    return dict(copyreg.dispatch_table)
