"""What a person's kernel computed, stored as a block's own run would store it.

Only where this kernel itself shows that it holds what the block's code makes of what the block is given: since it
started it ran the block's cells, in order, each once, each to its end, and nothing else, on the values of a known
version.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from . import user_kernel, values
from .user_kernel import Report

Message = Mapping[str, Any]

_last: dict[str, Any] = {}


class NotShownError(Exception):
    """The kernel can not show that its values are those of the block; the message says why."""


def adopt(text: str) -> None:
    """Check the history of this kernel, and write what the block's cells made; how it went is told by `report`.

    The text is JSON: ``project``, ``block``, ``cwd``, ``version`` of the inputs (`null`: the block is given nothing),
    ``cells`` (SHA-256 of the sources of its non-empty code cells, in order), ``keep`` as in the message ``execute``,
    ``scratch`` and ``objects`` (absolute folders).
    """
    global _last
    specification: Message = json.loads(text)
    try:
        with user_kernel.in_silence():
            _check(specification)
            _last = {"ok": True, "why": "", **_stored(specification)}
    except NotShownError as reason:
        _last = {"ok": False, "why": str(reason)}
    except BaseException as error:
        _last = {"ok": False, "why": f"{type(error).__name__}: {error}"}


def report() -> Report:
    """How the last adoption went, with what was written, as in the message ``done``."""
    return Report(_last)


def digest_of_source(source: str) -> str:
    """As the front-end's side computes it: IPython's history drops line ends at the end."""
    return hashlib.sha256(source.rstrip("\n").encode("utf-8", "surrogatepass")).hexdigest()


def _check(specification: Message) -> None:
    shell = user_kernel.shell()
    if shell is None:
        raise NotShownError("this kernel keeps no history")
    ran = list(shell.history_manager.input_hist_raw)[1:]
    cells: Sequence[str] = specification["cells"]
    if int(shell.execution_count) - 1 != len(ran):
        raise NotShownError("this kernel does not remember everything that ran in it")
    for place, (source, expected) in enumerate(zip(ran, cells, strict=False), 1):
        if digest_of_source(source) != expected:
            raise NotShownError(
                f"the code that ran as [{place}] is not that of the block's code cell {place}"
            )
    if len(ran) < len(cells):
        raise NotShownError(f"{len(cells) - len(ran)} of the block's cells did not run in this kernel")
    if len(ran) > len(cells):
        raise NotShownError(
            "this kernel ran other code too: restart it, then run the block's cells once, in order"
        )
    _check_inputs(specification)
    _check_endings(len(cells))
    if os.path.realpath(os.getcwd()) != os.path.realpath(specification["cwd"]):
        raise NotShownError(
            f"the kernel works in another folder than the block, which works in {specification['cwd']}"
        )


def _check_inputs(specification: Message) -> None:
    loads = user_kernel.loads()
    if specification["version"] is None and not loads:
        return
    if not loads:
        raise NotShownError("the kernel was not given what the block needs before its cells ran")
    for load in loads:
        if load["count"] != 1 or load["what"] != "inputs" or not load["ok"]:
            raise NotShownError(
                "values of blocks were loaded after cells had run, or could not all be loaded"
            )
        if load["block"] != specification["block"] or load["project"] != specification["project"]:
            raise NotShownError(f"the kernel was given values for {load['block']}")
        if load["version"] != specification["version"]:
            raise NotShownError("the kernel was given other values than the block would be given now")


def _check_endings(count: int) -> None:
    endings = user_kernel.endings()
    # a kernel that was given nothing was not watched, but it keeps the last error that it showed
    if hasattr(sys, "last_value") or (endings is not None and (len(endings) != count or not all(endings))):
        raise NotShownError("a cell failed in this kernel")


def _stored(specification: Message) -> dict[str, Any]:
    shell = user_kernel.shell()
    session = user_kernel.namespace()
    dumper = values.Dumper(session, specification["scratch"], specification["objects"])
    hidden = shell.user_ns_hidden
    before = {name: value for name, value in session.items() if hidden.get(name, session) is value}
    sources = [shell.transform_cell(source) for source in shell.history_manager.input_hist_raw[1:]]
    exports = values.plan_exports(
        dumper,
        before,
        [_as_restored(component, session) for component in user_kernel.inputs()],
        user_kernel.baselines(),
        specification["keep"],
        values.bound_names(sources),
        values.dotted_imports(sources),
    )
    return {"components": exports.components, "withheld": exports.withheld, "warnings": exports.warnings}


def _as_restored(component: Message, session: Mapping[str, Any]) -> values.Restored:
    """A component as it was given, with the objects that stand under its names now: what differs was changed."""
    lines = component["lineTables"]
    now = {
        stored: session[bound[0]]
        for stored, bound in component["bind"].items()
        if bound and bound[0] in session
    }
    return values.Restored(
        component["head"]["path"],
        values.extents(component["buffers"]),
        None if lines is None else lines["path"],
        list(component["bind"]),
        component["bind"],
        now,
        {},
    )
