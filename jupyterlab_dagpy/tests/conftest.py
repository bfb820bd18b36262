from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import Engine, engine


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with a warm zygote, shared by the tests of a file."""
    modules = ["numpy", "pandas", "matplotlib.pyplot", "ipywidgets"]
    with engine(tmp_path_factory.mktemp("project"), modules) as made:
        yield made


@pytest.fixture(params=["forked", "spawned"])
def workers(request: Any, tmp_path: Path) -> Iterator[Engine]:
    """Both kinds of workers."""
    with engine(tmp_path, [] if request.param == "forked" else None) as made:
        yield made
