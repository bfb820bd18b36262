"""The kernel and shell objects that a session needs: ipykernel's in-process ones without threads, sockets or loops.

Made once, before any fork where there is a zygote.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

# ipykernel's debugger would import debugpy, which patches process creation and is of no use here
_had_debugpy = "debugpy" in sys.modules
if not _had_debugpy:
    sys.modules["debugpy"] = None  # type: ignore[assignment]
try:
    import ipykernel.debugger  # noqa: F401
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.inprocess.ipkernel import InProcessInteractiveShell, InProcessKernel
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.error import StdinNotImplementedError
    from IPython.core.interactiveshell import InteractiveShell
    from jupyter_client.session import Session as MessageSession
    from traitlets import Any as AnyTrait
    from traitlets import default
    from traitlets.config import Config
finally:
    if not _had_debugpy:
        del sys.modules["debugpy"]

Listener = Callable[[str, dict[str, Any], list[Any]], None]

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Outbox(MessageSession):
    """Hands every message to `listener(type, content, buffers)` instead of a socket."""

    listener: Any = None

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *rest: Any, **options: Any) -> Any:  # noqa: D102
        if isinstance(msg_or_type, str):
            kind, body = msg_or_type, content or {}
        else:
            kind, body = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        if self.listener is not None:
            self.listener(kind, body, list(options.get("buffers") or ()))
        return None

    def over_the_wire(self, content: Any) -> Any:
        """`content` as a client would receive it: through JSON, unless it is plain already."""
        return content if _is_plain(content) else self.unpack(self.pack(content))


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is int:
        return True
    if kind is float:
        return bool(value - value == 0.0)
    if kind is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    if kind is list:
        return all(_is_plain(item) for item in value)
    return False


class CellCompiler(XCachingCompiler):
    """Names code after its cell: stable from run to run, and in the shape that ipykernel's names have."""

    def __init__(self) -> None:
        super().__init__()
        #: Raw source that runs now, and its file name.
        self.naming = ("", "")
        #: Told every name handed out.
        self.names: set[str] = set()

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:  # noqa: D102
        source, name = self.naming
        if raw_code != source:
            # code that a cell hands to run_cell itself
            name = f"{name.removesuffix('.py') or 'code'}-{_checksum(raw_code)}.py"
        self.names.add(name)
        return name


def _checksum(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode("utf-8", "replace"))


class BlockShell(InProcessInteractiveShell):
    """Adds hints to name errors, cuts our own frames out of tracebacks, and turns a cell into Python once."""

    #: Name → sentence for a `NameError` about it.
    hints: dict[str, str]
    #: While on, what a source is turned into is remembered for the next who asks: IPython asks twice for each cell.
    remembers = False
    #: Source and the Python that it stands for: asked for once, then forgotten, since code can change what cells are
    #: turned into.
    transformed: tuple[str, str] | None = None

    def transform_cell(self, raw_cell: str) -> str:
        """The Python that a cell stands for."""
        known, self.transformed = self.transformed, None
        if known is not None and known[0] == raw_cell:
            return known[1]
        found = str(super().transform_cell(raw_cell))
        if self.remembers:
            self.transformed = (raw_cell, found)
        return found

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        kind, value, trace = super()._get_exc_info(exc_tuple)
        if isinstance(value, BaseException):
            return kind, value, _without_own_frames(value, trace, set())
        return kind, value, trace

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        hint = self.hints.get(getattr(evalue, "name", None) or "") if isinstance(evalue, NameError) else None
        if hint and stb:
            evalue = f"{evalue}. {hint}"
            stb = [*stb[:-1], f"{stb[-1]}. {hint}"]
        super()._showtraceback(etype, evalue, stb)


# By its name pandas, rich and many a snippet tell a notebook from a terminal, and print accordingly.
BlockShell.__name__ = BlockShell.__qualname__ = ZMQInteractiveShell.__name__
BlockShell.__module__ = ZMQInteractiveShell.__module__


