"""What a whole notebook shows: run it once with nbclient, keep it, compare others to it.

The reference is one run of the untouched notebook in one fresh kernel, in its own folder.
A project made from that notebook by ``dagpy split`` must show the same outputs, cell by cell.

    python reference.py run NOTEBOOK [-o FILE]         reference outputs as JSON
    python reference.py compare REFERENCE SHOWN        SHOWN: reference JSON, .ipynb or project folder
    python reference.py measure CORPUS [--only IDS]    run notebooks twice; fill in manifest.json

``compare`` exits 0 when nothing differs, 1 otherwise. As a library: :func:`reference`,
:func:`project_cells`, :func:`compare`. Needs nbclient, nbformat, ipykernel and Pillow.

Shapes used throughout: a *cell* is ``{"id": str | None, "source": str, "outputs": [output]}`` for a
code cell, where an output is nbformat 4's; a *reference* is ``{"notebook", "seconds", "error", "cells"}``.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from importlib import metadata
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Output = dict[str, Any]

HERE = Path(__file__).resolve().parent
DEFAULT_TIMEOUT = 600  # seconds a cell

# ---------------------------------------------------------------------------------------------
# Normalisation. What two honest runs of the same notebook may differ in, and nothing else.
# Execution counts, too, are left out (each block counts from one): see `_comparable`.

_ANSI = re.compile(r"\x1b\[[0-9;]*m")

TEXT_RULES: list[tuple[str, re.Pattern[str], str]] = [
    # The address of an object, in the default repr: another process, another address.
    ("address", re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "0x…"),
    # Summaries of statsmodels carry the moment they were printed: as text, HTML and LaTeX.
    ("statsmodels date", re.compile(r"\b(Date:\s+)\w{3}, \d\d \w{3} \d{4}"), r"\1…"),
    ("statsmodels date", re.compile(r"\b(Date:\s+)\d{4}-\d\d-\d\d \d\d:\d\d"), r"\1…"),
    ("statsmodels time", re.compile(r"\b(Time:\s+)\d\d:\d\d:\d\d"), r"\1…"),
    ("statsmodels date", re.compile(r"(Date:</t[hd]>\s*<td[^>]*>)[^<]*(</td>)"), r"\1…\2"),
    ("statsmodels time", re.compile(r"(Time:</t[hd]>\s*<td[^>]*>)[^<]*(</td>)"), r"\1…\2"),
    ("statsmodels date", re.compile(r"(\bDate:\}?\s*&\s*)[^&\\]*?(\s*[&\\])"), r"\1…\2"),
    ("statsmodels time", re.compile(r"(\bTime:\}?\s*&\s*)[^&\\]*?(\s*[&\\])"), r"\1…\2"),
    # A warning names the file and line it came from, then echoes that line. A cell's file is
    # a temporary of its process, and its line moves when a comment is added above it.
    (
        "warning's place",
        re.compile(r"^\S[^\n]*?:\d+: (\w*Warning: [^\n]*\n)(?:  [^\n]*(?:\n|\Z))?", re.M),
        r"…: \1",
    ),
    # Written once in the life of a machine, by whichever run comes first.
    ("font cache", re.compile(r"^Matplotlib is building the font cache[^\n]*\n?", re.M), ""),
]


def normalise_text(text: str) -> str:
    """`text` without what legitimately differs between two runs (the table above)."""
    for _, pattern, replacement in TEXT_RULES:
        text = pattern.sub(replacement, text)
    return text


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def _join_streams(outputs: list[Output]) -> list[Output]:
    """Streams between two other outputs, joined to one stdout and one stderr.

    A kernel flushes both by timer, so where one interrupts the other is a matter of milliseconds.
    """
    joined: list[Output] = []
    pending: dict[str, str] = {}

    def flush() -> None:
        for name in sorted(pending, reverse=True):
            text = normalise_text(pending[name])
            if text:
                joined.append({"output_type": "stream", "name": name, "text": text})
        pending.clear()

    for output in outputs:
        if output["output_type"] == "stream":
            pending[output["name"]] = pending.get(output["name"], "") + _text(output["text"])
        else:
            flush()
            joined.append(output)
    flush()
    return joined


def _comparable(outputs: list[Output]) -> list[Output]:
    """Outputs in the form that is compared: normalised, without counts and traceback positions."""
    result: list[Output] = []
    for output in _join_streams(outputs):
        kind = output["output_type"]
        if kind == "stream":
            result.append(output)
        elif kind == "error":
            # The frames of a traceback are positions; the error is its name and message.
            message = normalise_text(_ANSI.sub("", output["evalue"]))
            result.append({"output_type": kind, "ename": output["ename"], "evalue": message})
        else:
            data = {}
            for mime, value in output["data"].items():
                if mime.startswith("image/") and mime != "image/svg+xml":
                    data[mime] = "".join(_text(value).split())
                elif isinstance(value, (str, list)) and not mime.endswith("json"):
                    data[mime] = normalise_text(_text(value))
                else:
                    data[mime] = value
            result.append({"output_type": kind, "data": data, "metadata": output.get("metadata", {})})
    return result


# ---------------------------------------------------------------------------------------------
# Running and reading


def code_cells(notebook: dict[str, Any]) -> list[Cell]:
    """The code cells of a parsed notebook, in order."""
    return [
        {"id": cell.get("id"), "source": _text(cell["source"]), "outputs": cell.get("outputs", [])}
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def run(path: Path, timeout: int = DEFAULT_TIMEOUT) -> dict[str, Any]:
    """Run the notebook at `path` whole, in a fresh ``python3`` kernel, in its own folder.

    The file is left as it is. `timeout` is in seconds for each cell. An error of a cell ends the
    run and is reported under ``error``; the outputs made until then are kept.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    raw = json.loads(path.read_text(encoding="utf-8"))
    had_ids = raw.get("nbformat") == 4 and all("id" in cell for cell in raw["cells"])
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    error = None
    with tempfile.TemporaryDirectory() as profile:  # no start-up files or history of the person testing
        environment = {**os.environ, "IPYTHONDIR": profile}
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=timeout,
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        started = time.perf_counter()
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)  # the kernel program's own log
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
            error = _ANSI.sub("", str(failure)).strip().splitlines()[-1]
        seconds = time.perf_counter() - started
    cells = json.loads(json.dumps(code_cells(notebook)))
    if not had_ids:  # ids that were made up on reading would differ from anybody else's
        for cell in cells:
            cell["id"] = None
    return {"notebook": path.name, "seconds": round(seconds, 2), "error": error, "cells": cells}


