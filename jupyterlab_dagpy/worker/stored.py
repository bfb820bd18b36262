"""The seam to `values` and `ambient`: inputs in, exports out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .ambient import Ambient
from .values import (
    Baseline,
    Dumper,
    Restored,
    baseline,
    bound_names,
    dotted_imports,
    is_machine_name,
    note_early,
    plan_exports,
    restore,
)


class Storage:
    """Restores what a job starts from and keeps what it leaves.

    `ambient` is of the namespace and was not used yet; `python_of` tells the Python that a cell's source stands for in
    the session.
    """

    def __init__(
        self,
        specification: dict[str, Any],
        namespace: dict[str, Any],
        ambient: Ambient,
        python_of: Callable[[str], str],
    ) -> None:
        self._specification = specification
        note_early(specification["early"])
        self._namespace = namespace
        self._python_of = python_of
        self._ambient = ambient
        ambient.locate(specification["project"])
        self._entered = False
        self._parameters: dict[str, Any] = {}
        self._base: dict[str, Any] = {}
        self._baselines: list[Baseline] = []
        self._known: set[str] = set(namespace)
        self._restored: list[Restored] = []
        self._used: list[str] = []
        self._before: dict[str, Any] = {}
        self.warnings: list[str] = []

    # ------------------------------------------------------------ what it starts from

    def begin(self, seed: str | None) -> None:
        """Seed generators and bind parameters."""
        self._ambient.seed(seed)
        self._parameters = copy.deepcopy(self._specification["parameters"])
        self._namespace.update(self._parameters)
        self._take_baseline("parameters")

    def proceed(self, specification: dict[str, Any]) -> None:
        """In a fork of the process: the same session, another job."""
        self._specification = specification
        note_early(specification["early"])
        self.warnings = []
        self._ambient.warnings.clear()
        # those that the block before reads were bound, and it may have changed them
        new = {
            name: value
            for name, value in copy.deepcopy(specification["parameters"]).items()
            if name not in self._parameters
        }
        self._parameters.update(new)
        self._namespace.update({name: value for name, value in new.items() if name not in self._namespace})
        self._take_baseline("parameters")

    def base_is_there(self) -> None:
        """The prelude is done: any block's session starts from here."""
        self._base = _variables(self._namespace)

    def set_aside(self) -> dict[str, Any]:
        """Empty the namespace for a session beside this one; what to `put_back`.

        The dict itself stays, so that functions and frames of that session find their globals in this one when they are
        handed on. The prelude's objects are those of this session too, or `isinstance` would not hold.
        """
        aside = self._replace(self._base)
        fresh = copy.deepcopy(self._specification["parameters"])
        for name, value in self._parameters.items():
            # another session must not see what this one does to them
            if self._base.get(name, self) is value:
                self._namespace[name] = fresh[name]
        return aside

    def taken(self, live: dict[str, Any]) -> dict[str, Any]:
        """Variables to hand on, under the names that the reader gives them.

        Raises:
            NameError: one was not made this time.
        """
        maker = live["segments"][-1]["block"]
        found: dict[str, Any] = {}
        for theirs, names in live["bind"].items():
            if theirs not in self._namespace:
                raise NameError(f"{maker} ran again and did not make {theirs} this time")
            found.update(dict.fromkeys(names, self._namespace[theirs]))
        return found

    def put_back(self, aside: dict[str, Any]) -> None:
        """End a session beside this one."""
        self._replace(aside)

    def _replace(self, variables: dict[str, Any]) -> dict[str, Any]:
        before = _variables(self._namespace)
        for name in before:
            del self._namespace[name]
        self._namespace.update(variables)
        return before

    def bind(self, segment: dict[str, Any], handed: dict[str, Any]) -> None:
        """Restore the components of a segment and bind the names asked for, and what is handed on alive.

        Raises:
            RestoreError: one can not be loaded.
        """
        restored = restore(segment["inputs"], self._namespace)
        self._namespace.update(handed)
        if segment["role"] == "main":
            self._baselines.append(baseline(self._namespace, handed, "live"))
            self._restored = restored
            self._before = dict(self._namespace)

    def ran(self, segment: dict[str, Any]) -> None:
        """A segment's cells are done: what a prelude or a replay made is none of the block's exports."""
        if segment["role"] != "main":
            self._take_baseline(segment["role"])

    def _take_baseline(self, origin: Any) -> None:
        new = [name for name in self._namespace if name not in self._known]
        self._known.update(new)
        self._baselines.append(baseline(self._namespace, new, origin))

    # ------------------------------------------------------------ ambient state

    def enter(self, seed: str | None, states: dict[str, str]) -> None:
        """Put the ambient state that a block starts from in place."""
        if self._entered:
            self._ambient.enter(seed, states)
        else:
            # after the prelude, as in the one notebook that the blocks make up
            self._entered = True
            self._ambient.restore(states)

    def watch_ambient(self) -> None:
        """The block's own cells come next: what they change is its own."""
        self._ambient.snapshot()

    def package_imported(self, top: str) -> None:
        """A package came in: states inherited for it are put in place now.

        Raises:
            AmbientError: one can not be.
        """
        self._ambient.package_imported(top)

    # ------------------------------------------------------------ what it leaves

    def keep(self, tops: set[str]) -> dict[str, Any]:
        """Store exports and changed ambient states: parts of the message ``done``.

        `tops`: top-level packages that the block imported.

        Raises:
            OSError: a blob can not be written.
        """
        specification = self._specification
        dumper = Dumper(self._namespace, specification["scratch"], specification["objects"])
        # before values are stored, which may run the user's code
        self._used = self._ambient.used(tops)
        changed = self._ambient.changed(dumper)
        main = self._sources("main")
        exports = plan_exports(
            dumper,
            self._before,
            self._restored,
            self._baselines,
            specification["keep"],
            bound_names(main),
            dotted_imports([*self._sources("prelude"), *main]),
        )
        self.warnings += exports.warnings + self._ambient.warnings
        return {
            "components": exports.components,
            "withheld": exports.withheld,
            "ambient": changed,
        }

    def _sources(self, role: str) -> list[str]:
        found = []
        for segment in self._specification["segments"]:
            for cell in segment["cells"] if segment["role"] == role else ():
                try:
                    found.append(self._python_of(cell["source"]))
                except Exception:
                    continue
        return found

    def ambient_used(self) -> list[str]:
        """Adapters whose incoming state may have mattered; known after `keep`."""
        return self._used


def _variables(namespace: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in namespace.items() if not is_machine_name(name)}
