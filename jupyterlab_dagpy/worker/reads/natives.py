"""Readers in native code that open files without Python seeing it: their paths are noted when they are called."""

from __future__ import annotations

import functools
import glob
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .origin import caller_is_own, starter
from .paths import absolute, ignored
from .recorder import recorder

#: Module → functions and classes whose first argument, or argument of one of `PATH_OPTIONS`, names files.
READERS: dict[str, tuple[str, ...]] = {
    "pyarrow": ("memory_map", "OSFile", "input_stream"),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.parquet": (
        "read_table",
        "read_pandas",
        "read_schema",
        "read_metadata",
        "ParquetFile",
        "ParquetDataset",
    ),
    "pyarrow.feather": ("read_feather", "read_table"),
    "pyarrow.orc": ("read_table", "ORCFile"),
    "pyarrow.ipc": ("open_file", "open_stream"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pandas": ("read_parquet", "read_feather", "read_orc", "read_hdf"),
    "polars": (
        "read_avro read_csv read_csv_batched read_delta read_excel read_ipc read_ipc_stream read_json read_ndjson"
        " read_ods read_parquet read_parquet_schema read_parquet_metadata read_ipc_schema read_lines"
        " scan_csv scan_delta scan_ipc scan_ndjson scan_parquet scan_iceberg scan_lines"
    ).split(),  # type: ignore[dict-item]
    "h5py": ("File",),
    "netCDF4": ("Dataset", "MFDataset"),
    "xarray": (
        "open_dataset",
        "open_mfdataset",
        "open_dataarray",
        "open_zarr",
        "load_dataset",
        "load_dataarray",
    ),
    "tables": ("open_file",),
    "rasterio": ("open",),
    "fiona": ("open",),
    "pyogrio": ("read_dataframe", "read_arrow", "read_info"),
    "cv2": ("imread", "imreadmulti", "VideoCapture", "FileStorage"),
    "soundfile": ("read", "SoundFile", "info"),
    "datatable": ("fread",),
    "vaex": ("open", "open_many"),
    "duckdb": ("read_csv", "read_parquet", "read_json", "from_csv_auto", "from_parquet"),
}
PATH_OPTIONS = frozenset(
    "path path_or_paths source sources where filename file file_path filepath filepath_or_buffer io path_or_buf".split()
)
#: Functions that take a query in which quoted strings may be paths.
QUERIES: dict[str, tuple[str, ...]] = {
    "duckdb": ("sql", "query", "execute", "from_query"),
    "polars": ("sql", "SQLContext.execute", "DataFrame.sql", "LazyFrame.sql"),
}
#: Classes whose stored values name files that are read only when the value is used.
LAZY: dict[str, tuple[str, ...]] = {"polars": ("LazyFrame.__setstate__",)}
#: Functions that hand out objects in native code that read whatever they are told later.
OPAQUE: dict[str, tuple[str, ...]] = {"duckdb": ("connect",)}
#: Functions that start another interpreter without the audit hook seeing it.
STARTERS: dict[str, tuple[str, ...]] = {
    "multiprocessing.util": ("spawnv_passfds",),
    "joblib.externals.loky.backend.fork_exec": ("fork_exec",),
    "loky.backend.fork_exec": ("fork_exec",),
}

_QUOTED = re.compile(r"'([^'\n]+)'")
_WATCHED = READERS.keys() | QUERIES.keys() | LAZY.keys() | OPAQUE.keys() | STARTERS.keys()
_done: set[str] = set()


def wrap_arrived(names: Iterable[str]) -> None:
    """Wrap the readers of those modules among `names` that are complete."""
    for name in _WATCHED.intersection(names):
        module = sys.modules.get(name)
        specification = getattr(module, "__spec__", None)
        if name in _done or module is None or getattr(specification, "_initializing", False):
            continue
        _done.add(name)
        for attribute in READERS.get(name, ()):
            _wrap(module, attribute, _note_paths)
        for attribute in QUERIES.get(name, ()):
            _wrap(module, attribute, _note_query)
        for attribute in LAZY.get(name, ()):
            _wrap_restoring(module, attribute)
        for attribute in OPAQUE.get(name, ()):
            _wrap(module, attribute, functools.partial(_note_opaque, f"{name}.{attribute}"))
        for attribute in STARTERS.get(name, ()):
            _wrap(module, attribute, _note_start)