def _fingerprint(path: Path) -> str:
    installed = sorted({f"{d.metadata['Name']}=={d.version}" for d in metadata.distributions()})
    digest = hashlib.sha256(sys.version.encode() + b"\0" + "\n".join(installed).encode())
    for near in sorted(p for p in path.parent.iterdir() if p.is_file()):
        digest.update(near.name.encode() + b"\0" + near.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]


def reference(path: Path, store: Path | None = None) -> dict[str, Any]:
    """The reference of a notebook, from `store` if an equal run lies there, otherwise by running it.

    Equal means: this Python, these distributions, these bytes in the notebook's folder.
    """
    kept = store / f"{path.stem}-{_fingerprint(path)}.json" if store else None
    if kept and kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    result = run(path)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(result), encoding="utf-8")
        temporary.replace(kept)
    return result


def project_cells(project: Path) -> list[Cell]:
    """Code cells of all block notebooks of a project, in the order of ``dag.json``."""
    blocks = json.loads((project / "dag.json").read_text(encoding="utf-8"))["blocks"]
    cells: list[Cell] = []
    for block in blocks.values():
        notebook = json.loads((project / block["notebook"]).read_text(encoding="utf-8"))
        cells.extend(code_cells(notebook))
    return cells


# ---------------------------------------------------------------------------------------------
# Comparing


def _same_pixels(left: str, right: str) -> bool:
    try:
        from PIL import Image
    except ImportError:
        return False
    images = [Image.open(io.BytesIO(base64.b64decode(side))) for side in (left, right)]
    sizes_equal = images[0].size == images[1].size
    return sizes_equal and images[0].convert("RGBA").tobytes() == images[1].convert("RGBA").tobytes()


def _first_difference(left: Any, right: Any) -> str:
    if not (isinstance(left, str) and isinstance(right, str)):
        return f"expected {left!r:.200}, shown {right!r:.200}"
    expected, shown = left.splitlines(), right.splitlines()
    for number, (a, b) in enumerate(zip(expected, shown, strict=False), start=1):
        if a != b:
            return f"line {number}: expected {a!r:.200}, shown {b!r:.200}"
    return f"expected {len(expected)} lines, shown {len(shown)}"


def _output_differences(expected: Output, shown: Output) -> list[str]:
    if expected["output_type"] != shown["output_type"]:
        return [f"expected {expected['output_type']}, shown {shown['output_type']}"]
    found = []
    for field in sorted(expected.keys() | shown.keys()):
        left, right = expected.get(field), shown.get(field)
        if left == right:
            continue
        if field != "data":
            found.append(f"{field}: {_first_difference(left, right)}")
            continue
        for mime in sorted(left.keys() | right.keys()):
            a, b = left.get(mime), right.get(mime)
            if a == b:
                continue
            if a is None or b is None:
                found.append(f"{mime} only {'shown' if a is None else 'expected'}")
            elif mime in ("image/png", "image/jpeg"):
                if not _same_pixels(a, b):
                    found.append(f"{mime}: other pixels")
            else:
                found.append(f"{mime}: {_first_difference(a, b)}")
    return found


