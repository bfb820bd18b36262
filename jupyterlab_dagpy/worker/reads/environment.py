"""``os.environ`` that notes which variables are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .origin import asking_frame, is_own
from .recorder import recorder

#: Never an input: they describe the terminal, the session or ourselves, and differ from one window to the next.
NOISE = frozenset(
    "TERM COLUMNS LINES PWD OLDPWD SHLVL _ TMPDIR TEMP TMP COLORTERM TERM_PROGRAM TERM_PROGRAM_VERSION TERM_SESSION_ID"
    " WINDOWID SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK XDG_SESSION_ID XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS"
    " PYTHONHASHSEED JPY_PARENT_PID JPY_SESSION_NAME JPY_API_TOKEN PYDEVD_USE_FRAME_EVAL"
    " CLICOLOR CLICOLOR_FORCE FORCE_COLOR PAGER GIT_PAGER IPYKERNEL_CELL_NAME PYTHONUNBUFFERED"
    " SPARK_CONNECT_TESTING_REMOTE".split()
)
#: Stands for the names of all variables, as ``observe.ts`` knows it.
ALL_NAMES = "*"
#: Not an input when a library asks: search paths and displays, which do not tell it what to compute.
LIBRARY_NOISE = frozenset(
    "PATH DISPLAY WAYLAND_DISPLAY XAUTHORITY VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV PYTHONPATH PYTHONSTARTUP"
    " PYTHONDONTWRITEBYTECODE HOSTNAME LANGUAGE LC_MESSAGES PYTHONASYNCIODEBUG NO_COLOR EDITOR VISUAL BROWSER USER"
    " LOGNAME USERNAME SHELL LS_COLORS".split()
)
#: Variables that the block itself set or removed.
_changed: set[str] = set()


class RecordingEnviron(os._Environ):
    """The class that ``os.environ`` is given: same mapping, with notes."""

    # `_bulk`: a mapping that is copied as a whole asks for every name from one place: that frame and instruction

    def __getitem__(self, key: Any) -> Any:
        if recorder.sink is not None and not recorder.busy():
            self._note(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        if recorder.sink is not None and not recorder.busy():
            frame = asking_frame()
            own = is_own(frame.f_code.co_filename)
            if own:
                recorder.sink.environment.setdefault(ALL_NAMES, None)
            self.__dict__["_bulk"] = None if own else (id(frame), frame.f_lasti)
        return super().__iter__()

    def _note(self, key: Any) -> None:
        sink = recorder.sink
        asked = key
        if isinstance(key, bytes):
            key = os.fsdecode(key)
        if not isinstance(key, str) or sink is None or key in sink.environment or key in NOISE:
            return
        if key.startswith(("DAGPY_", "JPY_", "_PYTEST", "PYTEST_")):
            return
        frame = asking_frame()
        if self.__dict__.get("_bulk") == (id(frame), frame.f_lasti):
            return
        if key in LIBRARY_NOISE and not is_own(frame.f_code.co_filename):
            return
        if key in _changed:
            return
        try:
            value = super().__getitem__(asked)
        except KeyError:
            value = None
        sink.environment[key] = os.fsdecode(value) if isinstance(value, bytes) else value

    def __setitem__(self, key: Any, value: Any) -> None:
        if recorder.sink is not None:
            _changed.add(os.fsdecode(key))
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        if recorder.sink is not None:
            _changed.add(os.fsdecode(key))
        super().__delitem__(key)


def install() -> None:
    """Give ``os.environ`` and ``os.environb`` the recording class, once in a process."""
    if type(os.environ) is os._Environ:
        os.environ.__class__ = RecordingEnviron
    if hasattr(os, "environb") and type(os.environb) is os._Environ:
        os.environb.__class__ = RecordingEnviron
