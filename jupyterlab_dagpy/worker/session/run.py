"""Runs the cells of a block in this process's kernel and turns what they show into messages."""

from __future__ import annotations

import asyncio
import datetime
import re
import selectors
import signal
import sys
import time
import zlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from ..reads import cell_files
from ..wire import Connection
from .kernel import BlockKernel, BlockShell, CellCompiler
from .streams import Streams
from .widgets import WidgetStates

_HISTORY = re.compile(r"_\d+|_i\d+")
#: Seconds that tasks of earlier cells get between two cells, about what a client needs to send the next one.
TASK_SLOT = 0.005


@dataclass
class Failure:
    """Why a segment stopped: the message `WorkerError`."""

    ename: str
    evalue: str
    traceback: list[str]
    block: str
    ordinal: int
    line: int
    interrupted: bool = False

    def message(self) -> dict[str, Any]:
        """As the engine reads it."""
        names = ("ename", "evalue", "traceback", "block", "ordinal", "line")
        return {name: getattr(self, name) for name in names}


class Session:
    """One block's session. Only the main thread may use it."""

    def __init__(self, kernel: BlockKernel, connection: Connection) -> None:
        self.kernel = kernel
        self.shell: BlockShell = kernel.shell  # type: ignore[assignment]
        self.warnings: list[str] = []
        self.seconds = 0.0
        self.interrupted = False
        self.widgets = WidgetStates(self._answer_comm)
        #: Names the cells; to be set before any runs.
        self.job = ""
        self.connection = connection
        self._pending_replies: dict[str, dict[str, Any]] = {}
        self._cell = ""
        self._ordinal = -1
        self._silent = True
        self._error: dict[str, Any] | None = None
        self._awaiting: asyncio.Future[Any] | None = None
        #: Source of a cell that was run → the Python that it stood for then.
        self._python: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._comms = 0
        outbox: Any = kernel.session
        outbox.listener = self._published
        self.streams = Streams(self._stream)
        kernel.stdout, kernel.stderr = sys.stdout, sys.stderr
        self._number_comms()

    @property
    def namespace(self) -> dict[str, Any]:
        """Globals of the cells."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    def python_of(self, source: str) -> str:
        """The Python that a cell stands for: as it was run, or as it would be run now.

        Raises:
            Exception: whatever IPython's transformers and the user's own raise.
        """
        known = self._python.get(source)
        return self.shell.transform_cell(source) if known is None else known

    # ------------------------------------------------------------ running

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run `work` in an event loop that is there for the cells, as ipykernel's is; interrupts are handled."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        return self._loop.run_until_complete(work)

    def proceed(self, connection: Connection, job: str) -> None:
        """In a fork of the process: what was said to the engine so far was another job's."""
        self.connection, self.job = connection, job
        self.warnings, self.seconds, self.interrupted = [], 0.0, False
        self.widgets = WidgetStates(self._answer_comm)
        self._pending_replies.clear()
        self.streams.renew()
        loop: Any = self._loop
        # a selector is one for all forks: each needs its own, and nothing but the loop's own pipe is registered
        loop._close_self_pipe()
        loop._selector.close()
        loop._selector = selectors.DefaultSelector()
        loop._make_self_pipe()

    @property
    def may_proceed(self) -> bool:
        """Whether the event loop is one that a fork can go on with."""
        parts = ("_close_self_pipe", "_make_self_pipe", "_selector")
        return type(self._loop).__module__.startswith("asyncio.") and all(
            hasattr(self._loop, part) for part in parts
        )

    def _on_interrupt(self, *_: Any) -> None:
        first, self.interrupted = not self.interrupted, True
        if self.connection.holds_interrupts():
            return
        future = self._awaiting
        if future is not None and first:
            self._loop.call_soon_threadsafe(future.cancel)
            return
        raise KeyboardInterrupt

    async def run_cells(self, segment: dict[str, Any], hints: dict[str, str]) -> Failure | None:
        """Run the cells of a segment until one fails. Outputs are sent for role ``main`` only."""
        self.shell.hints = hints
        for cell in segment["cells"]:
            failure = await self._run_cell(segment["block"], cell, segment["role"])
            if failure is not None:
                return failure
        return None

    def forget_history(self) -> None:
        """The next cell is the first of its block: `_`, ``In``, ``Out`` and counts know nothing of those before."""
        shell: Any = self.shell
        shell.execution_count = 1
        shell.history_manager.input_hist_parsed[:] = [""]
        shell.history_manager.input_hist_raw[:] = [""]
        shell.history_manager.output_hist.clear()
        for name in ("_i00", "_i", "_ii", "_iii"):
            setattr(shell.history_manager, name, "")
        displayed = shell.displayhook
        displayed._ = displayed.__ = displayed.___ = ""
        for name in [name for name in self.namespace if _HISTORY.fullmatch(name)]:
            del self.namespace[name]
        self.namespace.update(dict.fromkeys(("_", "__", "___", "_i", "_ii", "_iii"), ""))

    async def _run_cell(self, block: str, cell: dict[str, Any], role: str) -> Failure | None:
        silent = role != "main"
        source, ordinal = cell["source"], cell["ordinal"]
        name = f"/tmp/ipykernel_{zlib.crc32(block.encode())}/{zlib.crc32(str(cell['id']).encode())}.py"
        compiler: CellCompiler = self.shell.compile  # type: ignore[assignment]
        compiler.naming, compiler.names = (source, name), cell_files
        self._ordinal, self._silent, self._error = ordinal, silent, None
        self._cell = f"{self.job}_{block}_{ordinal}"
        self._set_parent()
        if not silent:
            self.connection.send({"type": "cellStarted", "ordinal": ordinal})
        start = time.monotonic()
        kernel: Any = self.kernel
        kernel._forward_input(False)
        try:
            # a replay shows what its block shows, only that nobody sees it: `_` and what showing does are its as well
            result = await self._execute(source, role == "prelude")
        finally:
            kernel._restore_input()
            kernel.shell.payload_manager.clear_payload()
        await self._between_cells()
        self.streams.settle()
        seconds = time.monotonic() - start
        error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
        failed = not result.success or getattr(self.shell, "_last_traceback_during_displayhook", False)
        leaves = bool(self.shell.exit_now)
        failure = None
        if failed and not (cell.get("raises") and not self.interrupted):
            failure = self._failure(block, ordinal, name, error)
        elif leaves:
            self.shell.exit_now = False
            self.warnings.append(f"cell {cell['place']} asked the kernel to exit, which ends only the cell")
        if not silent:
            self.seconds += seconds
            message = {"type": "cellFinished", "ordinal": ordinal, "ok": failure is None, "seconds": seconds}
            self.connection.send(message)
        return failure

    async def _execute(self, source: str, silent: bool) -> Any:
        """As ipykernel's ``do_execute``: awaits in the running loop where the cell awaits, else runs it as it is."""
        shell: Any = self.shell
        problem = None
        shell.remembers = True
        try:
            self._python[source] = transformed = shell.transform_cell(source)
        except Exception:
            transformed, problem = source, sys.exc_info()
        finally:
            shell.remembers = False
        history = not silent
        if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=problem):
            try:
                return shell.run_cell(source, store_history=history, silent=silent)
            finally:
                shell.transformed = None
        shell.transformed = None
        cell = shell.run_cell_async(
            source,
            store_history=history,
            silent=silent,
            transformed_cell=transformed,
            preprocessing_exc_tuple=problem,
        )
        shell._last_traceback = None
        shell._last_traceback_during_displayhook = False
        self._awaiting = asyncio.ensure_future(cell)
        result = None
        try:
            result = await self._awaiting
        finally:
            self._awaiting = None
            shell.events.trigger("post_execute")
            if not silent:
                shell.events.trigger("post_run_cell", result)
        return result

    async def _between_cells(self) -> None:
        if len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(TASK_SLOT)
        for identity, state in self._pending_replies.items():
            self._deliver(identity, state)
        self._pending_replies.clear()

    async def finish(self, role: str = "main") -> None:
        """End of a block: what still runs in the event loop is cancelled."""
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if tasks:
            names = ", ".join(
                sorted({getattr(task.get_coro(), "__qualname__", task.get_name()) for task in tasks})
            )
            if role == "main":
                self.warnings.append(f"cancelled at the end of the block, still running: {names}")
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
        self.streams.settle()

    def _failure(self, block: str, ordinal: int, name: str, error: BaseException | None) -> Failure:
        content = self._error or {
            "ename": type(error).__name__ if error is not None else "Error",
            "evalue": str(error),
            "traceback": [],
        }
        line = 0
        if isinstance(error, SyntaxError) and error.filename == name:
            line = error.lineno or 0
        trace = error.__traceback__ if error is not None else None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == name:
                line = trace.tb_lineno
            trace = trace.tb_next
        return Failure(
            str(content["ename"]),
            str(content["evalue"]),
            [str(part) for part in content["traceback"]],
            block,
            ordinal,
            line,
            self.interrupted or isinstance(error, KeyboardInterrupt),
        )

    def _set_parent(self) -> None:
        header = {
            "msg_id": self._cell,
            "msg_type": "execute_request",
            "session": self.job,
            "username": "dagpy",
            "version": "5.3",
            "date": datetime.datetime.now(datetime.timezone.utc),
        }
        parent = {
            "header": header,
            "msg_id": self._cell,
            "msg_type": "execute_request",
            "content": {},
            "metadata": {},
        }
        self.kernel.set_parent([], parent)

    # ------------------------------------------------------------ what comes out

    def _stream(self, name: str, text: str) -> None:
        self._output({"output_type": "stream", "name": name, "text": text})

    def _output(self, output: dict[str, Any]) -> None:
        if self._silent:
            return
        if not self.widgets.catch(self._cell, output):
            self.connection.send({"type": "output", "ordinal": self._ordinal, "output": output})

    def _published(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        """A message of the kernel, in order with the streams: they are flushed before."""
        if kind.startswith("comm_"):
            if not self._silent:
                self.streams.flush()
                self.widgets.handle(kind, self._wire(content), buffers)
            return
        if kind not in ("display_data", "update_display_data", "execute_result", "error", "clear_output"):
            return
        self.streams.flush()
        body = self._wire(content)
        if kind == "error":
            self._error = body
            self._output(
                {"output_type": "error", **{key: body[key] for key in ("ename", "evalue", "traceback")}}
            )
        elif kind == "clear_output":
            if not self._silent and not self.widgets.clear(self._cell, bool(body.get("wait"))):
                wait = bool(body.get("wait"))
                self.connection.send({"type": "clearOutput", "ordinal": self._ordinal, "wait": wait})
        elif kind == "update_display_data":
            display = (body.get("transient") or {}).get("display_id")
            if display and not self._silent:
                message = {"type": "updateDisplay", "displayId": display, "data": body["data"]}
                self.connection.send({**message, "metadata": body.get("metadata") or {}})
        else:
            output = {"output_type": kind, "data": body["data"], "metadata": body.get("metadata") or {}}
            if kind == "execute_result":
                output["execution_count"] = body.get("execution_count")
            if body.get("transient"):
                output["transient"] = body["transient"]
            self._output(output)

    def _wire(self, content: dict[str, Any]) -> dict[str, Any]:
        outbox: Any = self.kernel.session
        body: dict[str, Any] = outbox.over_the_wire(content)
        return body

    # ------------------------------------------------------------ comms

    def _answer_comm(self, identity: str, state: dict[str, Any]) -> None:
        # a client's message waits until the kernel is idle again
        self._pending_replies[identity] = {"state": state}

    def _deliver(self, identity: str, update: dict[str, Any]) -> None:
        data = {"method": "update", "state": update["state"], "buffer_paths": []}
        message = {
            "header": {"msg_id": self._cell, "msg_type": "comm_msg"},
            "parent_header": {},
            "metadata": {},
            "content": {"comm_id": identity, "data": data},
            "buffers": [],
        }
        silent, self._silent = self._silent, True
        try:
            manager: Any = self.kernel.comm_manager
            manager.comm_msg(None, None, message)
        finally:
            self._silent = silent

    def _number_comms(self) -> None:
        """Ids of comms, so of widgets in the notebook, are the same in every run of the block."""
        import comm

        make: Callable[..., Any] = comm.create_comm

        def create_comm(*arguments: Any, **options: Any) -> Any:
            if not options.get("comm_id"):
                self._comms += 1
                seed = f"{self.identity}:{self._comms}"
                parts = (zlib.crc32(f"{part}{seed}".encode()) for part in range(4))
                options["comm_id"] = "".join(f"{part:08x}" for part in parts)
            return make(*arguments, **options)

        comm.create_comm = create_comm

    #: What comm ids are made from.
    identity = ""