def _match(expected: list[Cell], shown: list[Cell]) -> tuple[list[tuple[int, Cell, Cell | None]], list[Cell]]:
    """Pair cells by id where the notebook had ids, otherwise by source and its n-th occurrence."""

    def keyed(cells: list[Cell], by_id: bool) -> dict[Any, Cell]:
        table: dict[Any, Cell] = {}
        for cell in cells:
            key = cell["id"] if by_id else cell["source"].rstrip("\n")
            count = 0
            while (key, count) in table:
                count += 1
            table[(key, count)] = cell
        return table

    by_id = all(cell["id"] for cell in expected + shown)
    left, right = keyed(expected, by_id), keyed(shown, by_id)
    pairs = [
        (position, cell, right.pop(key, None)) for position, (key, cell) in enumerate(left.items(), start=1)
    ]
    return pairs, list(right.values())


def compare(
    reference_outputs: list[Cell], project_outputs: list[Cell], varying: Collection[int] = ()
) -> list[str]:
    """Differences between what the whole notebook showed and what a project shows; none: ``[]``.

    Both are lists of cells. Each difference names the code cell by position (from 1, as in the
    whole notebook) and id, then says what was expected and what was shown. Of the positions in
    `varying`, cells that draw random numbers without a seed, only the kinds of outputs count.
    """
    differences = []
    pairs, extra = _match(reference_outputs, project_outputs)
    for position, expected, shown in pairs:
        where = f"code cell {position}" + (f" ({expected['id']})" if expected["id"] else "")
        if shown is None:
            differences.append(f"{where}: missing from the project")
            continue
        left, right = _comparable(expected["outputs"]), _comparable(shown["outputs"])
        if len(left) != len(right):
            kinds = [[output["output_type"] for output in side] for side in (left, right)]
            differences.append(f"{where}: expected outputs {kinds[0]}, shown {kinds[1]}")
            continue
        if position in varying:
            continue
        for number, (a, b) in enumerate(zip(left, right, strict=True), start=1):
            differences.extend(f"{where}, output {number}: {text}" for text in _output_differences(a, b))
    for cell in extra:
        if cell["source"].strip():
            differences.append(f"a cell that the notebook does not have: {cell['source']!r:.80}")
    return differences


# ---------------------------------------------------------------------------------------------
# Measuring the corpus


def _facts(path: Path) -> dict[str, Any]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [_text(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    prose = [_text(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    lines = [line.strip() for source in code for line in source.splitlines()]
    return {
        "nbformat": f"{notebook['nbformat']}.{notebook['nbformat_minor']}",
        "cells": len(code),
        "headings": sum(len(re.findall(r"^#{1,6} ", source, re.M)) for source in prose),
        "magics": sorted({line for line in lines if re.match(r"[%!]+\w", line)}),
    }


def measure(corpus: Path, entries: list[dict[str, Any]]) -> None:
    """Run every fetched notebook twice in fresh kernels and write what was seen into its entry.

    ``quick``, ``why`` and ``network`` of an entry are people's words and stay.
    """
    for entry in entries:
        path = corpus / entry["id"] / entry["notebook"]
        if not path.exists():
            continue
        first, second = run(path), run(path)
        differences = compare(first["cells"], second["cells"])
        outputs = [output for cell in first["cells"] for output in cell["outputs"]]
        stderr = "".join(_text(output["text"]) for output in outputs if output.get("name") == "stderr")
        entry.update(_facts(path))
        entry.update(
            seconds=round((first["seconds"] + second["seconds"]) / 2, 1),
            images=sum("image/png" in output.get("data", {}) for output in outputs),
            warnings=sorted(set(re.findall(r"\b(\w+Warning): ", stderr))),
            error=first["error"],
            deterministic=first["error"] is None and not differences,
            varying=sorted({int(text.split()[2].rstrip(",:")) for text in differences}),
        )
        print(
            entry["id"],
            entry["seconds"],
            entry["error"],
            *differences,
            file=sys.stderr,
            sep="\n  ",
            flush=True,
        )


def _cells_of(place: Path) -> list[Cell]:
    if place.is_dir():
        return project_cells(place)
    content = json.loads(place.read_text(encoding="utf-8"))
    return content["cells"] if "nbformat" not in content else code_cells(content)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Reference outputs of whole notebooks.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="run a notebook whole and print its reference")
    one.add_argument("notebook", type=Path)
    one.add_argument("-o", "--output", type=Path)
    two = commands.add_parser("compare", help="compare a project or notebook with a reference")
    two.add_argument("reference", type=Path)
    two.add_argument("shown", type=Path)
    three = commands.add_parser("measure", help="run the corpus twice and fill in the manifest")
    three.add_argument("corpus", type=Path)
    three.add_argument("--only", help="ids, separated by commas")
    options = parser.parse_args(argv)

    if options.command == "run":
        result = run(options.notebook)
        text = json.dumps(result, indent=1, ensure_ascii=False)
        options.output.write_text(text, encoding="utf-8") if options.output else print(text)
        return 1 if result["error"] else 0
    if options.command == "compare":
        differences = compare(_cells_of(options.reference), _cells_of(options.shown))
        print("\n".join(differences) or "no differences")
        return 1 if differences else 0
    manifest_file = HERE / "manifest.json"
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    entries = [e for e in manifest["notebooks"] if not options.only or e["id"] in options.only.split(",")]
    measure(options.corpus, entries)
    manifest_file.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
