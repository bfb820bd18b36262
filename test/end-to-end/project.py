"""Projects for the end-to-end tests: real notebooks, the real command, a user of their own.

    p = create(tmp_path, blocks={
        "a": ["x = 1"],
        "b": (["print(x)"], {"parents": ["a"]}),
    })
    report = p.run()
    assert report.executed == {"a", "b"}

Every block gets a first cell that appends the block's name to a file outside the project, so what ran is counted by
the code that ran and not only by what the command says; :meth:`Project.run` checks that both agree.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin")
# Another command than the one of this environment can be tested too, such as an installed one.
DAGPY = Path(os.environ.get("DAGPY_UNDER_TEST") or SCRIPTS / "dagpy")

Cell = str | tuple[str, str]
Block = Sequence[Cell] | tuple[Sequence[Cell], Mapping[str, Any]]

# No name is left behind, and no string that names a file.
TALLY = 'import os as tally_; print("{name}", file=open(tally_.environ["TALLY_FILE"], "a"), flush=True); del tally_'
TALLY_ID = "tally"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    def json(self) -> Any:
        """The one JSON document on stdout; anything more or less is an error."""
        return json.loads(self.out)


@dataclass(frozen=True)
class RunReport:
    """What `run --json` printed; lists of ids as sets."""

    done: Done
    document: dict[str, Any]
    executed: set[str] = field(default_factory=set)
    restored: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    replayed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    # By the blocks' own account, one entry for each time a block's code started.
    tally: list[str] = field(default_factory=list)

    @property
    def err(self) -> str:
        return self.done.err


LISTS = ("executed", "restored", "fresh", "replayed", "failed", "blocked", "cancelled")


class User:
    """A person with folders of their own: home, cache, keys, kernels."""

    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        self.folder = folder
        home = folder / "home"
        self.data = home / "data"
        self.cache = home / "cache"
        self.jupyter = home / "jupyter"
        for made in (self.data, self.cache, self.jupyter / "kernels"):
            made.mkdir(parents=True, exist_ok=True)
        shared = shared or SHARED
        kept = {
            name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ
        }
        self.environment: dict[str, str] = {
            **kept,
            "HOME": str(home),
            "XDG_DATA_HOME": str(self.data),
            "XDG_CACHE_HOME": str(self.cache),
            "XDG_CONFIG_HOME": str(home / "config"),
            # Socket paths are short, those of tests are not.
            "XDG_RUNTIME_DIR": str(shared / "run"),
            "JUPYTER_CONFIG_DIR": str(self.jupyter / "config"),
            "JUPYTER_DATA_DIR": str(self.jupyter),
            "JUPYTER_RUNTIME_DIR": str(self.jupyter / "runtime"),
            "IPYTHONDIR": str(home / "ipython"),
            # Building the font cache takes seconds.
            "MPLCONFIGDIR": str(shared / "matplotlib"),
        }


def _shared_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dagpy-"))
    for name in ("run", "matplotlib"):
        (folder / name).mkdir(mode=0o700)
    return folder


SHARED = _shared_folder()


class Project:
    """A project folder and the user who works in it."""

    def __init__(self, folder: Path, user: User, tally: Path | None = None) -> None:
        self.folder = folder
        self.user = user
        # Blocks read the name from their environment: it is the same for all copies of a project.
        self.tally_file = tally or user.folder / "tally.log"
        self.tally_file.touch()
        self.environment = {**user.environment, "TALLY_FILE": str(self.tally_file)}

    # ------------------------------------------------------------------------------------ commands

    def start(self, *arguments: str, command: Sequence[str | Path] = (DAGPY,), **options: Any) -> Any:
        """The command as a running process, in a process group of its own."""
        environment = {**self.environment, **options.pop("environment", {})}
        return subprocess.Popen(
            [*map(str, command), *map(str, arguments)],
            cwd=options.pop("cwd", self.folder),
            env=environment,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            **options,
        )

    def cli(self, *arguments: str, code: int | None = 0, timeout: float = 100, **options: Any) -> Done:
        """Run the command to its end. `code`: what it must exit with; ``None``: anything."""
        began = time.monotonic()
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            end_group(process)
            raise
        done = Done(process.returncode, out, err, time.monotonic() - began)
        if code is not None:
            assert done.code == code, (
                f"dagpy {' '.join(map(str, arguments))}: exit {done.code}\n{out[:500]}\n{err}"
            )
        return done

    def run(self, *arguments: str, code: int = 0, **options: Any) -> RunReport:
        """`dagpy run ARGUMENTS --json`, checked against what the blocks themselves wrote down."""
        before = len(self.tally())
        done = self.cli("run", *arguments, "--json", code=code, **options)
        report = read_report(done, self.tally()[before:])
        counted = {name for name in report.tally if name in self.tallying()}
        assert counted - report.failed == (report.executed & self.tallying()) - report.failed, (
            f"the report says {sorted(report.executed)} ran, the blocks say {report.tally}\n{done.err}"
        )
        return report

    def idle(self, *arguments: str) -> RunReport:
        """A run that must execute nothing."""
        report = self.run(*arguments)
        assert report.executed == set() and report.tally == []
        return report

    def tally(self) -> list[str]:
        return self.tally_file.read_text(encoding="utf-8").split()

    def tallying(self) -> set[str]:
        """Blocks that write down that they ran."""
        return {id for id in self.dag["blocks"] if self._has_tally(id)}

    def status(self, *arguments: str, **options: Any) -> dict[str, dict[str, Any]]:
        """Entries of `status --json` by block."""
        blocks = self.cli("status", "--json", *arguments, **options).json()["blocks"]
        return {block["id"]: block for block in blocks}

    def states(self) -> dict[str, str]:
        return {id: block["state"] for id, block in self.status().items()}

    def reasons(self, id: str) -> set[str]:
        return {reason["kind"] for reason in self.status()[id]["reasons"]}

    def exports(self, id: str) -> dict[str, dict[str, Any]]:
        return {export["name"]: export for export in self.status()[id]["exports"]}

    def value(self, id: str, name: str) -> str:
        """What `value` prints: the `repr`."""
        return self.cli("value", id, name).out.removesuffix("\n")

    # ----------------------------------------------------------------------------------- notebooks

    @property
    def dag(self) -> dict[str, Any]:
        return json.loads((self.folder / "dag.json").read_text(encoding="utf-8"))

    def declare(self, **entries: Any) -> None:
        """Sets entries of `dag.json`; ``None`` takes one away."""
        write_json(self.folder / "dag.json", merged(self.dag, entries), indent=2)

    def declare_block(self, id: str, **entries: Any) -> None:
        dag = self.dag
        dag["blocks"][id] = merged(dag["blocks"][id], entries)
        write_json(self.folder / "dag.json", dag, indent=2)

    def path(self, id: str) -> Path:
        return self.folder / self.dag["blocks"][id]["notebook"]

    def notebook(self, id: str) -> dict[str, Any]:
        return json.loads(self.path(id).read_text(encoding="utf-8"))

    def cells(self, id: str) -> list[dict[str, Any]]:
        """Cells as the test gave them, without the one that counts."""
        return [cell for cell in self.notebook(id)["cells"] if cell.get("id") != TALLY_ID]

    def source(self, id: str, cell: int) -> str:
        return "".join(self.cells(id)[cell]["source"])

    def rewrite(self, id: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """Saves the notebook of a block after `change` was made to its cells (the counting one left out)."""
        notebook = self.notebook(id)
        counting = [cell for cell in notebook["cells"] if cell.get("id") == TALLY_ID]
        cells = [cell for cell in notebook["cells"] if cell.get("id") != TALLY_ID]
        change(cells)
        notebook["cells"] = [*counting, *cells]
        write_json(self.path(id), notebook)

    def edit(self, id: str, cell: int, old: str, new: str) -> None:
        """Replaces text in a cell, as a person does who saves the notebook; its outputs stay."""

        def change(cells: list[dict[str, Any]]) -> None:
            source = "".join(cells[cell]["source"])
            assert old in source, f"{old!r} is not in cell {cell} of {id}: {source!r}"
            cells[cell]["source"] = lines(source.replace(old, new, 1))

        self.rewrite(id, change)

    def append(self, id: str, cell: Cell) -> None:
        self.rewrite(id, lambda cells: cells.append(make_cell(cell, f"new-{len(cells)}")))

    def outputs(self, id: str) -> list[list[dict[str, Any]]]:
        """Outputs of the code cells of a block, the counting one left out."""
        return [cell["outputs"] for cell in self.cells(id) if cell["cell_type"] == "code"]

    def text(self, id: str, stream: str = "stdout") -> str:
        """All that the block printed."""
        shown = [output for outputs in self.outputs(id) for output in outputs]
        return "".join(
            "".join(o["text"]) for o in shown if o["output_type"] == "stream" and o["name"] == stream
        )

    def errors(self, id: str) -> list[dict[str, Any]]:
        return [o for outputs in self.outputs(id) for o in outputs if o["output_type"] == "error"]

    def write(self, path: str, content: str | bytes) -> Path:
        """A file below the project; `content` as given."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    # ---------------------------------------------------------------------------------- everything

    def copy(self, folder: Path, user: User | None = None) -> Project:
        """The whole folder, its cache included, somewhere else."""
        shutil.copytree(self.folder, folder, symlinks=True)
        copy = Project(folder, user or self.user, self.tally_file)
        if user is None:
            copy.environment = dict(self.environment)
        return copy

    def as_user(self, user: User) -> Project:
        """The same folder in the hands of somebody else."""
        return Project(self.folder, user, self.tally_file)

    def digest(self, hidden: bool = False) -> dict[str, str]:
        """Digest of every file; `.dagpy` only if `hidden`."""
        return dict(digests(self.folder, hidden))

    def processes(self) -> list[int]:
        """Processes alive that were started for this user's commands, this one's own left out."""
        marker = f"TALLY_FILE={self.tally_file}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and marker in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def settled(self, seconds: float = 5) -> list[int]:
        """Processes that are still there after so long a wait."""
        end = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < end:
            time.sleep(0.02)
        return found

    def _has_tally(self, id: str) -> bool:
        try:
            return any(cell.get("id") == TALLY_ID for cell in self.notebook(id)["cells"])
        except (OSError, ValueError, KeyError):
            return False


