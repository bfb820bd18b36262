"""Namespaces of modules: a walk over values does not enter them, for they are found by importing.

A forked worker that looked at every module to learn their addresses would copy a page of memory for nearly each: what
the host knew is kept for all that are forked from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

#: Address → namespace, of the modules that were there at the last `remember_modules`. Kept, so that nothing else is
#: ever found at these addresses.
_remembered: dict[int, Any] = {}
#: How many modules those are, and the last of them.
_count = 0
_last: Any = None


def remember_modules() -> None:
    """Look at all modules now, so that later only those have to be looked at that came since."""
    global _count, _last
    modules = list(sys.modules.values())
    _remembered.clear()
    _remembered.update((id(namespace), namespace) for namespace in _namespaces(modules))
    _count, _last = len(modules), modules[-1]


def module_namespaces() -> set[int]:
    """Addresses of the namespaces of all modules.

    Only one that was put in the place of another, under its name, is not noticed: the namespace of the former counts.
    """
    # modules are listed in the order of their import: behind those that came since stands the last that was there
    since = len(sys.modules) - _count
    newest = list(islice(reversed(sys.modules.values()), max(0, since) + 1))
    if since < 0 or newest[-1] is not _last:
        return set(map(id, _namespaces(list(sys.modules.values()))))
    return {*_remembered, *map(id, _namespaces(newest[:since]))}


def _namespaces(modules: Iterable[Any]) -> Iterator[dict[str, Any]]:
    found = (vars(module) for module in modules if hasattr(module, "__dict__"))
    # of a class that stands for a module a view is given, whose address is soon that of something else
    return (namespace for namespace in found if isinstance(namespace, dict))
