"""What Jupyter does to a notebook that a person edits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat


def edit(path: Path, change: Callable[[list[Any]], None]) -> None:
    """Opens and saves a notebook as Jupyter does."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook.cells)
    if notebook.nbformat_minor < 5:
        for cell in notebook.cells:
            cell.pop("id", None)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
