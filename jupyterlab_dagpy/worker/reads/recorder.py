"""What one stretch of code touched, and the rules that decide what counts as read."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Any

from . import stamps
from .origin import asked_by_own_code, cell_files
from .paths import absolute, ignored
from .stamps import Stamp, stamp_of, stamp_of_folder

_WRITES = os.O_WRONLY | os.O_RDWR
_DESCRIPTIONS = tuple(
    os.path.join(end, name) for end in (".dist-info", ".egg-info") for name in ("METADATA", "PKG-INFO")
)


@dataclass
class Observations:
    """What was seen. Paths are absolute; order is that of first access."""

    #: Path → stamp at first access (`None`: absent).
    files: dict[str, Stamp | None] = field(default_factory=dict)
    #: Folder → sorted names found at first listing (`None`: absent).
    folders: dict[str, list[str] | None] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)
    #: Folders made.
    made: dict[str, None] = field(default_factory=dict)
    external: dict[str, None] = field(default_factory=dict)
    untracked: dict[str, None] = field(default_factory=dict)
    #: Files opened for appending only → what they held before.
    appended: dict[str, Stamp | None] = field(default_factory=dict)
    #: Folders that the block's own code saw to be there.
    probed_folders: dict[str, Stamp | None] = field(default_factory=dict)
    #: Folders of installed distributions whose version or description was asked for.
    described: dict[str, None] = field(default_factory=dict)

    def add(self, other: Observations) -> None:
        """Take over what `other` saw; what is here already was seen first."""
        for name in self.__dataclass_fields__:
            mine: dict[str, Any] = getattr(self, name)
            for key, value in getattr(other, name).items():
                mine.setdefault(key, value)


class Recorder:
    """Notes accesses while `sink` is set. Cheap and silent otherwise; never raises into the code it watches."""

    def __init__(self) -> None:
        self.sink: Observations | None = None
        #: Files of the job itself: stored inputs.
        self.own_files: set[str] = set()
        self._local = threading.local()

    def busy(self) -> bool:
        """Whether this thread is inside the recorder: what it touches itself does not count."""
        return getattr(self._local, "busy", False)

    def enter(self) -> None:
        """Mark this thread as inside the recorder."""
        self._local.busy = True

    def leave(self) -> None:
        """End `enter`."""
        self._local.busy = False

    def opened(self, path: object, mode: object, flags: object) -> None:
        """``open`` or ``os.open`` is about to happen."""
        sink = self.sink
        name = absolute(path)
        if sink is None or name is None:
            return
        if name.endswith(_DESCRIPTIONS):
            sink.described.setdefault(os.path.dirname(name), None)
        if ignored(name):
            return
        how = flags if isinstance(flags, int) else 0
        if not how & _WRITES:
            self.read(name)
        elif how & (os.O_TRUNC | os.O_EXCL):
            self.wrote(name)
        elif how & os.O_APPEND and not how & os.O_RDWR:
            if name not in sink.written and name not in sink.files:
                sink.appended.setdefault(name, _stamp_or_none(name))
            sink.written.setdefault(name, None)
        else:
            # opened for change in place: what it held counts, unless there was nothing
            if name not in sink.written and _stamp_or_none(name) is not None:
                self.read(name)
            self.wrote(name)

    def read(self, name: str) -> None:
        """A file's content or existence was asked for."""
        sink = self.sink
        if sink is None or name in sink.files or name in cell_files or name in self.own_files:
            return
        if name in sink.written:
            if name in sink.appended:
                sink.files[name] = sink.appended[name]
            return
        try:
            sink.files[name] = stamp_of(name)
        except IsADirectoryError:
            return

    def wrote(self, name: str) -> None:
        """A file was or is about to be written, replaced or created."""
        if self.sink is not None and not ignored(name):
            self.sink.written.setdefault(name, None)

    def removed(self, name: str) -> None:
        """A file is gone: no longer written."""
        if self.sink is not None:
            self.sink.written.pop(name, None)

    def probed(self, path: object) -> None:
        """``stat`` or ``exists`` is about to happen: a file counts, there or not; a folder where the block asks."""
        name = absolute(path)
        if name is None or _no_name(name) or ignored(name):
            return
        self.read(name)
        sink = self.sink
        if sink is None or name in sink.files or name in sink.folders or name in sink.made:
            return
        # libraries look for folders of their own all over the machine
        if os.path.isdir(name) and asked_by_own_code():
            sink.probed_folders.setdefault(name, stamp_of_folder(name))

    def listed(self, path: object) -> None:
        """A folder is about to be listed."""
        sink = self.sink
        if sink is None:
            return
        if isinstance(path, int):
            try:
                path = os.readlink(f"/proc/self/fd/{path}")
            except OSError:
                return
        name = absolute("." if path is None else path)
        if name is None or name in sink.folders or ignored(name) or name in sink.made:
            return
        try:
            sink.folders[name] = sorted(stamps.real_listdir(name))
        except OSError:
            sink.folders[name] = None

    def made_folder(self, path: object) -> None:
        """A folder is about to be made."""
        name = absolute(path)
        if self.sink is not None and name is not None and not os.path.isdir(name):
            self.sink.made.setdefault(name, None)

    def connects(self, host: str) -> None:
        """A connection to another host, or to this one, is about to be made."""
        if self.sink is not None:
            self.sink.external.setdefault(host, None)

    def untracked(self, reason: str) -> None:
        """Something is about to happen that nobody can see through."""
        if self.sink is not None:
            self.sink.untracked.setdefault(reason, None)


def _no_name(name: str) -> bool:
    """Text that was only tried as a path: markup handed to IPython's display classes, or too long for a name."""
    return "\n" in name or "<" in name or any(len(part) > 255 for part in name.split(os.sep))


def _stamp_or_none(name: str) -> Stamp | None:
    try:
        return stamp_of(name)
    except IsADirectoryError:
        return None


#: The one of this process: audit hooks can not be removed, so there is one for good.
recorder = Recorder()
