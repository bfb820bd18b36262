"""`kill -9` of commands that change what a person owns: dag.json, notebooks, flows, and of those that tidy the cache.

After each: nothing is torn, every cell is in its old or in its new place, other commands work, what they give is what a
clean run of the same files gives, and the command itself can be called again or says that it is done.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import Shown, counted, faults, hurt, kill_now, revert, shown, trial_project
from project import Project, User, end_group, make_cell, write_json
from proof import LONG, how_many
from proof import counted as prove
from serving import Daemon, RefusedError, serving

SEED = os.environ.get("DAGPY_SEED") or time.strftime("%j")
DRAFT = "draft.ipynb"
FLOW = "sums.flow.ipynb"


def edit_flow(p: Project) -> None:
    """A cell is changed, one moves to another block, one is new, and a header begins another block."""
    p.cli("flow", "sums")
    flow = json.loads((p.folder / FLOW).read_text(encoding="utf-8"))
    cells = flow["cells"]
    by_source = {"".join(cell["source"]): cell for cell in cells}
    changed = next(cell for source, cell in by_source.items() if source.startswith("def plus"))
    changed["source"] = ["def plus(x):\n", "    return x + n + 100"]
    moved = next(cell for source, cell in by_source.items() if source.startswith("n = 3"))
    first = next(cell for source, cell in by_source.items() if source.startswith("# Numbers"))
    cells.remove(first)
    cells.insert(cells.index(moved) + 1, first)
    cells.append(make_cell("print('new at the end')", "new-cell"))
    cells.append(make_cell(("markdown", "## Block: later"), "new-header"))
    cells.append(make_cell("print('a block of its own')", "new-block-cell"))
    write_json(p.folder / FLOW, flow)


def nothing(_: Project) -> None:
    return


def older_code(p: Project) -> None:
    p.edit("source", 1, "n = 3", "n = 3 # a thought that is stored nowhere")
    p.edit("shows", 0, "'seen'", "'was seen'")


Before = Callable[[Project], None]
#: What is done before, and the command.
COMMANDS: dict[str, tuple[Before, tuple[str, ...]]] = {
    "add": (nothing, ("add", "report", "--parents", "array,source")),
    "add from": (nothing, ("add", "drafted", "--from", DRAFT, "--cells", "1-2", "--parents", "source")),
    "rename": (nothing, ("rename", "array", "table")),
    "remove": (nothing, ("remove", "array")),
    "merge": (nothing, ("merge", "array", "sums")),
    "split": (nothing, ("split-block", "source", "3", "functions")),
    "link": (nothing, ("link", "apart", "sums", "--use", "x=y")),
    "unlink": (nothing, ("unlink", "source", "reads")),
    "filter": (nothing, ("filter", "array", "values", "view")),
    "flow": (nothing, ("flow", "reads")),
    "submit": (edit_flow, ("submit", FLOW)),
    "collect": (nothing, ("cache", "gc", "--all")),
    "clear": (nothing, ("cache", "clear")),
    "restore": (older_code, ("cache", "restore", "source", "2")),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All of it is fresh, and older versions are stored."""
    p = trial_project(tmp_path_factory.mktemp("commands"))
    revert(p)
    p.run()
    draft = [
        make_cell("drafted = [1]", "one"),
        make_cell("print(drafted)", "two"),
        make_cell("1 / 0", "three"),
    ]
    write_json(p.folder / DRAFT, {"cells": draft, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return p


def sources(p: Project) -> Counter[str]:
    """Of all notebooks in the folder; raises where one of them is torn."""
    found: Counter[str] = Counter()
    for path in sorted([*p.folder.glob("*.ipynb"), *(p.folder / ".dagpy" / "replaced").glob("*.ipynb")]):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if source := "".join(cell["source"]):
                found[source] += 1
    return found


def judged(p: Project) -> Shown:
    """What a run answers for: of a block that failed nothing is handed on, whatever is stored of older code."""
    seen = shown(p)
    for block in seen.blocks.values():
        if block["state"] != "fresh":
            block["exports"] = []
    return seen


class Case:
    """A command and the state that it is given; what its uninterrupted run makes of it."""

    def __init__(self, template: Project, place: Path, name: str) -> None:
        prepare, self.command = COMMANDS[name] if name in COMMANDS else (CALLS[name][0], (name,))
        self.place = place / "project"
        self.before = place / "before"
        self.log = place / "steps"
        self.template = template
        origin = template.copy(self.before)
        prepare(origin)
        self.owned = sources(origin)
        whole = self.open()
        began = time.monotonic()
        self.steps = self.whole(whole)
        self.span = time.monotonic() - began
        self.after = sources(whole)
        self.dags = [(p.folder / "dag.json").read_bytes() for p in (origin, whole)]
        self.clean: dict[str, Shown] = {}
        self.check_next(whole)

    def whole(self, p: Project) -> range:
        """Carries it out; its steps."""
        done = hurt(p, self.log, *self.command)
        assert done.code == 0, done.err
        return range(1, counted(self.log)["engine"] + 1)

    def killed(self, p: Project, step: int) -> tuple[bool, str]:
        """Whether it came to that step, and what it said."""
        ended = hurt(p, self.log, *self.command, kill={"role": "engine", "step": step})
        happened = counted(self.log)["engine"] >= step
        assert ended.code == (-signal.SIGKILL if happened else 0)
        return happened, ended.err

    def again(self, p: Project) -> None:
        """Called once more it comes to its end, or there is nothing left to do."""
        again = p.cli(*self.command, code=None)
        assert again.code in (0, 2) and "    at " not in again.err, again.err
        if again.code == 2 and self.command[0] not in ("submit", "flow", "cache"):
            assert (p.folder / "dag.json").read_bytes() == self.dags[1], again.err

        if again.code == 0 and self.command[0] == "merge":
            twice = {source for source, times in sources(p).items() if times > self.after[source]}
            assert twice == set(), "cells were joined twice"

    def open(self) -> Project:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.before, self.place, symlinks=True)
        p = Project(self.place, self.template.user, self.template.tally_file)
        p.environment = dict(self.template.environment)
        return p

    def check(self, p: Project) -> None:
        # one that was only just started finds out that it is alone once its packages are imported
        assert p.settled(30) == [], "processes were left behind"
        here = sources(p)
        # what the command takes away or changes may be gone, and nothing else
        lost = [source for source in self.owned if source not in here and source in self.after]
        assert lost == [], f"cells are gone: {lost}"
        json.loads((p.folder / "dag.json").read_bytes())
        self.check_next(p)
        self.check_again(p)

    def check_next(self, p: Project) -> None:
        """The next run gives what a clean run of the same files gives, as far as that can run at all."""
        p.cli("status", "--json")
        key = json.dumps([sorted(sources(p).items()), p.dag])
        done = p.cli("run", "--json", code=None)
        assert done.code in (0, 1, 2) and "    at " not in done.err, done.err
        if key not in self.clean:
            fresh = self.place.parent / f"clean-{len(self.clean)}"
            shutil.copytree(p.folder, fresh, ignore=shutil.ignore_patterns(".dagpy", "out"))
            clean = Project(fresh, User(self.place.parent / f"user-{len(self.clean)}"))
            for id in clean.dag["blocks"]:
                clean.rewrite(
                    id, lambda cells: [cell.update(outputs=[]) for cell in cells if "outputs" in cell]
                )
            assert clean.cli("run", "--json", code=None).code == done.code
            self.clean[key] = judged(clean)
        assert judged(p) == self.clean[key]
        again = p.cli("run", "--json", code=None).json()
        assert set(again["executed"]) <= set(again["failed"]) | set(again["replayed"]), again

    def check_again(self, p: Project) -> None:
        before = sources(p)
        self.again(p)
        assert all(source in sources(p) for source in before if source in self.after)
        p.cli("status", "--json")


# ------------------------------------------------------------------------------------ calls of the daemon


def places(p: Project, id: str, *wanted: str) -> list[dict[str, Any]]:
    cells = p.notebook(id)["cells"]
    return [
        {"place": place, "source": "".join(cell["source"])}
        for place, cell in enumerate(cells, start=1)
        if "".join(cell["source"]).startswith(wanted)
    ]


def branch(p: Project, daemon: Daemon) -> None:
    daemon.call(
        "addBlock",
        project="",
        id="branched",
        sources=["print('branched', n)", "more = n"],
        parents=[{"block": "source", "use": None}],
        filter={"kind": "auto"},
    )


def take_cells(p: Project, daemon: Daemon) -> None:
    daemon.call(
        "splitBlock",
        project="",
        block="source",
        id="functions",
        cells=places(p, "source", "def plus"),
        parents=None,
        filter={"kind": "auto"},
    )


def rename(p: Project, daemon: Daemon) -> None:
    daemon.call("renameBlock", project="", block="array", to="table")


def remove(p: Project, daemon: Daemon) -> None:
    daemon.call("removeBlock", project="", block="array")


def rename_and_undo(p: Project, daemon: Daemon) -> None:
    with contextlib.suppress(RefusedError):
        daemon.call("renameBlock", project="", block="array", to="table")
    daemon.call("undo", project="")


def split_again(p: Project, daemon: Daemon) -> None:
    take_cells(p, daemon)
    daemon.call("undo", project="")
    daemon.call("redo", project="")


def save_flow(p: Project, daemon: Daemon) -> None:
    content = json.loads((p.folder / FLOW).read_text(encoding="utf-8"))
    daemon.call("mergeFlow", project="", path=FLOW, content=content)


Call = Callable[[Project, Daemon], None]
CALLS: dict[str, tuple[Before, Call]] = {
    "branch": (nothing, branch),
    "take cells": (nothing, take_cells),
    "rename in a page": (nothing, rename),
    "remove in a page": (nothing, remove),
    "undo": (nothing, rename_and_undo),
    "redo": (nothing, split_again),
    "save a flow": (edit_flow, save_flow),
}


class CallCase(Case):
    """A call of a daemon, which dies in it."""

    def __init__(self, template: Project, place: Path, name: str) -> None:
        self.call = CALLS[name][1]
        self.can_be_done = name not in ("undo", "redo", "save a flow")
        super().__init__(template, place, name)

    def daemon(self, p: Project, **wish: Any) -> Daemon:
        socket = Path(p.environment["XDG_RUNTIME_DIR"]) / "kill.sock"
        return Daemon(p, "--socket", str(socket), environment=faults(self.log, **wish))

    def whole(self, p: Project) -> range:
        daemon = self.daemon(p)
        try:
            daemon.view()
            time.sleep(0.3)
            first = counted(self.log)["engine"] + 1
            self.call(p, daemon)
            time.sleep(0.3)
            return range(first, counted(self.log)["engine"] + 1)
        finally:
            daemon.end()
            end_group(daemon.process)

    def killed(self, p: Project, step: int) -> tuple[bool, str]:
        daemon = self.daemon(p, kill={"role": "engine", "step": step})
        try:
            with contextlib.suppress(OSError, http.client.HTTPException):
                daemon.view()
                self.call(p, daemon)
            happened = counted(self.log)["engine"] >= step
            if not happened:
                daemon.end()
            code = daemon.process.wait(timeout=30)
            # the call may have been answered before that step came
            happened = counted(self.log)["engine"] >= step
            assert code == (-signal.SIGKILL if happened else 0)
        finally:
            end_group(daemon.process)
        Path(daemon.socket).unlink(missing_ok=True)
        return happened, "".join(daemon.said)

    def again(self, p: Project) -> None:
        with serving(p, "--socket", str(Path(p.environment["XDG_RUNTIME_DIR"]) / "again.sock")) as daemon:
            try:
                self.call(p, daemon)
            except RefusedError as refused:
                if self.can_be_done:
                    assert (p.folder / "dag.json").read_bytes() == self.dags[1], refused
            daemon.view()


ALL = [*COMMANDS, *CALLS]
CHOSEN = ALL if LONG else random.Random(SEED).sample(ALL, 3)


def case_of(template: Project, place: Path, name: str) -> Case:
    return (Case if name in COMMANDS else CallCase)(template, place, name)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", CHOSEN)
def test_killed_at_every_step(template: Project, tmp_path: Path, name: str) -> None:
    case = case_of(template, tmp_path, name)
    numbers = sorted(
        random.Random(f"{SEED} {name}").sample(case.steps, min(len(case.steps), how_many(1, 300)))
    )
    failures: list[str] = []
    for number in numbers:
        p = case.open()
        said = ""
        try:
            happened, said = case.killed(p, number)
            case.check(p)
        except AssertionError as error:
            failures.append(f"{name} killed at step {number} of {case.steps}\n{error}\n{said}")
            continue
        if happened:
            prove("kills of other commands at a step")
    assert failures == [], "\n\n".join(failures)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", COMMANDS if LONG else ["rename"])
def test_killed_at_any_time(template: Project, tmp_path: Path, name: str) -> None:
    case = Case(template, tmp_path, name)
    chosen = random.Random(f"{SEED} {name} any")
    failures: list[str] = []
    for number in range(how_many(1, 8)):
        p = case.open()
        process: Any = p.start(*case.command)
        moment = chosen.uniform(0, case.span)
        try:
            time.sleep(moment)
            for pid in [process.pid, *p.processes()]:
                kill_now(pid)
            _, err = process.communicate(timeout=60)
        finally:
            end_group(process)
        try:
            case.check(p)
        except AssertionError as error:
            failures.append(f"{name} killed after {moment:.3f} s, number {number}\n{error}\n{err}")
        prove("kills of other commands at any time")
    assert failures == [], "\n\n".join(failures)
