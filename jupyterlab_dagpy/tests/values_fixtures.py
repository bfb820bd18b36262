"""Fixtures and views of results for the tests that run blocks over edges."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from values_session import Sessions

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    made = Sessions(sys.executable, ["numpy", "pandas", "matplotlib.pyplot"])
    yield made
    made.close()


@pytest.fixture
def run(sessions: Sessions, tmp_path: Path) -> Run:
    counter = iter(range(1000))

    def run_blocks(*blocks: str | dict[str, Any]) -> list[dict[str, Any]]:
        folder = tmp_path / f"run{next(counter)}"
        folder.mkdir()
        return sessions.run(folder, *blocks)

    return run_blocks


def names(result: dict[str, Any]) -> list[list[str]]:
    return [component["names"] for component in result["components"]]


def component(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(part for part in result["components"] if name in part["names"])


def digest(result: dict[str, Any], name: str) -> list[str]:
    found: list[str] = component(result, name)["digest"]
    return found


def last(results: list[dict[str, Any]]) -> str:
    assert results[-1]["error"] is None, results[-1]["error"]
    return str(results[-1]["printed"]).strip()
