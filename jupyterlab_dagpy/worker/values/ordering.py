"""Canonical bytes: the order of a set's elements, and heads that do not depend on which strings are one object."""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Iterable
from typing import Any

#: Longer heads are left as the pickler writes them: reading each operation costs a microsecond.
CANONICAL_BYTES = 128 * 1024

_SET_OPERATIONS = frozenset({"EMPTY_SET", "FROZENSET", "ADDITEMS"})
_SET_CODES = (b"\x8f", b"\x91")
_STRINGS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_GETS = frozenset({"BINGET", "LONG_BINGET"})


def ordered(elements: Iterable[Any], key_of: Callable[[Any], bytes]) -> list[Any]:
    """Elements of a set in an order that depends on their values alone.

    Args:
        elements: hashable values.
        key_of: canonical bytes of any value, asked only for those that have no natural total order.
    """
    found = list(elements)
    kinds = set(map(type, found))
    if len(kinds) == 1 and kinds <= {str, bytes, int}:
        return sorted(found)
    return sorted(found, key=lambda element: _key(element, key_of))


def may_hold_sets(head: bytes) -> bool:
    """Whether a head may contain set operations; exact for heads up to `CANONICAL_BYTES`."""
    if not any(code in head for code in _SET_CODES):
        return False
    if len(head) > CANONICAL_BYTES:
        return True
    return any(operation.name in _SET_OPERATIONS for operation, _, _ in pickletools.genops(head))


def canonical_head(head: bytes) -> bytes:
    """The same pickle with equal strings shared, unused memo entries and frames left out.

    Long heads come back unchanged.
    """
    if len(head) > CANONICAL_BYTES:
        return head
    operations, used = _parse(head)
    written = bytearray()
    places: dict[int, int] = {}
    for raw, kind, entry in operations:
        if kind == "get":
            written += _get(places[entry])
        elif kind == "memoize":
            if entry in used:
                places[entry] = len(places)
                written += b"\x94"
        else:
            written += raw
    return bytes(written)


def _parse(head: bytes) -> tuple[list[tuple[bytes, str, int]], set[int]]:
    """Operations as (bytes, kind, memo entry), and the entries that are fetched."""
    scanned = [
        (operation.name, argument, position) for operation, argument, position in pickletools.genops(head)
    ]
    ends = [position for _, _, position in scanned[1:]] + [len(head)]
    operations: list[tuple[bytes, str, int]] = []
    used: set[int] = set()
    same: dict[int, int] = {}
    strings: dict[bytes, int] = {}
    entries = 0
    skip = False
    for index, ((name, argument, position), end) in enumerate(zip(scanned, ends, strict=True)):
        if name == "FRAME":
            continue
        raw = head[position:end]
        if skip:
            skip = False
            entries += 1
            continue
        if name == "MEMOIZE":
            operations.append((raw, "memoize", entries))
            entries += 1
        elif name in _GETS:
            entry = same.get(int(argument or 0), int(argument or 0))
            used.add(entry)
            operations.append((raw, "get", entry))
        elif name in _STRINGS and index + 1 < len(scanned) and scanned[index + 1][0] == "MEMOIZE":
            known = strings.setdefault(raw, entries)
            if known == entries:
                operations.append((raw, "plain", -1))
            else:
                same[entries] = known
                used.add(known)
                operations.append((raw, "get", known))
                skip = True
        else:
            operations.append((raw, "plain", -1))
    return operations, used


def _get(place: int) -> bytes:
    return b"h" + bytes([place]) if place < 256 else b"j" + struct.pack("<I", place)


def _key(element: Any, key_of: Callable[[Any], bytes]) -> tuple[str, Any]:
    kind = type(element)
    if kind in (str, bytes, int, bool):
        return kind.__name__, element
    if kind is float:
        return "float", struct.pack(">d", element)
    return f"~{kind.__module__}.{kind.__qualname__}", key_of(element)
