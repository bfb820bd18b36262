"""A stored value for people: as text that fits a terminal, or as a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any


def show(value: object, name: str, columns: int, target: str, figure_file: str) -> None:
    """Print `value`, or write it to a file and print its path.

    `columns`: width of the terminal in characters; 0: not a terminal, so the plain ``repr`` is printed.
    `target`: absolute path to write to, its suffix says how; empty: none was asked for.
    `figure_file`: where a figure goes that nobody named a file for.

    Raises:
        TypeError: the value can not be written in that form; the message names the forms it has.
    """
    if target:
        _write(value, name, target)
        print(target)
    elif _is_figure(value) and figure_file:
        _write(value, name, figure_file)
        print(figure_file)
    else:
        print(_text(value, columns))


def _text(value: object, columns: int) -> str:
    kind = _kind(value)
    if columns > 0 and kind == "pandas":
        pandas = sys.modules["pandas"]
        with pandas.option_context(
            "display.width",
            columns,
            "display.max_columns",
            None,
            "display.max_colwidth",
            max(20, columns // 3),
        ):
            return f"{value!r}{_shape(value)}"
    if columns > 0 and kind == "polars":
        polars = sys.modules["polars"]
        with polars.Config(tbl_width_chars=columns, tbl_cols=-1):
            return repr(value)
    if columns > 0 and kind == "numpy":
        numpy = sys.modules["numpy"]
        with numpy.printoptions(linewidth=columns):
            return f"{value!r}{_shape(value)}"
    return repr(value)


def _shape(value: Any) -> str:
    """What the text leaves out: how much there is, where it is more than the text shows."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if _kind(value) == "pandas" and len(shape) == 2 and max(shape) <= 60:
        return f"\n\n[{shape[0]} rows x {shape[1]} columns]"
    if _kind(value) == "numpy" and len(shape) > 0:
        return f"\n\n{'x'.join(map(str, shape))} {value.dtype}, {value.nbytes} bytes"
    return ""


def _kind(value: object) -> str:
    """The library whose data type it is; empty: none that is treated in its own way."""
    module = type(value).__module__.partition(".")[0]
    name = type(value).__name__
    if module == "pandas" and name in ("DataFrame", "Series"):
        return "pandas"
    if module == "polars" and name in ("DataFrame", "Series"):
        return "polars"
    if module == "numpy" and name == "ndarray":
        return "numpy"
    return ""


def _is_figure(value: Any) -> bool:
    kinds = {(base.__module__, base.__name__) for base in type(value).__mro__}
    return bool(
        kinds
        & {
            ("matplotlib.figure", "Figure"),
            ("plotly.basedatatypes", "BaseFigure"),
            ("PIL.Image", "Image"),
        }
        or any(module.startswith("altair.") and name.endswith("Chart") for module, name in kinds)
    )


def _write(value: Any, name: str, target: str) -> None:
    suffix = os.path.splitext(target)[1].lower().lstrip(".")
    writers = _writers(value, suffix)
    writer = writers.get(suffix) or writers.get("*")
    if writer is None:
        forms = ", ".join(f".{each}" for each in writers)
        kind = type(value).__name__
        raise TypeError(
            f"{name} ({kind}) can not be written as .{suffix}; use {forms or 'no file: there is no form for it'}"
        )
    root, extension = os.path.splitext(target)
    beside = f"{root}.{os.getpid()}.tmp{extension}"
    try:
        writer(beside)
        os.replace(beside, target)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def _writers(value: Any, suffix: str) -> dict[str, Callable[[str], object]]:
    """Ways to write a value, by suffix; ``*`` takes any."""
    kind = _kind(value)
    module = type(value).__module__
    if kind == "pandas":
        return {
            "csv": lambda path: value.to_csv(path),
            "json": lambda path: value.to_json(path),
            "html": lambda path: (value.to_frame() if hasattr(value, "to_frame") else value).to_html(path),
            "parquet": lambda path: (value.to_frame() if hasattr(value, "to_frame") else value).to_parquet(
                path
            ),
        }
    if kind == "polars":
        return {
            "csv": lambda path: value.write_csv(path),
            "json": lambda path: value.write_json(path),
            "parquet": lambda path: value.write_parquet(path),
        }
    if kind == "numpy":
        numpy = sys.modules["numpy"]
        return {
            "npy": lambda path: numpy.save(path, value),
            "csv": lambda path: numpy.savetxt(path, value, delimiter=",", fmt="%s"),
        }
    if _is_figure(value):
        if module.startswith("plotly"):
            return {
                "html": lambda path: value.write_html(path),
                "json": lambda path: value.write_json(path),
                **{form: lambda path: value.write_image(path) for form in ("png", "svg", "pdf")},
            }
        if module.startswith("altair"):
            return {
                form: lambda path: value.save(path, format=suffix)
                for form in ("html", "json", "png", "svg", "pdf")
            }
        if module.startswith("PIL"):
            return {"*": lambda path: value.save(path)}
        return {
            form: lambda path: value.savefig(path, format=suffix)
            for form in ("png", "svg", "pdf", "jpg", "webp")
        }
    if isinstance(value, str):
        return {"*": lambda path: _write_bytes(path, value.encode("utf-8"))}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"*": lambda path: _write_bytes(path, bytes(value))}
    return {}


def _write_bytes(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
