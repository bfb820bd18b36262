"""A small project with a past, ways to hurt it, and what must hold afterwards.

The project has a bit of everything that reaches the disk: shared objects, an array, functions, a written file that
another block reads under a name that no string of its code holds, rich outputs, a failing block, values that can not be
stored.
`Trial` brings it to a state, lets a command be hurt there, and compares what comes after with a clean run of the same
sources in a fresh copy, with a user, a cache and a folder of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import blake3
from project import Done, Project, User, create, end_group

PRELOAD = Path(__file__).parent / "preload"

BLOCKS = {
    "source": [
        ("markdown", "# Numbers\n\nNothing of this may be lost: ä ✓"),
        "n = 3\nshared = [n]\nalias = shared",
        "def plus(x):\n    return x + n",
    ],
    "array": (
        ["import numpy as np\nvalues = np.arange(200_000.0) * n\nview = values[::2]\nprint(values.sum())"],
        {"parents": ["source"]},
    ),
    "sums": (["print(float(values[7]), float(view[-1]), values.shape)"], {"parents": ["array"]}),
    "writes": (
        [
            "import os\nos.makedirs('out', exist_ok=True)\nname = 'ta' + 'ble.txt'\n"
            "with open(os.path.join('out', name), 'w') as file:\n    file.write('row\\n' * n)\n"
            "with open(os.path.join('out', 'summary.txt'), 'w') as file:\n    file.write(f'{n} rows\\n')",
        ],
        {"parents": ["source"], "outputs": ["out/summary.txt"]},
    ),
    "reads": (
        [
            "import os\ntext = open(os.path.join('out', 'ta' + 'ble' + '.txt')).read()\nprint(len(text), plus(1))"
        ],
        {"parents": ["source", "writes"]},
    ),
    "shows": (
        [
            "import sys\nprint('seen', shared, alias is shared, file=sys.stderr)\nalias.append(7)",
            "from IPython.display import HTML\nHTML(f'<b>{shared}</b>')",
        ],
        {"parents": ["source"]},
    ),
    "fails": (
        ["print('before')\nif n == 4:\n    raise ValueError(f'not {n}')\nfine = n"],
        {"parents": ["source"]},
    ),
    "below": (["print(fine, shared)"], {"parents": ["fails", "source"]}),
    "opaque": (["stream = (number * n for number in range(5))"], {"parents": ["source"]}),
    "uses": (["taken = next(stream) + next(stream)\nprint(taken)"], {"parents": ["opaque"]}),
    "apart": ["print('apart')"],
}


def trial_project(folder: Path) -> Project:
    """The project after three versions, the second of which failed in part. Its last version waits to be run."""
    p = create(folder, BLOCKS, user=User(folder))
    p.environment["PYTHONPATH"] = str(PRELOAD)
    p.run()
    for before, after in ((3, 5), (5, 4)):
        p.edit("source", 1, f"n = {before}", f"n = {after}")
        p.run(code=1 if after == 4 else 0)
    return p


#: Edits of the project above: what the next run has to do.
Edit = Callable[[Project], None]


def revert(p: Project) -> None:
    """Nearly all of it is restored, files too; one block has other code."""
    p.edit("source", 1, "n = 4", "n = 3")
    p.edit("shows", 1, "<b>", "<i>")


def advance(p: Project) -> None:
    """All that depends on it runs."""
    p.edit("source", 1, "n = 4", "n = 6")


def forget(p: Project) -> None:
    """As after a clone."""
    shutil.rmtree(p.folder / ".dagpy")
    shutil.rmtree(p.folder / "out")


EDITS: dict[str, Edit] = {"revert": revert, "advance": advance, "forget": forget}


@dataclass(frozen=True)
class Shown:
    """All that a person sees of a project after a run: what two laws speak of."""

    blocks: dict[str, Any]
    files: dict[str, bytes]


def shown(p: Project) -> Shown:
    """What the project shows, counts of executions left out."""
    blocks: dict[str, Any] = {}
    for id, status in p.status().items():
        # A block that can not run keeps what it showed last; nothing of it is said to be right.
        outputs = p.outputs(id) if status["state"] != "blocked" else []
        for output in (each for cell in outputs for each in cell):
            output.pop("execution_count", None)
            # the place of a cell in the project is no part of the result
            output.pop("traceback", None)
        # digests of the stored bytes among them
        blocks[id] = {"state": status["state"], "outputs": outputs, "exports": status["exports"]}
    files = {
        file.relative_to(p.folder).as_posix(): file.read_bytes()
        for file in sorted((p.folder / "out").rglob("*"))
        if file.is_file()
    }
    return Shown(blocks, files)


def code_of(p: Project) -> dict[str, Any]:
    """What a person wrote: sources, kinds and ids of cells, and what `dag.json` says, byte for byte."""
    sources = {
        path.name: [
            (cell["cell_type"], cell["id"], "".join(cell["source"]))
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        ]
        for path in sorted(p.folder.glob("*.ipynb"))
    }
    return {**sources, "dag.json": (p.folder / "dag.json").read_bytes()}


class Trial:
    """A state of the project, again and again in the same place, and the result that must come out."""

    def __init__(self, template: Project, place: Path, edit: Edit) -> None:
        self.place = place
        self.before = place.parent / f"{place.name}-before"
        origin = template.copy(self.before)
        edit(origin)
        self.user = template.user
        self.environment = template.environment
        self.tally = template.tally_file
        self.sources = code_of(origin)
        # Otherwise its block has to run as well.
        self.is_known = (origin.folder / ".dagpy").exists()
        self.untouched = origin.path("apart").read_bytes()
        fresh = place.parent / f"{place.name}-clean"
        shutil.copytree(self.before, fresh, ignore=shutil.ignore_patterns(".dagpy", "out"))
        clean = Project(fresh, User(place.parent / f"{place.name}-user"))
        for id in clean.dag["blocks"]:
            clean.rewrite(id, lambda cells: [cell.update(outputs=[]) for cell in cells if "outputs" in cell])
        self.code = clean.cli("run", "--json", code=None).code
        self.clean = shown(clean)

    def open(self) -> Project:
        """The state, anew."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.before, self.place, symlinks=True)
        p = Project(self.place, self.user, self.tally)
        p.environment = dict(self.environment)
        return p

    def after_fault(self, p: Project) -> None:
        """Holds at any moment, whatever happened: nothing of the person's is lost, and what is visible is whole."""
        assert p.settled() == [], "processes were left behind"
        assert code_of(p) == self.sources
        if self.is_known:
            assert p.path("apart").read_bytes() == self.untouched
        for digest, content in objects(p):
            assert blake3.blake3(content).hexdigest() == digest, f"object {digest} is torn"

    def recover(self, p: Project, *, damaged: bool = False) -> Done:
        """The next run gives what a clean run gives, and the one after it has nothing to do.

        `damaged`: something was broken in the store, so that something may lie in quarantine.
        """
        done = p.cli("run", "--json", code=None)
        assert done.code == self.code, done.err
        after = shown(p)
        assert after == self.clean
        assert code_of(p) == self.sources
        hidden = p.folder / ".dagpy"
        if not damaged:
            assert not (hidden / "quarantine").exists()
        assert list((hidden / "tmp").glob("job-*")) == []
        return done

    def recover_without_files(self, p: Project) -> None:
        """Files that blocks wrote are put back as well, as far as the law asks for them."""
        shutil.rmtree(p.folder / "out", ignore_errors=True)
        self.recover(p)


