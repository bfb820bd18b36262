"""Hostile inputs made from good ones: bytes and values, from a `random.Random` that tells them all again."""

from __future__ import annotations

import copy
import random
import struct
from typing import Any

_EDGES = (0, 1, 0x7F, 0x80, 0xC1, 0xC7, 0xC9, 0xD4, 0xDC, 0xDD, 0xDE, 0xDF, 0xFF)
_TEXTS = (
    "",
    "__class__",
    "../../etc/passwd",
    "/etc/passwd",
    "\0",
    "a\nb",
    "\u202e",
    "x" * 3000,
    "%s{}",
    "é",
    "main",
)
_NUMBERS = (0, -1, 1.5, 2**63, -(2**63), 1e308, float("nan"), float("inf"))


def spoilt_bytes(chosen: random.Random, good: bytes) -> bytes:
    """Flipped, cut, doubled, lengthened and overwritten."""
    content = bytearray(good)
    for _ in range(chosen.randint(1, 4)):
        at = chosen.randint(0, len(content))
        match chosen.randrange(7):
            case 0 if at < len(content):
                content[at] ^= 1 << chosen.randrange(8)
            case 1 if at < len(content):
                content[at] = chosen.choice(_EDGES)
            case 2:
                del content[at:]
            case 3:
                del content[at : at + chosen.randrange(9)]
            case 4:
                content[at:at] = content[chosen.randint(0, at) : at][:2000]
            case 5:
                content[at:at] = chosen.randbytes(chosen.randrange(9))
            case 6 if at + 4 <= len(content):
                content[at : at + 4] = struct.pack(
                    ">I", chosen.choice([0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
                )
    return bytes(content)


def spoilt_value(chosen: random.Random, good: Any) -> Any:
    """Another value at some places: odd, taken from elsewhere in it, missing, doubled or renamed."""
    value = copy.deepcopy(good)
    for _ in range(chosen.randint(1, 3)):
        places = list(_places(value))
        if not places or chosen.randrange(len(places) + 1) == 0:
            value = _odd(chosen)
            continue
        owner, name = chosen.choice(places)
        match chosen.randrange(6):
            case 0:
                del owner[name]
            case 1:
                other, its = chosen.choice(places)
                owner[name] = _copy(other[its])
            case 2 if isinstance(owner, list):
                owner.append(_copy(owner[name]))
            case 2:
                owner[chosen.choice(_TEXTS)] = owner[name]
            case _:
                owner[name] = _odd(chosen)
    return value


def _copy(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except RecursionError:
        # something else has been nested as deeply as values can be
        return None


def _places(value: Any) -> Any:
    waiting = [value]
    while waiting:
        owner = waiting.pop()
        for name in (
            list(owner) if isinstance(owner, dict) else range(len(owner)) if isinstance(owner, list) else ()
        ):
            yield owner, name
            waiting.append(owner[name])


def _odd(chosen: random.Random) -> Any:
    match chosen.randrange(8):
        case 0:
            return None
        case 1:
            return chosen.random() < 0.5
        case 2:
            return chosen.choice(_NUMBERS)
        case 3:
            return chosen.choice(_TEXTS)
        case 4:
            return chosen.choice([b"", b"\x80\x04."])
        case 5:
            return ["a"] * chosen.randrange(40)
        case 6:
            return {chosen.choice([1, None, "a", 2.5]): chosen.choice(_TEXTS)}
    nested: Any = 0
    for _ in range(chosen.choice([3, 70, 400])):
        nested = [nested] if chosen.random() < 0.5 else {"segments": nested}
    return nested
