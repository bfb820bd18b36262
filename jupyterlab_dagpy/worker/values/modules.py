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
#: How many modules those are.
_count = 0


def remember_modules() -> None:
    """Look at all modules now, so that later only those have to be looked at that came since."""
    global _count
    modules = list(sys.modules.values())
    _remembered.clear()
    _remembered.update((id(namespace), namespace) for namespace in _namespaces(modules))
    _count = len(modules)


def module_namespaces() -> set[int]:
    """Addresses of the namespaces of all modules.

    Where others took the place of some that were there before, they may be missing: then more is walked through than
    has to be, and variables may be stored together that need not be.
    """
    found = set(_remembered)
    # modules are listed in the order of their import
    later = islice(reversed(sys.modules.values()), max(0, len(sys.modules) - _count))
    found.update(map(id, _namespaces(list(later))))
    return found


def _namespaces(modules: Iterable[Any]) -> Iterator[dict[str, Any]]:
    found = (vars(module) for module in modules if hasattr(module, "__dict__"))
    # of a class that stands for a module a view is given, whose address is soon that of something else
    return (namespace for namespace in found if isinstance(namespace, dict))
