"""The seam to `values` and `ambient`: inputs in, exports out."""

from __future__ import annotations

from typing import Any


class Storage:
    """Restores what a job starts from and keeps what it leaves."""

    def __init__(self, specification: dict[str, Any], namespace: dict[str, Any]) -> None:
        self._specification = specification
        self._namespace = namespace
        self.warnings: list[str] = []

    def seed(self, seed: str | None) -> None:
        pass

    def restore_ambient(self, states: dict[str, str]) -> None:
        pass

    def before_main(self) -> None:
        pass

    def bind(self, inputs: list[dict[str, Any]]) -> None:
        pass

    def bound(self) -> None:
        pass

    def keep(self, tops: set[str]) -> dict[str, Any]:
        return {"components": [], "withheld": [], "ambient": []}

    def ambient_used(self, tops: set[str]) -> list[str]:
        return []
