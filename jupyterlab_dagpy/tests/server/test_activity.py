"""A server that is ended when nobody uses it is not ended in the middle of a run."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from waiting import until

from jupyterlab_dagpy.server import supervisor as supervisors


@pytest.fixture
def project(jp_root_dir: Path) -> Path:
    """One block that runs until there is a file `end`."""
    wait = "import os, time\nwhile not os.path.exists('end'): time.sleep(0.05)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(wait)])
    nbformat.write(notebook, jp_root_dir / "wait.ipynb")
    dag = {"version": 1, "name": "p", "kernel": "python3", "blocks": {"wait": {"notebook": "wait.ipynb"}}}
    (jp_root_dir / "dag.json").write_text(json.dumps(dag))
    return jp_root_dir


async def test_a_run_counts_as_activity_until_it_ends(
    project: Path, jp_fetch, jp_serverapp, ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "ACTIVITY_INTERVAL", 0.2)
    manager = jp_serverapp.extension_manager

    async def last() -> datetime:
        status = json.loads((await jp_fetch("api", "status", params={"no_track_activity": "1"})).body)
        return datetime.fromisoformat(status["last_activity"].replace("Z", "+00:00"))

    # the report of another daemon, begun with the interval of the test
    await ready.stop()
    ready.start()
    await until(lambda: ready.daemon, "a daemon")
    await asyncio.sleep(0.5)
    before = await last()
    await asyncio.sleep(0.5)
    assert await last() == before, "a daemon with nothing to do is no activity"
    assert not manager.any_activity()

    run: dict[str, Any] = {"project": "", "target": {"kind": "all"}}
    await jp_fetch("dagpy", "v1", "calls", "run", method="POST", body=json.dumps(run))
    await until(lambda: ready.daemon.running == 1, "the run")
    assert manager.any_activity()
    earlier = await last()
    await asyncio.sleep(1)
    assert await last() > earlier

    (project / "end").touch()
    await until(lambda: ready.daemon.running == 0, "its end")
    assert not manager.any_activity()
    after = await last()
    await asyncio.sleep(0.5)
    assert await last() == after
