"""Projects of the original dagpy, made from the documented formats, and what they gave when they ran.

old = former(tmp_path, {"A": Old(["x = 1"], filter=["x"]), "B": Old(["print(A_x)"], parents=["A"])})
old.file         the project file
old.expected()   what each block prints, and the values on its filter
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A cell as the user wrote it: code, or (kind, text).
Cell = str | tuple[str, str]


@dataclass(frozen=True)
class Old:
    """A block. What is ``None`` is absent from the project file."""

    cells: Sequence[Cell]
    parents: Sequence[str] | None = ()
    filter: Any = ()
    file: str | None = None
    description: str | None = None

    @property
    def names(self) -> list[str]:
        return list(self.filter) if isinstance(self.filter, list | tuple) else []


@dataclass(frozen=True)
class Former:
    """A project on disk."""

    file: Path
    blocks: Mapping[str, Old]

    @property
    def folder(self) -> Path:
        return self.file.parent

    def contents(self) -> dict[str, bytes]:
        """Every file of the original, byte for byte."""
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in self._files()}

    def _files(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield path

    def expected(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Each block in a namespace of its own that holds `<parent>_<name>` for what is on its parents' filters."""
        handed: dict[str, dict[str, Any]] = {}
        results: dict[str, tuple[str, dict[str, str]]] = {}
        left = dict(self.blocks)
        while left:
            ready = [id for id, old in left.items() if all(parent in handed for parent in old.parents or ())]
            assert ready, "no order"
            for id in ready:
                old = left.pop(id)
                namespace: dict[str, Any] = {"__name__": "__main__"}
                for parent in old.parents or ():
                    if self.blocks[parent].filter == "off":
                        # The session itself goes on; what was taken from it before is text.
                        namespace |= handed[parent]
                    else:
                        values = pickle.loads(pickle.dumps(handed[parent]))
                        namespace |= {f"{parent}_{name}": value for name, value in values.items()}
                out = io.StringIO()
                with contextlib.redirect_stdout(out), working_in(self.folder / Path(old.file or "").parent):
                    for cell in old.cells:
                        if isinstance(cell, str):
                            exec(cell, namespace)
                session = {name: value for name, value in namespace.items() if not name.startswith("__")}
                handed[id] = session if old.filter == "off" else {name: session[name] for name in old.names}
                results[id] = (out.getvalue(), {name: repr(session[name]) for name in old.names})
        return results


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def former(
    folder: Path,
    blocks: Mapping[str, Old],
    name: str = "churn",
    minor: int = 2,
    newline: str = "\n",
    cached: bytes | None = None,
) -> Former:
    """Writes a project. `cached`: what the cache files hold, if there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    for id, old in blocks.items():
        parents = [(parent, blocks[parent].names) for parent in old.parents or () if parent in blocks]
        cells = [loading(parents), *map(user_cell, old.cells), storing(id, old.names)]
        path = folder / (old.file or f"{id}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, notebook(cells, {"dagpy": {"block_id": id}}, minor), newline)
        for variable in old.names if cached is not None else ():
            stored = path.parent / "cache" / f"{id}_{variable}.dill"
            stored.parent.mkdir(exist_ok=True)
            stored.write_bytes(cached or b"")
    entries = {
        id: {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in (
                ("filter", old.filter),
                ("parents", old.parents),
                ("file", old.file),
                ("description", old.description),
            )
            if value is not None
        }
        for id, old in blocks.items()
    }
    file = folder / f"{name}.dagpy"
    write(file, {"blocks": entries, "id": name}, newline, indent=4)
    return Former(file, blocks)


def flow(folder: Path, blocks: Mapping[str, Old], name: str = "notes", newline: str = "\n") -> Former:
    """Writes a flow notebook of all blocks, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    cells: list[dict[str, Any]] = [
        marked("code", "def start_new_dagpy_block(): pass", cell_type="header"),
        marked("markdown", "## A flow", cell_type="title"),
    ]
    for id, old in blocks.items():
        cells.append(marked("markdown", attributes(id, old), cell_type="delimiter", block_id=id))
        parents = [(parent, blocks[parent].names) for parent in old.parents or ()]
        cells += [loading(parents), *map(user_cell, old.cells), storing(id, old.names)]
    file = folder / f"{name}.ipynb"
    write(file, notebook(cells, {"name": "dagpy_flow"}, 2), newline)
    return Former(file, blocks)


def attributes(id: str, old: Old) -> str:
    values = {
        "Description": old.description or "",
        "Parents": ", ".join(old.parents or ()),
        "Filter": old.filter if isinstance(old.filter, str) else ", ".join(old.names),
        "File": old.file or "",
    }
    return f"### Block_id\n{id}\n" + "\n".join(f"##### {key}\n{value}" for key, value in values.items())


def loading(parents: Sequence[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    lines = [
        f"{parent}_{name} = dill.load(open('cache/{parent}_{name}.dill','rb'))"
        for parent, names in parents
        for name in names
    ]
    return marked("code", "\n".join(["# inputs", "import dill", *lines]), cell_type="input_filter")


def storing(id: str, names: Sequence[str]) -> dict[str, Any]:
    lines = [
        line
        for name in names
        for line in (
            f"os.makedirs(os.path.dirname('cache/{id}_{name}.dill'), exist_ok=True)",
            f"dill.dump({name}, open('cache/{id}_{name}.dill', 'wb+'))",
        )
    ]
    text = "\n".join(["# outputs", "import dill", "import os", *lines])
    return marked("code", text, cell_type="output_filter")


def user_cell(cell: Cell) -> dict[str, Any]:
    kind, text = cell if isinstance(cell, tuple) else ("code", cell)
    return make_cell(kind, text, {})


def marked(kind: str, text: str, **mark: str) -> dict[str, Any]:
    return make_cell(kind, text, {"dagpy": mark})


def make_cell(kind: str, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    made = {"cell_type": kind, "metadata": metadata, "source": text.splitlines(keepends=True)}
    return {**made, "execution_count": None, "outputs": []} if kind == "code" else made


def notebook(cells: Sequence[dict[str, Any]], metadata: dict[str, Any], minor: int) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def write(path: Path, value: Any, newline: str = "\n", indent: int = 1) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    path.write_bytes(text.replace("\n", newline).encode())


def poison(marker: Path) -> bytes:
    """A pickle that leaves a file behind if anybody loads it."""

    class Poison:
        def __reduce__(self):
            return os.mkdir, (str(marker),)

    return pickle.dumps(Poison())
