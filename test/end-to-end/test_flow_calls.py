"""Flows that come from an editor: composed, merged and split as contents, and held against the files on disk."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from project import Project, create, end_group
from serving import Daemon, RefusedError, serving

BLOCKS = {
    "load": ["raw = [3, 1, 2]", "limit = 10"],
    "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
    "top": (["print(ordered[-1])"], {"parents": ["sort"]}),
    "alone": ["lone = 1"],
}


@pytest.fixture
def trial(project) -> Project:
    p = project(BLOCKS)
    p.run()
    return p


def digests(p: Project) -> dict[str, str]:
    """Of every file of the project that a person owns."""
    files = [file for file in p.folder.rglob("*") if file.is_file() and ".dagpy" not in file.parts]
    return {
        str(file.relative_to(p.folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(files)
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def replace(content: dict[str, Any], old: str, new: str) -> None:
    [cell] = [cell for cell in content["cells"] if old in text(cell)]
    cell["source"] = text(cell).replace(old, new)


def code(id: str, source: str, **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": id,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def markdown(id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def compose(daemon: Daemon, *blocks: str) -> dict[str, Any]:
    return dict(daemon.call("composeFlow", project="", blocks=list(blocks))["content"])


def merge(daemon: Daemon, content: dict[str, Any], path: str = "a.ipynb", **more: Any) -> dict[str, Any]:
    return dict(daemon.call("mergeFlow", project="", path=path, content=content, **more))


def sources(p: Project, id: str) -> list[str]:
    return [text(cell) for cell in p.cells(id)]


def test_a_flow_holds_blocks_and_what_they_need_and_nothing_is_written(trial: Project) -> None:
    before = digests(trial)
    with serving(trial) as daemon:
        content = compose(daemon, "top")
        headers = [text(cell).split("\n")[0] for cell in content["cells"] if "## Block" in text(cell)]
        assert headers == ["## Block: load", "## Block: sort", "## Block: top"]
        assert len(compose(daemon, "sort", "alone")["cells"]) > 0
        answer = merge(daemon, content)
        assert (answer["changed"], answer["added"], answer["conflicts"]) == ([], [], [])
        assert answer["content"] == content
        with pytest.raises(RefusedError) as refused:
            compose(daemon, "nowhere")
        assert refused.value.code == "unknown-block"
    assert digests(trial) == before


def test_an_edit_reaches_its_block_alone_and_turns_what_is_below(trial: Project) -> None:
    before = digests(trial)
    with serving(trial) as daemon:
        content = compose(daemon, "top")
        replace(content, "sorted(raw)", "sorted(raw, reverse=True)")
        unsaved = merge(daemon, content, isUnsaved=True)
        assert digests(trial) == before
        assert unsaved["content"] == content
        answer = merge(daemon, content)
        assert answer["changed"] == ["sort"]
        assert changed(before, digests(trial)) == {"sort.ipynb"}
        assert daemon.states() == {"load": "fresh", "sort": "stale", "top": "affected", "alone": "fresh"}
        assert daemon.view()["undo"] is None
        assert merge(daemon, answer["content"])["changed"] == []


def test_what_changed_in_a_block_comes_in_while_edits_wait(trial: Project) -> None:
    with serving(trial) as daemon:
        content = compose(daemon, "top")
        replace(content, "sorted(raw)", "sorted(raw, reverse=True)")
        trial.edit("load", 1, "limit = 10", "limit = 11")
        before = digests(trial)
        answer = merge(daemon, content, isUnsaved=True)
        assert digests(trial) == before
        shown = "\n".join(text(cell) for cell in answer["content"]["cells"])
        assert "limit = 11" in shown
        assert "reverse=True" in shown
        assert merge(daemon, answer["content"])["changed"] == ["sort"]
        assert "limit = 11" in sources(trial, "load")[-1]


def test_both_changed_a_cell(trial: Project) -> None:
    with serving(trial) as daemon:
        content = compose(daemon, "top")
        replace(content, "limit = 10", "limit = 1")
        trial.edit("load", 1, "limit = 10", "limit = 2")
        before = digests(trial)
        answer = merge(daemon, content)
        [conflict] = answer["conflicts"]
        assert conflict["block"] == "load"
        cells = answer["content"]["cells"]
        assert text(cells[conflict["cell"] - 1]) == "limit = 1"
        assert text(cells[conflict["cell"]]) == "limit = 2"
        with pytest.raises(RefusedError) as refused:
            merge(daemon, answer["content"])
        assert refused.value.code == "flow-conflict"
        assert digests(trial) == before
        del cells[conflict["cell"]]
        assert merge(daemon, answer["content"])["changed"] == ["load"]
        assert sources(trial, "load")[-1] == "limit = 1"


def test_a_fresh_notebook_becomes_blocks_that_find_their_parents(project) -> None:
    p = project({})
    with serving(p) as daemon:
        content = notebook(
            code("o", "scratch = 1", dagpy={"outside": True}),
            markdown("h1", "## Block: first"),
            code("x", "x = 1"),
            markdown("h2", "## Block: second"),
            code("y", "print(x)"),
        )
        answer = merge(daemon, content, path="work/plan.ipynb")
        assert answer["added"] == ["first", "second"]
        blocks = json.loads((p.folder / "dag.json").read_text())["blocks"]
        assert blocks["second"]["parents"] == ["first"]
        assert blocks["first"]["notebook"] == "work/plan/first.ipynb"
        assert blocks["first"]["cwd"] == "work"
        assert text(answer["content"]["cells"][0]) == "scratch = 1"
        assert daemon.view()["undo"]
        follower = daemon.follow()
        (p.folder / "work").mkdir(exist_ok=True)
        follower.call("run", target={"kind": "affected"})
        assert set(follower.ended()["executed"]) == {"first", "second"}
        shown = merge(daemon, answer["content"], path="work/plan.ipynb")["content"]
        [cell] = [cell for cell in shown["cells"] if cell["id"] == "y"]
        assert "".join(cell["outputs"][0]["text"]) == "1\n"
        with pytest.raises(RefusedError) as refused:
            merge(daemon, notebook(markdown("h", "## Block: first"), code("z", "1")), path="other.ipynb")
        assert refused.value.code == "block-exists"


def test_a_block_notebook_that_is_open_while_its_file_changes(trial: Project) -> None:
    with serving(trial) as daemon:
        base = json.loads((trial.folder / "load.ipynb").read_text())
        mine = json.loads(json.dumps(base))
        replace(mine, "limit = 10", "limit = 1")
        trial.edit("load", 0, "3, 1, 2", "3, 1, 4")
        before = digests(trial)
        ask = {"project": "", "path": "load.ipynb"}
        answer = daemon.call("mergeNotebook", **ask, base=base, content=mine)
        shown = [text(cell) for cell in answer["content"]["cells"]]
        assert any("3, 1, 4" in each for each in shown)
        assert "limit = 1" in shown
        assert answer["conflicts"] == []
        trial.edit("load", 1, "limit = 10", "limit = 2")
        [conflict] = daemon.call("mergeNotebook", **ask, base=base, content=mine)["conflicts"]
        assert conflict["block"] == "load"
        assert changed(before, digests(trial)) == {"load.ipynb"}


def test_a_notebook_is_split_with_a_preview(project, tmp_path: Path) -> None:
    p = create(tmp_path / "p", {"load": ["a = 1"]}, name="p")
    content = notebook(
        markdown("t1", "# Load"),
        code("x", "x = 1.0"),
        markdown("t2", "# Report"),
        code("y", "print(x)\ninput()"),
    )
    with serving(p) as daemon:
        before = digests(p)
        ask: dict[str, Any] = {"folder": "", "path": "long.ipynb", "content": content}
        preview = daemon.call("split", **ask)
        assert digests(p) == before
        assert [block["cells"] for block in preview["blocks"]] == [[1, 2], [3, 4]]
        assert preview["blocks"][0]["id"] != "load"
        assert preview["blocks"][1]["parents"] == [preview["blocks"][0]["id"]]
        assert any("input()" in warning["message"] for warning in preview["warnings"])
        assert "content" not in preview
        answer = daemon.call("split", **ask, apply=True)
        assert set(daemon.states()) == {"load", *[block["id"] for block in answer["blocks"]]}
        assert merge(daemon, answer["content"], path="long.ipynb")["changed"] == []
        with pytest.raises(RefusedError) as refused:
            daemon.call("split", **{**ask, "content": answer["content"]})
        assert refused.value.code == "split-blocks"


def places(p: Project, block: str, *wanted: str) -> list[dict[str, Any]]:
    cells = all_cells(p, block)
    return [{"place": cells.index(source) + 1, "source": source} for source in wanted]


def all_cells(p: Project, block: str) -> list[str]:
    """Sources, also of what the test itself put there."""
    content = json.loads((p.folder / f"{block}.ipynb").read_text())
    return [text(cell) for cell in content["cells"]]


@pytest.mark.parametrize("part", ["raw = [3, 1, 2]", "limit = 10"])
def test_cells_of_a_block_move_into_a_new_one(project, part: str) -> None:
    p = project(
        {
            "load": ["raw = [3, 1, 2]", ("markdown", "between"), "limit = 10"],
            "sort": (["ordered = sorted(raw)"], {"parents": ["load"]}),
            "top": (["print(ordered[-1], limit)"], {"parents": ["sort", "load"]}),
        }
    )
    p.cli("run")
    # The first code cell stands below one of the test's own.
    taken = all_cells(p, "load")[:2] if part.startswith("raw") else [part]
    with serving(p) as daemon:
        ask: dict[str, Any] = {"block": "load", "id": "part", "parents": None, "filter": {"kind": "auto"}}
        with pytest.raises(RefusedError, match="another on disk"):
            daemon.call("splitBlock", project="", **ask, cells=[{"place": 1, "source": "what it was before"}])
        with pytest.raises(RefusedError, match="no code would be left"):
            everything = all_cells(p, "load")
            daemon.call("splitBlock", project="", **ask, cells=places(p, "load", *everything))
        before = sorted(all_cells(p, "load"))
        made = daemon.call("splitBlock", project="", **ask, cells=places(p, "load", *taken))
        assert made == {"block": "part", "notebook": "part.ipynb"}
        assert all_cells(p, "part") == taken
        assert sorted([*all_cells(p, "part"), *all_cells(p, "load")]) == before
        blocks = p.dag["blocks"]
        assert ("part" in blocks["sort"]["parents"]) == part.startswith("raw")
        assert ("part" in blocks["top"]["parents"]) == part.startswith("limit")
        daemon.call("undo", project="")
        assert sorted(all_cells(p, "load")) == before
        assert "part" not in p.dag["blocks"]
        daemon.call("redo", project="")
        follower = daemon.follow()
        follower.call("run", target={"kind": "affected"})
        assert follower.ended()["failed"] == []
        assert p.text("top") == "3 10\n"


def test_cells_whose_block_goes_on_with_them_do_not_leave_it(project) -> None:
    p = project({"load": ["a = 1", "b = a + 1", "c = b + 1"]})
    with serving(p) as daemon:
        ask: dict[str, Any] = {"project": "", "block": "load", "id": "part", "parents": None}
        with pytest.raises(RefusedError, match="reads b"):
            daemon.call("splitBlock", **ask, filter={"kind": "auto"}, cells=places(p, "load", "b = a + 1"))
        assert list(p.dag["blocks"]) == ["load"]


def test_killed_in_the_middle_of_a_save_nothing_is_lost(trial: Project) -> None:
    """Whenever it happens: no file is half written, and the same save afterwards does what is left of it."""
    with serving(trial) as daemon:
        content = compose(daemon, "top")
    replace(content, "sorted(raw)", "sorted(raw, reverse=True)")
    replace(content, "limit = 10", "limit = 11")
    replace(content, "## Block: top", "## Block: best")
    content["cells"] += [markdown("h", "## Block: tell\n- Parents: sort\n"), code("t", "print(raw, ordered)")]
    written = 0
    for attempt in range(8):
        p = trial.copy(trial.folder.parent / f"killed-{attempt}")
        (p.folder / "a.ipynb").write_text(json.dumps(content))
        before = digests(p)
        daemon = Daemon(p, "--socket", str(Path(p.environment["XDG_RUNTIME_DIR"]) / "killed.sock"))
        try:
            daemon.view()
            untouched = p.folder.stat().st_mtime_ns
            saving = threading.Thread(target=saves, args=(daemon, content))
            saving.start()
            # The first ones as it begins, the next ones as soon as a file is another, a bit later each time.
            end = time.monotonic() + 30
            while attempt > 1 and p.folder.stat().st_mtime_ns == untouched and time.monotonic() < end:
                pass
            time.sleep(max(0, attempt - 2) * 0.006)
            os.kill(daemon.process.pid, signal.SIGKILL)
            daemon.process.wait()
            saving.join()
        finally:
            end_group(daemon.process)
        touched = changed(before, digests(p))
        written += touched != set()
        for file in p.folder.glob("**/*.ipynb"):
            json.loads(file.read_text())
        with serving(p, "--socket", daemon.socket) as again:
            answer = merge(again, content)
            assert answer["conflicts"] == []
            assert merge(again, answer["content"])["changed"] == []
            assert sources(p, "load") == ["raw = [3, 1, 2]", "limit = 11"], attempt
            assert sources(p, "sort") == ["ordered = sorted(raw, reverse=True)"]
            assert sources(p, "best") == ["print(ordered[-1])"]
            assert sources(p, "tell") == ["print(raw, ordered)"]
            assert set(again.states()) == {"load", "sort", "best", "alone", "tell"}
        # Nothing stands twice; a notebook may have been left under the name that its block had.
        blocks = json.loads((p.folder / "dag.json").read_text())["blocks"]
        names = {str(file.relative_to(p.folder)) for file in p.folder.glob("**/*.ipynb")}
        assert names - {"top.ipynb"} == {"a.ipynb", *(block["notebook"] for block in blocks.values())}
    assert written > 4


def saves(daemon: Daemon, content: dict[str, Any]) -> None:
    """As a page does whose daemon goes away."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        merge(daemon, content)
