"""What people are told of a value: its type, one line about it, and why it can not be stored."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Sized
from reprlib import Repr

_REPR = Repr()
_REPR.maxstring = _REPR.maxother = 60

#: Part of a type's name or of the error → what to do instead. First match wins.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        "generator|iterator|zip|map|enumerate",
        "Make a list of it, or create it in the block that consumes it.",
    ),
    ("coroutine|Task|Future|awaitable", "Await it in this block and keep its result."),
    (
        "sqlite|Connection|Cursor|Engine|psycopg|pymongo|Session",
        "Keep the path or address, and connect in each block that needs it; a prelude block can do that.",
    ),
    (
        "TextIOWrapper|Buffered|FileIO|open file|TemporaryFile",
        "Keep its path, and open it in the block that reads it.",
    ),
    ("socket", "Keep the address, and connect in the block that needs it."),
    (
        "lock|Condition|Semaphore|Event|Thread|Executor|Pool|Queue|Popen|Process",
        "Create it in the block that uses it, or in a prelude block.",
    ),
    ("weakref|weakproxy|ReferenceType", "Keep the object itself instead of a weak reference."),
    ("GPU|CUDA|cuda", "Keep a copy in main memory, for example with .cpu()."),
    ("nested too deeply", "Keep it in a flatter form, such as a list or an array."),
    ("frame|traceback", "Keep what you need of it as text, for example with traceback.format_exc()."),
    ("mmap", "Keep its path, and map it in the block that reads it."),
)
_OTHERWISE = (
    "Create it in the block that uses it, or turn this filter off: readers then run this block again."
)


def type_name(value: object) -> str:
    """Qualified type, such as ``pandas.DataFrame``; bare for builtin types and for classes of the notebook."""
    kind = type(value)
    module = getattr(kind, "__module__", "builtins")
    name = kind.__qualname__
    if not isinstance(module, str) or module in ("builtins", "__main__"):
        return name
    if module == "types" or isinstance(value, types.FunctionType):
        return name
    top = module.partition(".")[0]
    return f"{top if getattr(sys.modules.get(top), name, None) is kind else module}.{name}"


def summary(value: object) -> str:
    """One line about a value: shape, length or short repr. Calls no code of the user's."""
    kind = type(value)
    if kind in (int, float, complex, bool, str, bytes, type(None)):
        return _REPR.repr(value)
    if isinstance(value, types.ModuleType):
        version = vars(value).get("__version__")
        return f"{value.__name__} {version}" if isinstance(version, str) else value.__name__
    if isinstance(value, types.FunctionType):
        arguments = value.__code__.co_varnames[
            : value.__code__.co_argcount + value.__code__.co_kwonlyargcount
        ]
        return f"{value.__name__}({', '.join(arguments)})"
    if isinstance(value, type):
        return f"class {value.__qualname__}"
    if kind.__module__ == "__main__":
        return ""
    try:
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple) and all(isinstance(part, int) for part in shape):
            columns = getattr(value, "columns", None)
            if columns is not None and len(shape) == 2:
                return f"{shape[0]} rows, {shape[1]} columns"
            return f"{' x '.join(map(str, shape)) or 'scalar'} {getattr(value, 'dtype', '')}".rstrip()
        if isinstance(value, Sized):
            return f"{len(value)} items"
    except Exception:
        # a summary is a courtesy: no value may fail because of it
        return ""
    return ""


def why_unstorable(error: BaseException) -> str:
    """The reason in one line."""
    text = str(error).strip().splitlines()
    reason = text[0] if text else type(error).__name__
    found = re.search(r"cannot pickle '?([\w.]+)'? object", reason)
    return (
        f"it holds a {found.group(1)}, which can not be stored"
        if found
        else f"it can not be stored: {reason}"
    )


def remedy(value: object, error: BaseException) -> str:
    """What the user can do, a sentence."""
    for text in (type(value).__name__, str(error)):
        for pattern, advice in _REMEDIES:
            if re.search(pattern, text):
                return advice
    return _OTHERWISE