def _without_own_frames(
    error: BaseException, trace: TracebackType | None, done: set[int]
) -> TracebackType | None:
    from ..reads.paths import PAYLOAD

    done.add(id(error))

    def is_own(link: TracebackType) -> bool:
        # frames below the cell only: those above it belong to the session and IPython cuts them off itself
        return link.tb_frame.f_code.co_filename.startswith(os.path.join(PAYLOAD, "reads"))

    while trace is not None and is_own(trace):
        trace = trace.tb_next
    link = trace
    while link is not None:
        while link.tb_next is not None and is_own(link.tb_next):
            link.tb_next = link.tb_next.tb_next
        link = link.tb_next
    error.__traceback__ = trace
    for other in (error.__cause__, error.__context__):
        if other is not None and id(other) not in done:
            _without_own_frames(other, other.__traceback__, done)
    return trace


class BlockKernel(InProcessKernel):
    """ipykernel's in-process kernel with nothing behind it but an `Outbox`."""

    iopub_thread = AnyTrait()
    iopub_socket = AnyTrait()
    shell_stream = AnyTrait()
    stdin_socket = AnyTrait()
    _underlying_iopub_socket = AnyTrait()
    stdout = AnyTrait()
    stderr = AnyTrait()

    @default("iopub_thread")
    def _default_iopub_thread(self) -> Any:
        return None

    @default("iopub_socket")
    def _default_iopub_socket(self) -> Any:
        # comms and publishers only pass it back to `Outbox.send`
        return object()

    @default("_underlying_iopub_socket")
    def _default_underlying(self) -> Any:
        return _Nothing()

    @default("session")
    def _default_session(self) -> Any:
        return Outbox(parent=self, key=b"")

    @default("shell_class")
    def _default_shell_class(self) -> Any:
        return BlockShell

    def raw_input(self, prompt: str = "") -> str:
        """Nobody is there to answer.

        Raises:
            StdinNotImplementedError: always.
        """
        raise StdinNotImplementedError(
            "input() was called, but a block runs unattended: assign the value in a cell or make it a project parameter"
        )

    def getpass(self, prompt: str = "", stream: Any = None, **options: Any) -> str:
        """Nobody is there to answer.

        Raises:
            StdinNotImplementedError: always.
        """
        raise StdinNotImplementedError(
            "getpass() was called, but a block runs unattended: take the secret from an environment variable"
        )


class _Nothing:
    def observe(self, *arguments: Any, **options: Any) -> None:
        """Nothing happens that could be observed."""


def make_kernel() -> BlockKernel:
    """The kernel of this process, as a fresh ipykernel would be set up; starts nothing."""
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    os.environ.setdefault("PYDEVD_USE_FRAME_EVAL", "NO")
    had_debugpy = "debugpy" in sys.modules
    if not had_debugpy:
        sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        configuration = Config(
            {
                "HistoryManager": {"enabled": False, "hist_file": ":memory:"},
                # tqdm and others look for it to know whether widgets can be shown
                "IPKernelApp": {"connection_file": ""},
            }
        )
        kernel: BlockKernel = BlockKernel.instance(config=configuration)
    finally:
        if not had_debugpy:
            del sys.modules["debugpy"]
    shell: Any = kernel.shell
    shell.compile = CellCompiler()
    shell.hints = {}
    # what `%gui`, `exit` and pagers look for
    shell.display_pub.pub_socket = shell.displayhook.pub_socket = kernel.iopub_socket
    for kind in (BlockShell, InProcessInteractiveShell, ZMQInteractiveShell, InteractiveShell):
        kind._instance = shell
    _set_path()
    return kernel


def _set_path() -> None:
    """The working folder comes after the standard library and before site-packages, where IPython puts it."""
    if "" in sys.path:
        sys.path.remove("")
    for place, entry in enumerate(sys.path):
        if os.path.basename(entry) in ("site-packages", "dist-packages"):
            sys.path.insert(place, "")
            return
    sys.path.insert(0, "")
