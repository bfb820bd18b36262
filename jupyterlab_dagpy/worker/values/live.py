"""What can not be stored and is handed on alive: what it shares, what its code looks up, whether it is as it was."""

from __future__ import annotations

import gc
import inspect
import io
import threading
import types
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import Any

from .code import global_names, is_importable, reached_names
from .reach import ATOMS

#: Marks a value that nobody can tell to be unchanged.
UNKNOWN = "?"

_FRAMES = (
    (types.GeneratorType, "gi_code", "gi_frame"),
    (types.CoroutineType, "cr_code", "cr_frame"),
    (types.AsyncGeneratorType, "ag_code", "ag_frame"),
)
_LOCKS = (type(threading.Lock()), type(threading.RLock()))


def state_of(value: object) -> str:
    """Everything about a value that using it changes, where that is known of its exact type; else `UNKNOWN`."""
    kind = type(value)
    if kind in _LOCKS:
        # its text tells whether it is held, and by whom how often
        return repr(value)
    if kind is types.CoroutineType and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:  # type: ignore[arg-type]
        return "not awaited yet"
    if kind is types.GeneratorType and inspect.getgeneratorstate(value) == inspect.GEN_CREATED:  # type: ignore[arg-type]
        return "not begun"
    if isinstance(value, Executor) and kind.__module__.startswith("concurrent.futures."):
        return f"closed: {getattr(value, '_shutdown', getattr(value, '_shutdown_thread', None))}"
    if isinstance(value, (io.TextIOWrapper, io.BufferedReader)):
        return _place_in(value)
    return UNKNOWN


def _place_in(file: io.TextIOWrapper | io.BufferedReader) -> str:
    try:
        return "closed" if file.closed else UNKNOWN if file.writable() else f"at {file.tell()}"
    except (OSError, ValueError):
        return UNKNOWN


def reaches(name: str, values: Mapping[str, object], namespace: dict[str, Any]) -> set[str]:
    """Session globals that functions, classes and frames inside a variable look up, transitively."""
    found: set[str] = set()
    waiting = [name]
    seen: set[int] = {id(namespace)}
    while waiting:
        each = waiting.pop()
        if each not in values:
            continue
        for looked_up in _looked_up(values[each], namespace, seen):
            if looked_up not in found:
                found.add(looked_up)
                waiting.append(looked_up)
    return found - {name}


def _looked_up(value: object, namespace: dict[str, Any], seen: set[int]) -> Iterable[str]:
    frontier: list[Any] = [value]
    while frontier:
        following: list[Any] = []
        for part in frontier:
            if id(part) in seen or isinstance(part, types.ModuleType):
                continue
            seen.add(id(part))
            if isinstance(part, type):
                if not is_importable(part):
                    following.append(part)
                continue
            if isinstance(part, types.FunctionType):
                if part.__globals__ is not namespace:
                    # another module's: it is there by being imported
                    following.extend(part.__closure__ or ())
                    continue
                yield from reached_names(part, namespace)
            for kind, code, frame in _FRAMES:
                running = getattr(part, frame, None) if isinstance(part, kind) else None
                if running is not None and running.f_globals is namespace:
                    yield from (other for other in global_names(getattr(part, code)) if other in namespace)
            following.append(part)
        # what was found stays alive in the list until the next round: ids are only good for so long
        frontier = (
            [part for part in gc.get_referents(*following) if type(part) not in ATOMS] if following else []
        )
