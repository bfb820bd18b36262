"""The front end's part of ipywidgets, as nbclient plays it: keeps widget state, fills output widgets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

Send = Callable[[str, dict[str, Any]], None]


class WidgetStates:
    """State of every comm that sent some, and the output widgets that catch what cells show.

    `reply(comm_id, state)` brings a new state to the kernel's side of a comm.
    """

    def __init__(self, reply: Callable[[str, dict[str, Any]], None]) -> None:
        self._reply = reply
        self._states: dict[str, dict[str, Any]] = {}
        self._buffers: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
        self._outputs: dict[str, OutputArea] = {}
        #: Message id of a cell → output widgets that catch its outputs, innermost last.
        self._catching: dict[str, list[OutputArea]] = {}

    def handle(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        """A comm message from the kernel: ``comm_open``, ``comm_msg`` or ``comm_close``."""
        identity = content["comm_id"]
        data = content.get("data") or {}
        if "state" in data:
            self._states.setdefault(identity, {}).update(data["state"])
            paths = data.get("buffer_paths") or []
            for path, buffer in zip(paths, buffers, strict=False):
                encoded = base64.b64encode(bytes(buffer)).decode("ascii")
                entry = {"data": encoded, "encoding": "base64", "path": list(path)}
                self._buffers.setdefault(identity, {})[tuple(path)] = entry
        if kind == "comm_open" and content.get("target_name") == "jupyter.widget":
            state = data.get("state") or {}
            if (
                state.get("_model_module") == "@jupyter-widgets/output"
                and state.get("_model_name") == "OutputModel"
            ):
                self._outputs[identity] = OutputArea(identity, list(state.get("outputs") or ()))
        elif kind == "comm_msg" and identity in self._outputs and "state" in data:
            self._set_catching(self._outputs[identity], data["state"])

    def _set_catching(self, area: OutputArea, state: dict[str, Any]) -> None:
        if "msg_id" not in state:
            return
        if state["msg_id"]:
            self._catching.setdefault(state["msg_id"], []).append(area)
        elif self._catching.get(area.catches):
            self._catching[area.catches].pop()
        area.catches = state["msg_id"]

    def catch(self, cell: str, output: dict[str, Any]) -> bool:
        """Put an output into the widget that catches those of `cell` now; `False` when none does."""
        areas = self._catching.get(cell)
        if not areas:
            return False
        areas[-1].add(output)
        self._sync(areas[-1])
        return True

    def clear(self, cell: str, wait: bool) -> bool:
        """``clear_output`` while a widget catches; `False` when none does."""
        areas = self._catching.get(cell)
        if not areas:
            return False
        if wait:
            areas[-1].clear_next = True
        else:
            areas[-1].outputs = []
            self._sync(areas[-1])
        return True

    def _sync(self, area: OutputArea) -> None:
        self._reply(area.identity, {"outputs": area.outputs})
        self._states[area.identity]["outputs"] = area.outputs

    def saved(self) -> dict[str, Any] | None:
        """``application/vnd.jupyter.widget-state+json`` of the notebook; `None` without widgets."""
        if not self._states:
            return None
        saved: dict[str, Any] = {}
        for identity, state in self._states.items():
            if "_model_name" not in state:
                continue
            saved[identity] = {
                "model_name": state.get("_model_name"),
                "model_module": state.get("_model_module"),
                "model_module_version": state.get("_model_module_version"),
                "state": state,
            }
            if self._buffers.get(identity):
                saved[identity]["buffers"] = list(self._buffers[identity].values())
        return {"state": saved, "version_major": 2, "version_minor": 0}


class OutputArea:
    """One output widget."""

    def __init__(self, identity: str, outputs: list[dict[str, Any]]) -> None:
        self.identity = identity
        self.outputs = outputs
        self.clear_next = False
        #: Message id of the cell that it catches now.
        self.catches = ""

    def add(self, output: dict[str, Any]) -> None:
        """Append, joining neighbouring pieces of one stream."""
        if self.clear_next:
            self.outputs, self.clear_next = [], False
        output = {key: value for key, value in output.items() if key != "transient"}
        last = self.outputs[-1] if self.outputs else {}
        if output["output_type"] == "stream" == last.get("output_type") and last["name"] == output["name"]:
            last["text"] += output["text"]
        else:
            self.outputs.append(output)
