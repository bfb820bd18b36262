from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyterlab_dagpy import notebooks


def ask(command: str, request: object, data: Path) -> Any:
    environment = {
        "JUPYTER_DATA_DIR": str(data),
        "JUPYTER_CONFIG_DIR": str(data),
        "PATH": "",
        "HOME": str(data),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "jupyterlab_dagpy.notebooks", command],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(ran.stdout)


def test_upgrade_gives_valid_text_and_leaves_the_file(tmp_path: Path) -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Ä title"], "metadata": {}},
                    {
                        "cell_type": "code",
                        "language": "python",
                        "input": ["print(1)"],
                        "prompt_number": 4,
                        "metadata": {},
                        "outputs": [{"output_type": "stream", "stream": "stdout", "text": ["1\n"]}],
                    },
                ],
                "metadata": {},
            }
        ],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old), encoding="utf-8")
    answers = ask("upgrade", {"paths": [str(path), str(tmp_path / "missing.ipynb")]}, tmp_path)
    upgraded = nbformat.reads(answers[0]["text"], as_version=4)
    nbformat.validate(upgraded)
    assert [cell.source for cell in upgraded.cells] == ["## Ä title", "print(1)"]
    assert upgraded.cells[1].outputs[0].text == "1\n"
    assert "missing.ipynb" in answers[1]["error"]
    assert json.loads(path.read_text(encoding="utf-8")) == old
    assert notebooks.upgrade_text(path.read_text(encoding="utf-8")) == answers[0]["text"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nbformat": 3}', "x"])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="notebook"):
        notebooks.upgrade_text(text)


def test_trust_is_of_content_not_of_names(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", id="a")])
    text = nbformat.writes(notebook)
    path = tmp_path / "n.ipynb"
    path.write_text(text, encoding="utf-8")
    assert ask("trust-check", {"paths": [str(path)]}, tmp_path) == [{"path": str(path), "trusted": False}]
    assert ask("trust-sign", {"paths": [str(path)]}, tmp_path) == [{"path": str(path), "signed": True}]
    checked = ask("trust-check", {"texts": [text, text.replace('"x"', '"y"'), "no"]}, tmp_path)
    assert [one.get("trusted") for one in checked] == [True, False, None]


def test_unknown_command_is_a_wrong_call() -> None:
    assert notebooks.main(["frobnicate"]) == 2
