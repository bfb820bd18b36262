"""Saves of notebooks that say which version of the file they replace: refused where it is another one by now.

Pages look at a file and save it in two requests; what somebody else wrote in between would be gone. The answer tells
the version that was written, which need not be the one that is there when the answer is made.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.filemanager import FileContentsManager
from tornado.web import HTTPError

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELD = "dagpy_replaces"
"""Of what a page sends: when the file that it replaces was written, as the server told it."""

# Of the request that is being answered.
_replaces: ContextVar[str | None] = ContextVar("replaces", default=None)
_written: ContextVar[tuple[str, float] | None] = ContextVar("written", default=None)


def guard_saves(contents_manager: Any) -> None:
    """Look at the file right before it is written; managers whose notebooks are no files do as ever."""
    if not isinstance(contents_manager, FileContentsManager):
        return
    writing = contents_manager.atomic_writing

    @contextmanager
    def guarded(os_path: str, *args: Any, **options: Any) -> Iterator[Any]:
        replaces = _replaces.get()
        if replaces is None:
            with writing(os_path, *args, **options) as file:
                yield file
            return
        if written_at(os_path) != replaces:
            raise HTTPError(409, f"{Path(os_path).name} was written by someone else meanwhile")
        with writing(os_path, *args, **options) as file:
            # Under the path may lie another file before this one is closed.
            same = os.dup(file.fileno())
            try:
                yield file
                file.flush()
                _written.set((os_path, os.fstat(same).st_mtime))
            finally:
                os.close(same)

    contents_manager.atomic_writing = guarded  # type: ignore[method-assign]
    contents_manager.register_pre_save_hook(_before)
    contents_manager.register_post_save_hook(_after)


def _before(model: dict[str, Any], **_: Any) -> None:
    value = model.pop(FIELD, None)
    _replaces.set(value if isinstance(value, str) else None)
    _written.set(None)


def _after(model: dict[str, Any], os_path: str, **_: Any) -> None:
    written = _written.get()
    # of a link the server tells when the link was made
    if written is not None and written[0] == os_path and not Path(os_path).is_symlink():
        model["last_modified"] = _time(written[1])


def written_at(os_path: str) -> str | None:
    """Answer as the server does in `last_modified`; `None`: there is no such file."""
    try:
        seconds = Path(os_path).lstat().st_mtime
    except OSError:
        return None
    return _time(seconds).isoformat().replace("+00:00", "Z")


def _time(seconds: float) -> datetime:
    """Of a stamp of a file, as the server keeps it."""
    return datetime.fromtimestamp(seconds, timezone.utc)