def _wrap(module: Any, attribute: str, note: Callable[[tuple[Any, ...], dict[str, Any]], None]) -> None:
    if "." in attribute:
        kind, _, attribute = attribute.partition(".")
        _wrap_method(getattr(module, kind, None), attribute, note)
        return
    original = getattr(module, attribute, None)
    if original is None or not callable(original):
        return
    if isinstance(original, type):
        _wrap_class(original, note)
        return

    @functools.wraps(original)
    def reader(*arguments: Any, **options: Any) -> Any:
        if recorder.sink is not None and not recorder.busy():
            _guarded(note, arguments, options)
        return original(*arguments, **options)

    setattr(module, attribute, reader)
    # a pickle refers to it by the module that defines it and must find the same object there
    home = sys.modules.get(getattr(original, "__module__", None) or "")
    if home is not None and home is not module and getattr(home, attribute, None) is original:
        setattr(home, attribute, reader)


def _wrap_class(kind: type, note: Callable[[tuple[Any, ...], dict[str, Any]], None]) -> None:
    initialise = kind.__init__  # type: ignore[misc]

    @functools.wraps(initialise)
    def __init__(self: Any, *arguments: Any, **options: Any) -> None:  # noqa: N807
        if recorder.sink is not None and not recorder.busy():
            _guarded(note, arguments, options)
        initialise(self, *arguments, **options)

    try:
        kind.__init__ = __init__  # type: ignore[misc]
    except TypeError:
        return  # a class of native code; its functions are wrapped where it has any


def _wrap_method(kind: Any, name: str, note: Callable[[tuple[Any, ...], dict[str, Any]], None]) -> None:
    original = getattr(kind, name, None)
    if original is None:
        return

    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        if recorder.sink is not None and not recorder.busy():
            _guarded(note, arguments, options)
        return original(self, *arguments, **options)

    setattr(kind, name, method)


def _wrap_restoring(module: Any, attribute: str) -> None:
    kind, _, name = attribute.partition(".")
    owner = getattr(module, kind, None)
    original = getattr(owner, name, None)
    if original is None:
        return

    @functools.wraps(original)
    def restoring(self: Any, *arguments: Any, **options: Any) -> Any:
        result = original(self, *arguments, **options)
        if recorder.sink is not None and not recorder.busy():
            _guarded(_note_plan, (self,), {})
        return result

    setattr(owner, name, restoring)


_SCAN = re.compile(r"SCAN \[([^\]\n]*)\]")


def _note_plan(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    try:
        plan = arguments[0].explain(optimized=False)
    except Exception:
        recorder.untracked("a lazy frame of another block reads files that nobody can follow")
        return
    for text in _SCAN.findall(plan):
        for path in text.split(", "):
            if path.startswith("... "):
                recorder.untracked("a lazy frame of another block reads many files")
            else:
                _note_path(path)


def _guarded(note: Callable[..., None], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    recorder.enter()
    try:
        note(arguments, options)
    except Exception:
        pass
    finally:
        recorder.leave()


def _note_paths(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    candidates = [arguments[0]] if arguments else []
    candidates += [value for name, value in options.items() if name in PATH_OPTIONS]
    mode = options.get("mode", arguments[1] if len(arguments) > 1 else None)
    writes = isinstance(mode, str) and mode[:1] in ("w", "x")
    for candidate in candidates:
        for path in candidate if isinstance(candidate, (list, tuple)) else [candidate]:
            _note_path(path, writes)


def _note_path(path: object, writes: bool = False) -> None:
    if isinstance(path, str) and path.startswith("file://"):
        path = path[7:]
    if isinstance(path, str) and "://" in path:
        recorder.connects(path.partition("://")[2].partition("/")[0])
        return
    name = absolute(path)
    if name is None or ignored(name):
        return
    if writes:
        recorder.wrote(name)
    elif os.path.isdir(name):
        _note_tree(name)
    elif glob.has_magic(name) and not os.path.exists(name):
        recorder.listed(os.path.dirname(name))
        for match in sorted(glob.glob(name, recursive=True)):
            recorder.read(match)
    else:
        recorder.read(name)


def _note_tree(folder: str) -> None:
    for root, folders, files in os.walk(folder):
        folders.sort()
        recorder.listed(root)
        for file in sorted(files):
            recorder.read(os.path.join(root, file))


def _note_query(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    query = arguments[0] if arguments else options.get("query")
    if isinstance(query, str):
        for text in _QUOTED.findall(query):
            if "." in text or "/" in text:
                _note_path(text)


def _note_opaque(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    if arguments and isinstance(arguments[0], str) and arguments[0] not in ("", ":memory:"):
        _note_path(arguments[0])
    if caller_is_own():
        recorder.untracked(f"{name} reads files that nobody can follow")


def _note_start(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    # pools start some of theirs from threads: whoever made the pool was seen with the first
    who = starter(alone=None)
    if who is not None:
        recorder.untracked(f"{who} starts another Python process")
