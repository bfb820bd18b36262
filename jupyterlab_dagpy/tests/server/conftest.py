"""A Jupyter server with the extension and a real daemon; plugins stay inside this folder."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403

from jupyterlab_dagpy.server.app import DagpyApp
from jupyterlab_dagpy.server.supervisor import Supervisor

sys.path.insert(0, str(Path(__file__).parent))

from waiting import until


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"jupyterlab_dagpy": True, "jupyter_server_terminals": False}}
    }


@pytest.fixture
def log(jp_serverapp: Any, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What server and extension say."""
    # the server's logger hands on what it says; that of an extension does not, and is set up with it
    logger = logging.getLogger(DagpyApp.__name__)
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture
def supervisor(jp_serverapp: Any) -> Supervisor:
    """Of the running server."""
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyterlab_dagpy"]
    assert isinstance(app, DagpyApp)
    assert app.supervisor is not None
    return app.supervisor


@pytest.fixture
def ready(supervisor: Supervisor, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Supervisor:
    """With a daemon that answers."""
    jp_asyncio_loop.run_until_complete(until(lambda: supervisor.daemon, supervisor.trouble))
    return supervisor
