"""Waits for what other processes do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path


async def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Give way until it holds."""
    latest = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < latest, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process is there, and more than a remembered exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