def objects(p: Project) -> Iterator[tuple[str, bytes]]:
    """Every visible object with its name as a digest."""
    for file in (p.folder / ".dagpy" / "objects").glob("??/*"):
        yield file.parent.name + file.name, file.read_bytes()


ROLES = ("engine", "host", "worker", "helper")
PYTHON_LINE = 64


def faults(log: Path, **wish: Any) -> dict[str, str]:
    """Environment that lets a command fail as `preload` tells."""
    shutil.rmtree(log, ignore_errors=True)
    log.mkdir()
    return {
        "DAGPY_TEST_FAULTS": json.dumps({"log": str(log), **wish}),
        "NODE_OPTIONS": f"--require={PRELOAD / 'steps.cjs'}",
    }


def counted(log: Path) -> dict[str, int]:
    """Steps that a command took, by role."""

    def steps(role: str) -> int:
        file = log / role
        if not file.exists():
            return 0
        return file.read_bytes().count(b"\n") if role == "engine" else file.stat().st_size // PYTHON_LINE

    return {role: steps(role) for role in ROLES}


def hurt(p: Project, log: Path, *command: str, **wish: Any) -> Done:
    """A command in which a fault is planned; however it ends."""
    process = p.start(*command, environment=faults(log, **wish))
    try:
        out, err = process.communicate(timeout=100)
    finally:
        if process.poll() is None:
            end_group(process)
    return Done(process.returncode, out, err, 0)


def kill_now(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
