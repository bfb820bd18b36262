"""Values of blocks in a kernel that a person works in: restored in silence, checked, and what was computed adopted."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from environments import add_kernel, python_of
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec
from project import Project, create, write_notebook
from resident import Daemon, RefusedError, daemon

MODULE = "__import__('sys').modules[{!r}].report()"


class Kernel:
    """A real kernel, asked as a front-end asks it."""

    def __init__(self, python: str | Path, cwd: Path) -> None:
        self.manager = KernelManager()
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, language="python", display_name="test")
        bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.manager.start_kernel(cwd=str(cwd), env=bare)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        #: everything that was shown, by any execution
        self.shown: list[dict[str, Any]] = []

    def run(self, code: str, silent: bool = False, **expressions: str) -> dict[str, Any]:
        reply = self.client.execute_interactive(
            code, silent=silent, store_history=not silent, user_expressions=expressions,
            output_hook=self.shown.append, timeout=60,
        )  # fmt: skip
        return dict(reply["content"])

    def outputs(self) -> list[dict[str, Any]]:
        kinds = ("stream", "display_data", "execute_result", "error", "clear_output")
        return [message["content"] for message in self.shown if message["msg_type"] in kinds]

    def value(self, expression: str) -> Any:
        """Of an expression whose value has a literal form."""
        reply = self.run("", silent=True, asked=expression)["user_expressions"]["asked"]
        assert reply["status"] == "ok", reply
        return ast.literal_eval(reply["data"]["text/plain"])

    def ask(self, module: str, code: str) -> dict[str, Any]:
        """Runs code of ours and returns what its module reports."""
        reply = self.run(code, silent=True, asked=MODULE.format(module))
        assert reply["status"] == "ok", reply
        return dict(json.loads(reply["user_expressions"]["asked"]["data"]["text/plain"]))

    def load(self, code: dict[str, Any]) -> dict[str, Any]:
        return dict(self.ask("dagpy_worker.user_kernel", code["code"])["last"])

    def adopt(self, served: Daemon, block: str) -> Any:
        """As the page does it; a text is why the kernel refused."""
        asked = served.call("adoptCode", block=block)
        made = self.ask("dagpy_worker.adopting", asked["code"])
        if not made["ok"]:
            return made["why"]
        parts = {name: made[name] for name in ("components", "withheld", "warnings")}
        return served.call("adopt", block=block, ticket=asked["ticket"], made=parts)

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def kernel(project: Project, python: str | Path | None = None) -> Iterator[Kernel]:
    started = Kernel(python or sys.executable, project.folder)
    try:
        yield started
    finally:
        started.end()


BLOCKS = {
    "setup": ["import math\ndef area(r): return math.pi * r * r\nprint('prelude speaks')"],
    "load": ["raw = [3, 1, 2]\nlimit = 10\nodd = (n for n in raw if n % 2)"],
    "clean": (
        [
            "K = 10\ndef scale(x): return x * K",
            "class Point:\n    def __init__(self, x): self.x = x\nbest = Point(scale(max(raw)) + year)",
            "import random\nrandom.seed(7)\ntidy = sorted(raw)",
        ],
        {"parents": ["load"]},
    ),
    "more": (["z = best.x + tidy[0]", "w = scale(z)\ntidy.append(4)"], {"parents": ["clean"]}),
    "next": (["print(w)"], {"parents": ["more"]}),
    "alone": (["a = [1, 2]", "b = a + [3]\nc = lambda: b"], {}),
}
DAG = {"prelude": "setup", "parameters": {"year": 2024}}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = create(tmp_path_factory.mktemp("kernels"), BLOCKS, tally=False, **DAG)
    made.cli("run", "load", "clean")
    return made


@pytest.fixture
def served(template: Project, tmp_path: Path) -> Iterator[tuple[Project, Daemon]]:
    project = template.copy(tmp_path / "project")
    with daemon(project) as running:
        yield project, running


@pytest.mark.parametrize("environment", ["ipykernel-6", "ipykernel-7"])
def test_values_come_into_a_bare_kernel_and_nothing_else(environment: str, tmp_path: Path) -> None:
    python = python_of(environment)
    project = create(tmp_path, BLOCKS, tally=False, kernel="theirs", **DAG)
    add_kernel(project.user, "theirs", python)
    project.cli("run", "load", "clean")
    with daemon(project) as running, kernel(project, python) as person:
        code = running.call("kernelCode", block="more", what="inputs")
        assert set(code["variables"]) == {"K", "scale", "Point", "best", "random", "tidy", "year"}
        before = person.value("(sorted(globals()), __import__('sys').path)")
        assert person.load(code)["ok"]
        assert person.outputs() == []
        after = person.value("(sorted(globals()), __import__('sys').path)")
        assert set(after[0]) - set(before[0]) == {*code["variables"], "area", "math"}
        assert after[1] == before[1]
        # no line of history, no number, nothing under `_`
        reply = person.run("best.x + scale(2)")
        assert (reply["status"], reply["execution_count"]) == ("ok", 1)
        assert person.outputs()[-1]["data"]["text/plain"] == "2074"
        assert person.value("In[1:]") == ["best.x + scale(2)"]
        # functions live in this session, as in one notebook
        person.run("K = 99")
        assert person.value("scale(1)") == 99
        # the hidden state that the block would start from
        assert person.value("random.random()") == random.Random(7).random()


def test_a_mapped_array_survives_its_file_and_never_changes_it(tmp_path: Path) -> None:
    blocks = {
        "load": ["import numpy as np\nbig = np.arange(1_000_000, dtype='float64')"],
        "use": (["print(big)"], {"parents": ["load"]}),
    }
    project = create(tmp_path, blocks, tally=False)
    project.cli("run", "load")
    with daemon(project) as running, kernel(project) as person:
        assert person.load(running.call("kernelCode", block="use", what="inputs"))["ok"]
        person.run("big[0] = -1")
        stored = running.call("kernelCode", block="use", what="inputs")
        shutil.rmtree(project.folder / ".dagpy" / "objects")
        assert person.value("float(big[-1]), float(big[0])") == (999_999.0, -1.0)
        # the same code finds nothing any more, says so, and leaves what is there
        told = person.load(stored)
        assert not told["ok"] and "FileNotFoundError" in told["failed"][0]["why"]
        assert person.value("float(big[-1])") == 999_999.0


def test_a_planted_object_is_never_unpickled(served: tuple[Project, Daemon], tmp_path: Path) -> None:
    project, running = served
    code = running.call("kernelCode", block="more", what="inputs")
    mark = tmp_path / "mark"
    planted = f"cposix\nsystem\n(S'touch {mark}'\ntR.".encode()
    with kernel(project) as person:
        # after the daemon looked: only the kernel's own check is left
        for file in (project.folder / ".dagpy" / "objects").rglob("*"):
            if file.is_file():
                file.chmod(0o644)
                file.write_bytes(planted)
        told = person.load(code)
        assert not told["ok"] and all("DamagedError" in failure["why"] for failure in told["failed"])
        assert not mark.exists()
    with pytest.raises(RefusedError, match="damaged"):
        running.call("kernelCode", block="more", what="inputs")


def test_what_is_not_there_is_named_with_what_to_do(served: tuple[Project, Daemon]) -> None:
    _, running = served
    (note,) = [n for n in running.call("kernelCode", block="clean", what="inputs")["notes"] if "odd" in n]
    assert note.startswith("odd (generator) of load is not here: ")
    state = running.call("kernelCode", block="more", what="state")
    assert any("more has not run yet" in note for note in state["notes"])
    assert "best" in state["variables"]


def test_state_holds_what_the_block_made_over_what_it_was_given(tmp_path: Path) -> None:
    blocks = {
        "a": ["data = [1]\nother = 5"],
        "b": (
            ["data.append(2)\nmade = sum(data)\nhidden = {1}"],
            {"parents": ["a"], "filter": ["data", "made"]},
        ),
    }
    project = create(tmp_path, blocks, tally=False)
    project.run()
    with daemon(project) as running, kernel(project) as person:
        code = running.call("kernelCode", block="b", what="state")
        assert person.load(code)["ok"]
        assert person.value("data, made, other") == ([1, 2], 3, 5)
        assert any(
            "hidden (set) of b is not here: the filter leaves it out" in note for note in code["notes"]
        )


def test_the_version_follows_the_values_and_nothing_else(served: tuple[Project, Daemon]) -> None:
    project, running = served
    version = lambda: running.call("kernelCode", block="more", what="inputs")["version"]  # noqa: E731
    first = version()
    project.edit("more", 0, "z = best.x", "# a remark\nz = 1 + best.x")
    assert version() == first
    project.edit("clean", 2, "sorted(raw)", "sorted(raw, reverse=True)")
    # the values of the last run are what there is, and that is told
    code = running.call("kernelCode", block="more", what="inputs")
    assert code["version"] == first
    assert any("clean is not fresh" in note for note in code["notes"])
    project.cli("run", "clean")
    assert version() != first


def test_a_parent_that_never_ran_does_not_keep_the_others_away(tmp_path: Path) -> None:
    blocks = {"a": ["x = 1"], "b": ["y = 2"], "c": (["print(x, y)"], {"parents": ["a", "b"]})}
    project = create(tmp_path, blocks, tally=False)
    project.cli("run", "a")
    with daemon(project) as running:
        code = running.call("kernelCode", block="c", what="inputs")
    assert code["variables"] == ["x"]
    assert any("b has not run yet" in note for note in code["notes"])


# ------------------------------------------------------------------------------------------------ adopt


def run_cells(person: Kernel, cells: Sequence[str]) -> None:
    for cell in cells:
        person.run(cell)


def test_what_a_kernel_computed_is_adopted_and_no_run_takes_it(served: tuple[Project, Daemon]) -> None:
    project, running = served
    cells = BLOCKS["more"][0]
    with kernel(project) as person:
        person.load(running.call("kernelCode", block="more", what="inputs"))
        run_cells(person, cells)
        adopted = person.adopt(running, "more")
        assert set(adopted["variables"]) == {"w", "z", "tidy"}
        assert person.value("In[1:]") == list(cells)
    seen = running.block("more")
    assert seen["isLocal"] and seen["state"] == "never"
    assert seen["seconds"] is None, "nobody timed the kernel"
    assert {export["name"] for export in seen["exports"]} == {"w", "z", "tidy"}
    # somebody goes on from it, in a kernel of their own
    with kernel(project) as other:
        code = running.call("kernelCode", block="next", what="inputs")
        assert any("more is local" in note for note in code["notes"])
        assert other.load(code)["ok"]
        assert other.value("tidy, w") == ([1, 2, 3, 4], (30 + 2024 + 1) * 10)
    # law 1: a run makes it itself
    assert {"more", "next"} <= set(project.cli("run", "--json").json()["executed"])
    report = project.cli("status", "--json").json()
    assert all(block["state"] == "fresh" for block in report["blocks"])
    assert not running.block("more")["isLocal"]


@pytest.mark.parametrize(
    ("ran", "why"),
    [
        (["z = best.x + tidy[0]"], "1 of the block's cells did not run"),
        (["z = best.x + tidy[0]", "w = scale(z)\ntidy.append(5)"], r"ran as \[2\] is not that"),
        (["w = 1", "z = best.x + tidy[0]", "w = scale(z)\ntidy.append(4)"], r"ran as \[1\] is not that"),
        (["z = best.x + tidy[0]", "w = scale(z)\ntidy.append(4)", "tidy.clear()"], "ran other code too"),
    ],
)
def test_other_code_is_not_adopted(served: tuple[Project, Daemon], ran: Sequence[str], why: str) -> None:
    project, running = served
    with kernel(project) as person:
        person.load(running.call("kernelCode", block="more", what="inputs"))
        run_cells(person, ran)
        assert re.search(why, str(person.adopt(running, "more")))
    assert not running.block("more")["isLocal"]


def test_parts_of_a_stored_array_come_into_a_kernel_and_are_adopted(tmp_path: Path) -> None:
    blocks = {
        "load": ["import numpy as np\nbig = np.arange(1_000_000, dtype='float64')"],
        "cut": (["part = big[1_000:]"], {"parents": ["load"], "filter": ["part"]}),
        "use": (["rest = part[1_000:]"], {"parents": ["cut"], "filter": ["rest"]}),
        "last": (["print(rest[0])"], {"parents": ["use"]}),
    }
    project = create(tmp_path, blocks, tally=False)
    project.cli("run", "load", "cut")
    with daemon(project) as running:
        with kernel(project) as person:
            assert person.load(running.call("kernelCode", block="use", what="inputs"))["ok"]
            assert person.value("float(part[0]), float(part[-1]), len(part)") == (1_000.0, 999_999.0, 999_000)
            run_cells(person, blocks["use"][0])
            assert set(person.adopt(running, "use")["variables"]) == {"rest"}
        with kernel(project) as other:
            assert other.load(running.call("kernelCode", block="last", what="inputs"))["ok"]
            assert other.value("float(rest[0]), float(rest[-1]), len(rest)") == (2_000.0, 999_999.0, 998_000)
    objects = (file for file in (project.folder / ".dagpy" / "objects").rglob("*") if file.is_file())
    assert sum(file.stat().st_size >= 1_000_000 for file in objects) == 1


def test_other_inputs_are_not_adopted(served: tuple[Project, Daemon]) -> None:
    project, running = served
    cells = BLOCKS["more"][0]
    stale = running.call("kernelCode", block="more", what="inputs")
    project.edit("clean", 2, "sorted(raw)", "sorted(raw) + [9]")
    project.cli("run", "clean")
    with kernel(project) as person:
        person.load(stale)
        run_cells(person, cells)
        # the object that went out of use is still there, or the load failed: either way it is no proof
        assert "other values" in str(person.adopt(running, "more"))
    with kernel(project) as person:
        run_cells(person, ["best, tidy, scale = 1, [], 2", *cells])
        assert "is not that" in str(person.adopt(running, "more"))
    with kernel(project) as person:
        run_cells(person, [cells[0]])
        person.load(running.call("kernelCode", block="more", what="inputs"))
        run_cells(person, cells)
        assert isinstance(person.adopt(running, "more"), str)


def test_a_failed_cell_is_not_adopted(tmp_path: Path) -> None:
    project = create(tmp_path, {"alone": ["a = 1\nraise KeyError(a)", "b = 2"]}, tally=False)
    with daemon(project) as running, kernel(project) as person:
        run_cells(person, ["a = 1\nraise KeyError(a)", "b = 2"])
        assert person.adopt(running, "alone") == "a cell failed in this kernel"


def test_a_block_that_is_given_nothing_is_adopted_as_it_is(tmp_path: Path) -> None:
    project = create(tmp_path, {"alone": BLOCKS["alone"]}, tally=False)
    with daemon(project) as running, kernel(project) as person:
        run_cells(person, BLOCKS["alone"][0])
        assert set(person.adopt(running, "alone")["variables"]) == {"a", "b", "c"}
        assert running.block("alone")["isLocal"]
        # changed code: what was adopted is of no more use
        write_notebook(project.folder / "alone.ipynb", ["a = [1, 2]", "b = a + [4]"])
        assert not running.block("alone")["isLocal"]


def test_saved_in_between_means_not_adopted(tmp_path: Path) -> None:
    project = create(tmp_path, {"alone": ["a = 1"]}, tally=False)
    with daemon(project) as running, kernel(project) as person:
        person.run("a = 1")
        asked = running.call("adoptCode", block="alone")
        made = person.ask("dagpy_worker.adopting", asked["code"])
        parts = {name: made[name] for name in ("components", "withheld", "warnings")}
        write_notebook(project.folder / "alone.ipynb", ["a = 2"])
        with pytest.raises(RefusedError, match="changed while"):
            running.call("adopt", block="alone", ticket=asked["ticket"], made=parts)
        with pytest.raises(RefusedError, match="changed while"):
            running.call("adopt", block="alone", ticket=asked["ticket"], made=parts)


def test_a_local_record_in_the_place_of_a_trace_is_no_trace(tmp_path: Path) -> None:
    project = create(tmp_path, {"alone": ["import os\na = os.getpid()"]}, tally=False)
    with daemon(project) as running, kernel(project) as person:
        person.run("import os\na = os.getpid()")
        assert "a" in person.adopt(running, "alone")["variables"]
    local, traces = project.folder / ".dagpy" / "local", project.folder / ".dagpy" / "traces"
    shutil.rmtree(traces, ignore_errors=True)
    shutil.copytree(local, traces)
    assert project.cli("run", "--json").json()["executed"] == ["alone"]