def create(
    folder: Path,
    blocks: Mapping[str, Block],
    *,
    user: User | None = None,
    tally: bool = True,
    notebooks: str = "",
    **dag: Any,
) -> Project:
    """Writes notebooks and `dag.json` into ``folder/project``.

    `blocks`: id -> code cells (a string, or ``("markdown", text)``), or a pair of them and what stands in `dag.json`.
    `notebooks`: a folder for the notebooks, below the project. Further keywords are entries of `dag.json`.
    """
    place = folder / "project"
    place.mkdir(parents=True)
    declared: dict[str, Any] = {}
    for id, block in blocks.items():
        cells, entries = block if isinstance(block, tuple) else (block, {})
        name = f"{notebooks}/{id}.ipynb" if notebooks else f"{id}.ipynb"
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        counted = tally and dag.get("prelude") != id
        write_notebook(place / name, cells, TALLY.format(name=id) if counted else None)
        declared[id] = {"notebook": name, **entries}
    write_json(place / "dag.json", {"version": 1, **dag, "blocks": declared}, indent=2)
    return Project(place, user or User(folder))


def write_notebook(path: Path, cells: Sequence[Cell], counting: str | None = None) -> None:
    made = [make_cell(cell, f"cell-{place}") for place, cell in enumerate(cells)]
    if counting is not None:
        made.insert(0, make_cell(counting, TALLY_ID))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    write_json(path, notebook)


def make_cell(cell: Cell, id: str) -> dict[str, Any]:
    kind, source = ("code", cell) if isinstance(cell, str) else cell
    made: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {}, "source": lines(source)}
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


def lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def merged(base: Mapping[str, Any], entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**base, **entries}.items() if value is not None}


def write_json(path: Path, value: Any, indent: int = 1) -> None:
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")


def read_report(done: Done, tally: list[str]) -> RunReport:
    document = done.json()
    return RunReport(done, document, *(set(document[name]) for name in LISTS), tally=tally)


def digests(folder: Path, hidden: bool) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or (not hidden and (name == ".dagpy" or name.startswith(".dagpy/"))):
            continue
        yield name, hashlib.sha256(path.read_bytes()).hexdigest()


def end_group(process: Any) -> None:
    """Ends a process that was started here, and what it started in its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], Any], what: str, process: Any, seconds: float = 30) -> Any:
    """The first true answer of `condition`, while `process` lives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        if process.poll() is not None:
            raise AssertionError(f"it ended before {what}: {process.communicate()[1]}")
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {what}")
