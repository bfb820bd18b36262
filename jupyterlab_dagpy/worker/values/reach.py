"""Which variables share mutable objects: union-find over the ids of what each one reaches.

The walk goes through `gc.get_referents` in batches, so that a list of a million numbers costs milliseconds. It may
reach more than a pickle would (caches, for one): then two variables are stored together that need not be.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import gc
import logging
import re
import sys
import types
import uuid
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any

from .code import is_importable
from .modules import module_namespaces
from .packages import module_singletons

#: What an object of some type refers to; `None`: it is found by importing, and joins nothing.
_Referents = Callable[[Any], Sequence[Any] | None]

_LEAF = "leaf"
_TRANSPARENT = "transparent"
_PLAIN = "plain"
_Kind = str | _Referents

#: Immutable, and reach nothing that matters; exact types, filtered out before anything else is asked.
ATOMS: frozenset[type] = frozenset(
    {
        int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented), range, slice,
        datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction,
        uuid.UUID, re.Pattern, types.CodeType, types.ModuleType, types.GetSetDescriptorType,
        types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType,
        types.ClassMethodDescriptorType, weakref.ReferenceType,
    }
)  # fmt: skip
_LEAF_BASES: tuple[type, ...] = (
    datetime.tzinfo,
    datetime.date,
    datetime.timedelta,
    logging.Logger,
    PurePath,
    types.ModuleType,
)
_TRANSPARENT_BASES: tuple[type, ...] = (tuple, frozenset, types.BuiltinFunctionType, types.MethodWrapperType)

#: (module, class): immutable values of packages, looked up only where they are imported.
_GUARDED_LEAVES = (
    ("numpy", "generic"),
    ("numpy", "dtype"),
    ("numpy", "ufunc"),
    ("pandas", "Index"),
    ("pandas.api.extensions", "ExtensionDtype"),
    ("pandas.tseries.offsets", "BaseOffset"),
    ("pandas", "Period"),
    ("pandas", "Interval"),
)
#: Packages whose containers own native memory that Python code can not reach in pieces.
_NATIVE_PACKAGES = frozenset({"polars", "pyarrow"})


class Walk:
    """One walk over a set of variables.

    Args:
        namespace: globals of the session; never walked into as a dict.
        excluded: ids of objects that never join anything (what the prelude defines everywhere).
    """

    def __init__(self, namespace: Mapping[str, object], excluded: Collection[int] = ()) -> None:
        self._leaves = module_namespaces()
        self._leaves.update((id(namespace), *excluded))
        self._leaves.update(id(stream) for stream in (sys.stdout, sys.stderr, sys.stdin))
        self._leaves.update(module_singletons())
        self._kinds: dict[type, _Kind] = dict.fromkeys(ATOMS, _LEAF)
        self._owner: dict[int, int] = {}
        self._parent: list[int] = []
        # ids are only good while the objects live
        self._alive: list[Any] = []
        #: pairs of variables that share the memory of an array
        self.array_sharing: set[frozenset[str]] = set()
        self._names: list[str] = []
        self._with_sets: set[int] = set()
        #: variables in whose component there is a set
        self.names_with_sets: set[str] = set()

    def partition(self, values: Mapping[str, object]) -> list[list[str]]:
        """Names grouped into components, sorted; those of one component share a mutable object."""
        for name in sorted(values):
            self._visit(name, values[name])
        roots = {self._root(index) for index in self._with_sets}
        groups: dict[int, list[str]] = {}
        for index, name in enumerate(self._names):
            groups.setdefault(self._root(index), []).append(name)
        self.names_with_sets = {name for root, group in groups.items() if root in roots for name in group}
        return sorted(groups.values())

    def _root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def _visit(self, name: str, value: object) -> None:
        index = len(self._names)
        self._names.append(name)
        self._parent.append(index)
        kinds, owner, leaves = self._kinds, self._owner, self._leaves
        seen: set[int] = set()
        frontier: list[Any] = [value]
        while frontier:
            plain: list[Any] = []
            extra: list[Any] = []
            for obj in frontier:
                kind = kinds.get(type(obj))
                if kind is None:
                    kind = kinds[type(obj)] = self._kind_of(type(obj))
                if kind is _LEAF:
                    continue
                identity = id(obj)
                if kind is _TRANSPARENT:
                    if identity not in seen:
                        seen.add(identity)
                        plain.append(obj)
                        if isinstance(obj, frozenset):
                            self._with_sets.add(index)
                    continue
                first = owner.get(identity)
                if first is not None:
                    if first != index:
                        self._join(first, index, obj)
                    continue
                if identity in leaves:
                    continue
                if callable(kind):
                    found = kind(obj)
                    if found is None:
                        leaves.add(identity)
                        continue
                    self._alive.append(found)
                    extra.extend(found)
                else:
                    plain.append(obj)
                    if isinstance(obj, set):
                        self._with_sets.add(index)
                owner[identity] = index
            frontier = [obj for obj in gc.get_referents(*plain) if type(obj) not in ATOMS] if plain else []
            frontier.extend(extra)

    def _join(self, first: int, second: int, through: Any) -> None:
        kind = type(through)
        if (kind.__module__, kind.__name__) == ("numpy", "ndarray"):
            self.array_sharing.add(frozenset({self._names[first], self._names[second]}))
        self._parent[self._root(second)] = self._root(first)

    def _kind_of(self, kind: type) -> _Kind:
        if issubclass(kind, type):
            return _of_class
        if issubclass(kind, types.FunctionType):
            return _of_function
        if issubclass(kind, types.FrameType):
            return lambda frame: (
                list(frame.f_locals.values()) if id(frame.f_locals) not in self._leaves else ()
            )
        if kind is memoryview:
            return lambda view: (view.obj,)
        if issubclass(kind, Enum) and is_importable(kind):
            return _LEAF
        if issubclass(kind, _LEAF_BASES):
            return _LEAF
        if issubclass(kind, _TRANSPARENT_BASES) and kind.__module__ != "__main__":
            return _TRANSPARENT
        return _of_package(kind) or _PLAIN


def _of_package(kind: type) -> _Kind | None:
    for module, name in _GUARDED_LEAVES:
        if _is_kind(kind, module, name):
            return _LEAF
    if _is_kind(kind, "numpy", "ndarray"):
        return _of_array
    if _is_kind(kind, "pandas._libs.internals", "Block"):
        copy_on_write = str(getattr(sys.modules.get("pandas"), "__version__", "0")).split(".")[0] >= "3"
        return _of_copied_block if copy_on_write else None
    if _is_kind(kind, "torch", "Tensor"):
        return lambda tensor: ()
    if kind.__module__.partition(".")[0] in _NATIVE_PACKAGES:
        return lambda value: ()
    return None


def _is_kind(kind: type, module: str, name: str) -> bool:
    base = getattr(sys.modules.get(module), name, None)
    return isinstance(base, type) and issubclass(kind, base)


def _of_class(kind: type) -> Sequence[Any] | None:
    if is_importable(kind):
        return None
    return [*vars(kind).values(), *kind.__bases__, type(kind)]


def _of_function(function: types.FunctionType) -> Sequence[Any] | None:
    if is_importable(function):
        return None
    parts = (function.__closure__, function.__defaults__, function.__kwdefaults__, function.__annotations__)
    return [*(part for part in parts if part), function.__dict__]


def _of_array(array: Any) -> Sequence[Any]:
    found: list[Any] = [] if array.base is None else [array.base]
    if array.dtype.hasobject:
        found.extend(array.ravel().tolist())
    if hasattr(array, "__dict__"):
        found.append(vars(array))
    return found


def _of_copied_block(block: Any) -> Sequence[Any]:
    """Under copy-on-write frames that share memory are still independent; only objects in cells count."""
    values = block.values
    if not (getattr(values.dtype, "hasobject", False) and hasattr(values, "ravel")):
        return ()
    cells: list[Any] = values.ravel().tolist()
    return cells
