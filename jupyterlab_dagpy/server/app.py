"""The Jupyter server extension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.extension.application import ExtensionApp
from tornado.ioloop import IOLoop

from .activity import note_activity
from .handlers import DaemonHandler, StartHandler
from .saves import guard_saves
from .supervisor import Supervisor

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


class DagpyApp(ExtensionApp):
    """Blocks, their results and their runs, for pages and scripts of this server."""

    name = "jupyterlab_dagpy"
    load_other_extensions = True

    supervisor: Supervisor | None = None

    def initialize_handlers(self) -> None:
        """Begin with the server: schedules must fire with no page open."""
        server = self.serverapp
        assert server is not None
        supervisor = Supervisor(root_of(server), self.log, lambda: note_activity(server.web_app.settings))
        self.supervisor = supervisor
        given = {"supervisor": supervisor}
        self.handlers.extend(
            [
                ("dagpy/start", StartHandler, given),
                ("dagpy/(v1/.*)", DaemonHandler, given),
            ]
        )
        guard_saves(server.contents_manager)
        # The server does not wait for it; its loop may not run yet.
        IOLoop.current().add_callback(supervisor.start)

    async def stop_extension(self) -> None:
        """End the daemon with the server."""
        if self.supervisor is not None:
            await self.supervisor.stop()

    def current_activity(self) -> int:
        """How many runs are on: a server that shuts down when nothing happens waits for them."""
        daemon = None if self.supervisor is None else self.supervisor.daemon
        return 0 if daemon is None else daemon.running


def root_of(server: ServerApp) -> str:
    """Folder where the paths start that pages know."""
    root = str(getattr(server.contents_manager, "root_dir", ""))
    if root == "" or not Path(root).is_dir():
        root = server.root_dir
    return str(Path(root).resolve())
