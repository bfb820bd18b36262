"""An IPython session at a terminal that starts with what a block handed on.

Stands beside the workers: same payload, same restored values, a person instead of cells.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from contextlib import suppress
from typing import Any

from IPython.utils.capture import capture_output

from . import values


def serve(specification_file: str) -> None:
    """Read what to restore, restore it, and hand the terminal over.

    The file is JSON: ``cwd`` (absolute), ``prelude`` (sources that run first, silently), ``inputs`` (components as in
    the message ``execute``), ``imports`` (modules that the values need), ``ambient`` (adapter to file), ``project``,
    ``parameters``, ``title``, ``note``.

    Raises:
        SystemExit: when the session ends.
    """
    with open(specification_file, encoding="utf-8") as file:
        specification: dict[str, Any] = json.load(file)
    os.chdir(specification["cwd"])
    sys.path.insert(0, specification["cwd"])
    from IPython.terminal.ipapp import TerminalIPythonApp

    namespace: dict[str, Any] = {}
    # neither our words on the command line nor theirs are IPython's
    app = TerminalIPythonApp.instance(user_ns=namespace, display_banner=False)
    app.initialize(argv=[] if sys.stdin.isatty() else ["--simple-prompt"])
    _set_up(app.shell, namespace, specification)
    began = time.perf_counter()
    count = _fill(app.shell, namespace, specification)
    spent = (time.perf_counter() - began) * 1000
    names = "variable" if count == 1 else "variables"
    print(f"{specification['title']}: {count} {names} restored in {spent:.0f} ms")
    if specification["note"]:
        print(specification["note"])
    app.start()
    raise SystemExit(0)


def _set_up(shell: Any, namespace: dict[str, Any], specification: dict[str, Any]) -> None:
    """What comes before the block: parameters, the prelude, and the packages that its values need."""
    namespace.update(specification["parameters"])
    with capture_output():
        for source in specification["prelude"]:
            shell.run_cell(source, store_history=False)
    for name in specification["imports"]:
        # one that is not there any more is missed by the value that needs it, by name
        with suppress(Exception):
            importlib.import_module(name)


def _fill(shell: Any, namespace: dict[str, Any], specification: dict[str, Any]) -> int:
    """Put variables and ambient state into the session; how many variables."""
    before = set(namespace)
    values.restore(specification["inputs"], namespace)
    if specification["ambient"]:
        from .ambient import Ambient

        ambient = Ambient(namespace)
        ambient.locate(specification["project"])
        ambient.restore(specification["ambient"])
    # what was restored is not hidden from `%who`, and counts as the person's own
    restored = [name for name in namespace if name not in before]
    for name in restored:
        shell.user_ns_hidden.pop(name, None)
    return len(restored)
