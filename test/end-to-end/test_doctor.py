"""`doctor` finds what is wrong here and says what to do; completion answers in a real shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from environments import add_kernel
from project import DAGPY, Project


def checks(p: Project, *, code: int = 0) -> dict[str, dict[str, str]]:
    found = json.loads(p.cli("doctor", "--json", code=code).out)["checks"]
    return {check["name"]: check for check in found}


def test_all_in_order(project) -> None:
    p = project(
        {"load": ["import numpy as np\nx = np.arange(3)"], "show": (["print(x)"], {"parents": ["load"]})}
    )
    p.run()
    found = checks(p)
    assert {check["state"] for check in found.values()} == {"good"}, found
    assert "2 blocks, 1 edge" in next(c["detail"] for c in found.values() if c["part"] == "project")
    assert "numpy" in found["packages"]["detail"] and "of the blocks imported" in found["packages"]["detail"]
    assert found["fork"]["detail"].startswith("works")
    assert "All in order." in p.cli("doctor").out


def test_outside_a_project_the_program_is_looked_at(project, tmp_path: Path) -> None:
    p = project({"a": ["1"]})
    (tmp_path / "empty").mkdir()
    found = json.loads(p.cli("doctor", "--json", cwd=tmp_path / "empty").out)["checks"]
    assert {check["part"] for check in found} == {"program", "kernels", "project"}


def test_what_is_wrong_is_said_with_its_remedy(project) -> None:
    p = project({"a": ["1"]})
    p.declare(kernel="nowhere")
    found = checks(p, code=2)
    broken = found["nowhere (of this project)"]
    assert broken["state"] == "problem" and "python -m ipykernel install" in broken["remedy"]

    add_kernel(p.user, "gone", "/nowhere/python")
    p.declare(kernel="python3")
    assert checks(p)["gone"]["state"] == "warning"

    p.write("dag.json", "{")
    assert checks(p, code=2)["dag.json"]["state"] == "problem"


def test_a_damaged_store_and_a_held_lock(project) -> None:
    p = project({"a": ["print(1)"]})
    p.run()
    for path in (p.folder / ".dagpy" / "traces").rglob("*.mpk"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-3])
    p.run()
    assert checks(p)["quarantine"]["state"] == "warning"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_completion_in_bash(project) -> None:
    p = project({"load": ["1"], "lift": ["2"], "model": ["3"]})
    script = """
        source <("$0" completion bash)
        COMP_WORDS=("$0" "$@"); COMP_CWORD=$#
        _dagpy
        printf '%s\\n' "${COMPREPLY[@]}"
    """

    def answers(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", script, str(DAGPY), *words],
            cwd=p.folder,
            env={**os.environ, **p.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    assert answers("why", "l") == ["load", "lift"]
    assert answers("cache", "v") == ["verify"]
    assert answers("run", "--fo") == ["--force"]
    assert answers("nonsense", "") == []
