"""What only nbformat can do to notebooks: upgrading old formats, and the signatures that make outputs trusted.

The engine talks to it as ``python -m jupyterlab_dagpy.notebooks COMMAND``: JSON on standard input, JSON on standard
output, one document each (``serve``: one a line, until the input ends).

==============  ===================================  ==========================================
command         input                                output
==============  ===================================  ==========================================
``upgrade``     ``{"paths": [...]}``                 ``[{"path", "text" | "error"}]``
``trust-check`` ``{"paths": [...]}``                 ``[{"path", "trusted": bool} | {"path", "error"}]``
                ``{"texts": [...]}``                 ``[{"trusted": bool} | {"error"}]``
``trust-sign``  ``{"paths": [...]}``                 ``[{"path", "signed": true} | {"path", "error"}]``
``serve``       ``{"command": ..., ...}`` a line     the answer to it, a line
==============  ===================================  ==========================================

Nothing here changes a notebook: ``upgrade`` gives the new text, and the engine writes it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":
    # jsonschema looks for it to check the form of international addresses, of which notebooks have none; where it is
    # installed, its grammar takes longer to make than everything else here together
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat
from nbformat.sign import NotebookNotary

Answer = dict[str, Any]


def upgrade_text(text: str) -> str:
    """A notebook of any format as text of the newest format 4.

    Cells get ids derived from their place, so that upgrading the same file twice gives the same text.
    Raises ValueError for text that is no notebook.
    """
    notebook = _read(text)
    if not notebook.get("cells") and "cells" not in text:
        raise ValueError("not a notebook: it has no cells")
    for place, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{place}"
    notebook.nbformat_minor = 5
    try:
        upgraded: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    except nbformat.ValidationError as error:
        raise ValueError(f"not a valid notebook: {error.message}") from error
    return upgraded + "\n"


def is_trusted(text: str, notary: NotebookNotary) -> bool:
    """Whether the user has signed exactly this content, as Jupyter asks when it opens the file.

    Raises ValueError for text that is no notebook.
    """
    return bool(notary.check_signature(_read(text)))


def sign(text: str, notary: NotebookNotary) -> None:
    """Make the outputs of exactly this content trusted. Raises ValueError for text that is no notebook."""
    notary.sign(_read(text))


def _read(text: str) -> Any:
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:
        # nbformat raises whatever its converters run into
        raise ValueError(f"not a notebook: {error}") from error


def answer(command: str, request: dict[str, Any], notary: Callable[[], NotebookNotary]) -> list[Answer]:
    """The answer to one request. What fails for one notebook is said in its entry; a bad request raises KeyError."""

    def checked(text: str) -> Answer:
        return {"trusted": is_trusted(text, notary())}

    def signed(text: str) -> Answer:
        sign(text, notary())
        return {"signed": True}

    if command == "upgrade":
        return [_each(path, lambda text: {"text": upgrade_text(text)}) for path in request["paths"]]
    if command == "trust-check":
        if "texts" in request:
            return [_guarded(checked, text) for text in request["texts"]]
        return [_each(path, checked) for path in request["paths"]]
    if command == "trust-sign":
        return [_each(path, signed) for path in request["paths"]]
    raise KeyError(command)


def _each(path: str, do: Callable[[str], Answer]) -> Answer:
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        return {"path": path, "error": str(error)}
    return {"path": path, **_guarded(do, text)}


def _guarded(do: Callable[[str], Answer], text: str) -> Answer:
    try:
        return do(text)
    except ValueError as error:
        return {"error": str(error)}


def serve(lines: IO[str], out: IO[str], notary: Callable[[], NotebookNotary]) -> None:
    """Answer one request a line until the input ends."""
    for line in lines:
        request = json.loads(line)
        out.write(json.dumps(answer(request["command"], request, notary)) + "\n")
        out.flush()


def main(arguments: list[str] | None = None) -> int:
    """Entry point of ``python -m jupyterlab_dagpy.notebooks``."""
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) != 1 or words[0] not in {"upgrade", "trust-check", "trust-sign", "serve"}:
        print(
            "usage: python -m jupyterlab_dagpy.notebooks upgrade|trust-check|trust-sign|serve",
            file=sys.stderr,
        )
        return 2
    made: list[NotebookNotary] = []

    def notary() -> NotebookNotary:
        if not made:
            made.append(NotebookNotary())
        return made[0]

    # The engine writes UTF-8 whatever the locale says.
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        if words[0] == "serve":
            serve(sys.stdin, sys.stdout, notary)
        else:
            json.dump(answer(words[0], json.load(sys.stdin), notary), sys.stdout)
    finally:
        for store in made:
            store.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
