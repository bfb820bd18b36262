"""What a block shows, also when it is restored, when it fails half-way and when its process dies."""

from __future__ import annotations

import re
import time

import pytest
from project import Project, create

RICH = [
    "import sys\nfrom IPython.display import HTML, JSON, Markdown, display, update_display, clear_output\n"
    "print('to stdout')\nprint('to stderr', file=sys.stderr)\nprint('again')",
    "display(HTML('<b>bold</b>'), Markdown('*hi*'))\ndisplay(JSON({'k': [1.0, 2]}))\n40 + 2",
    "handle = display('waiting', display_id=True)\nprint('between')\nhandle.update('done')",
    "print('gone')\nclear_output()\nprint('stays')",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('plot')\nplt.show()",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import os\nos.write(1, b'from the descriptor\\n');",
    "class Odd:\n    def _repr_html_(self): return '<i>odd</i>'\n    def __repr__(self): return 'odd'\nOdd()",
    "print('é 漢 \\U0001f600', end='')",
    "answer = 6 * 7;\nanswer;",
]


@pytest.fixture(scope="module")
def rich(tmp_path_factory) -> Project:
    p = create(
        tmp_path_factory.mktemp("rich"),
        {
            "rich": [*RICH, ("markdown", "# Heading")],
            "below": (["print(answer)"], {"parents": ["rich"]}),
        },
    )
    assert p.run().executed == {"rich", "below"}
    return p


def plain(traceback: list[str]) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


def kinds(outputs) -> list[str]:
    return [output["output_type"] for output in outputs]


def test_outputs_are_those_of_a_notebook(rich: Project) -> None:
    outputs = rich.outputs("rich")
    assert [(o["name"], "".join(o["text"])) for o in outputs[0]] in (
        [("stdout", "to stdout\nagain\n"), ("stderr", "to stderr\n")],
        [("stdout", "to stdout\n"), ("stderr", "to stderr\n"), ("stdout", "again\n")],
    )
    assert kinds(outputs[1]) == ["display_data"] * 3 + ["execute_result"]
    assert "".join(outputs[1][0]["data"]["text/html"]) == "<b>bold</b>"
    assert "".join(outputs[1][3]["data"]["text/plain"]) == "42"
    assert kinds(outputs[2]) == ["display_data", "stream"]
    assert "".join(outputs[2][0]["data"]["text/plain"]) == "'done'"
    assert [("".join(o["text"])) for o in outputs[3]] == ["stays\n"]
    assert kinds(outputs[4]) == ["display_data"] and "image/png" in outputs[4][0]["data"]
    assert kinds(outputs[5]) == ["execute_result"] and "text/html" in outputs[5][0]["data"]
    assert "".join("".join(o["text"]) for o in outputs[6]) == "from the descriptor\n"
    assert "".join(outputs[7][0]["data"]["text/html"]) == "<i>odd</i>"
    assert "".join(outputs[8][0]["text"]) == "é 漢 😀"
    assert outputs[9] == []


def test_the_notebook_is_valid_and_says_nothing_of_times(rich: Project) -> None:
    import nbformat

    notebook = nbformat.read(rich.path("rich"), as_version=4)
    nbformat.validate(notebook)
    text = rich.path("rich").read_text()
    assert "iopub" not in text and "execution_time" not in text and str(rich.folder) not in text
    counts = [c["execution_count"] for c in notebook.cells if c["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_an_undo_shows_the_outputs_again(rich: Project, tmp_path) -> None:
    p = rich.copy(tmp_path / "undo")
    before = p.path("rich").read_bytes()
    p.edit("rich", 0, "print('again')", "print('other')")
    assert p.run().executed == {"rich"}
    assert "other" in p.text("rich")
    assert p.path("rich").read_bytes() != before
    p.edit("rich", 0, "print('other')", "print('again')")
    report = p.run()
    assert report.executed == set() and report.restored == {"rich"} and report.tally == []
    assert p.path("rich").read_bytes() == before


def test_a_block_that_looks_at_what_it_wrote(project) -> None:
    """Libraries look whether a file is there before they write it, and people show what they wrote."""
    p = project(
        {
            "report": (
                [
                    "import os\nn = 1\nthere = os.path.exists('out/report.txt')\nos.makedirs('out', exist_ok=True)\n"
                    "with open('out/report.txt', 'w') as file: file.write(f'report {n}')\n"
                    "print(open('out/report.txt').read())"
                ],
                {"outputs": ["out/report.txt"]},
            )
        }
    )
    p.run()
    assert p.run().executed == set()
    p.edit("report", 0, "n = 1", "n = 2")
    assert p.run().executed == {"report"}
    p.edit("report", 0, "n = 2", "n = 1")
    report = p.run()
    assert report.executed == set() and report.restored == {"report"}
    assert (p.folder / "out/report.txt").read_text() == "report 1" and p.text("report") == "report 1\n"
    (p.folder / "out/report.txt").unlink()
    assert p.run().executed == set()
    assert (p.folder / "out/report.txt").read_text() == "report 1"
    # what a person put there is read, so it counts
    p.write("out/report.txt", "mine")
    assert p.run().executed == {"report"}


def test_outputs_that_were_cleared_or_changed_by_hand_come_back(rich: Project, tmp_path) -> None:
    p = rich.copy(tmp_path / "cleared")

    def clear(cells) -> None:
        for cell in cells:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None

    p.rewrite("rich", clear)
    report = p.run()
    assert report.executed == set() and report.restored == {"rich"}
    assert p.outputs("rich") == rich.outputs("rich")
    p.rewrite("rich", lambda cells: cells[0]["outputs"].pop())
    assert p.run().executed == set()
    assert p.outputs("rich") == rich.outputs("rich")


def test_text_around_the_outputs_is_kept_byte_for_byte(project) -> None:
    """Numbers, key order and metadata that a JSON parser would change; only outputs are spliced in."""
    p = project({"a": ["print(1)"]}, tally=False)
    odd = (
        '{\n "nbformat_minor": 5, "nbformat": 4,\n "metadata": {"zz": 1.0, '
        '"aa": 12345678901234567890, "10": 1, "9": 2,\n'
        '  "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "e": "\\u00e9"},\n'
        ' "cells": [\n  {"id": "one", "cell_type": "code", "metadata": {"collapsed": false, "w": 1e3},\n'
        '   "source": "print(1)", "outputs": [], "execution_count": null}]}'
    )
    p.path("a").write_text(odd, encoding="utf-8")
    p.run()
    text = p.path("a").read_text(encoding="utf-8")
    for kept in (
        '"zz": 1.0',
        "12345678901234567890",
        '"10": 1, "9": 2',
        '"e": "\\u00e9"',
        '"w": 1e3',
        '"source": "print(1)"',
    ):
        assert kept in text
    assert not text.endswith("\n")
    assert p.text("a") == "1\n"


def test_a_block_that_starts_processes(project) -> None:
    """What a process reads nobody sees: the block always runs, unless its files are declared."""
    p = project(
        {
            "starts": [
                "word = 'hello'",
                "!echo {word}",
                "import os\nos.system('cat data.txt');",
                "%%bash\necho magic",
            ],
            "told": (["import os\nos.system('cat data.txt');"], {"inputs": ["data.txt"]}),
            "below": (["print(word)"], {"parents": ["starts"]}),
        }
    )
    p.write("data.txt", "data\n")
    p.run()
    assert p.text("starts").replace("\r", "") == "hello\ndata\nmagic\n"
    assert p.text("told") == "data\n"
    assert "untracked" in p.reasons("starts")
    assert p.run().executed == {"starts"}
    p.write("data.txt", "new\n")
    assert p.run().executed == {"starts", "told"}
    assert p.text("told") == "new\n"


def test_magics_and_tags(project) -> None:
    p = project(
        {
            "raises": ["print('before')", "1 / 0", "z = 3"],
            "writes": ["%%writefile generated.py\nN = 1\n"],
            "imports": (["import generated\nprint(generated.N)"], {"parents": ["writes"]}),
            "captures": ["%%capture kept\nprint('captured')"],
            "shows": (["print(repr(kept.stdout))", "z"], {"parents": ["captures", "raises"]}),
        }
    )
    p.rewrite("raises", lambda cells: cells[1]["metadata"].update(tags=["raises-exception"]))
    p.run()
    assert p.errors("raises")[0]["ename"] == "ZeroDivisionError"
    assert p.text("captures") == "" and p.text("shows") == "'captured\\n'\n"
    p.edit("writes", 0, "N = 1", "N = 2")
    assert p.run().executed == {"writes", "imports"}
    assert p.text("imports") == "2\n"


def test_the_session_passes_for_a_notebook(project) -> None:
    """Packages that were imported beforehand included: pandas, tqdm and others ask where they are, and print so."""
    p = project(
        {
            "asks": [
                "import pandas as pd, sys\nfrom tqdm.auto import tqdm\nshell = get_ipython()\n"
                "print(type(shell).__name__, type(shell).__module__, 'IPKernelApp' in shell.config, tqdm.__module__)\n"
                "print(pd.get_option('display.max_columns'), sys.stdout.isatty(), __name__)",
            ],
            "again": ["import pandas as pd\nprint(pd.DataFrame({f'column{n}': [1.0] for n in range(12)}))"],
        }
    )
    p.run()
    assert p.text("asks") == "ZMQInteractiveShell ipykernel.zmqshell True tqdm.auto\n20 False __main__\n"
    assert p.text("again").startswith(
        "   column0  column1  column2  column3  column4  column5  column6  column7  \\\n"
    )


def test_widgets_leave_their_state(project) -> None:
    p = project({"a": ["import ipywidgets\nslider = ipywidgets.IntSlider(3)\nslider"], "b": ["print(1)"]})
    p.run()
    view = "application/vnd.jupyter.widget-view+json"
    model = p.outputs("a")[0][0]["data"][view]["model_id"]
    before = p.notebook("a")["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    assert before["state"][model]["state"]["value"] == 3
    assert "widgets" not in p.notebook("b")["metadata"]
    p.edit("a", 0, "IntSlider(3)", "IntSlider(4)")
    p.run()
    p.edit("a", 0, "IntSlider(4)", "IntSlider(3)")
    assert p.idle().restored == {"a"}
    assert p.outputs("a")[0][0]["data"][view]["model_id"] == model
    assert p.notebook("a")["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"] == before


# ------------------------------------------------------------------------------------- failures


FAILING = {
    "fine": ["x = 1"],
    "half": (
        ["y = x + 1\nprint('partial')", "print('before')\n1 / 0\nprint('after')", "print('never')"],
        {"parents": ["fine"]},
    ),
    "under_half": (["print(y)"], {"parents": ["half"]}),
    "far_under": (["print('far')"], {"parents": ["under_half"]}),
    "unrelated": (["print(x)"], {"parents": ["fine"]}),
    "syntax": ["print('before')", "def broken(:\n    pass"],
    "asks": ["print('asking')\ninput('name? ')"],
    "exits": ["import os\nprint('going', flush=True)\nos._exit(3)"],
    "killed": ["import os, signal\nprint('dying', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"],
    "under_killed": (["print(1)"], {"parents": ["killed"]}),
    "segfault": ["import ctypes\nctypes.string_at(0)"],
    "memory": [
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\nprint('small')",
        "huge = bytearray(8 << 30)",
    ],
    "leaves": ["print('leaving')\nraise SystemExit(0)"],
    "missing_name": (["print(nowhere_defined)"], {"parents": ["fine"]}),
    "grandparent": (["print(x)"], {"parents": ["unrelated"]}),
    "pending": [
        "import asyncio\nasync def forever():\n    await asyncio.sleep(1000)\ntask = asyncio.ensure_future(forever())",
        "print('went on')",
    ],
    "under_pending": (["print('fine')"], {"parents": ["pending"]}),
}
FAILS = {
    "half",
    "syntax",
    "asks",
    "exits",
    "killed",
    "segfault",
    "memory",
    "leaves",
    "missing_name",
    "grandparent",
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory) -> Project:
    return create(tmp_path_factory.mktemp("failing"), FAILING)


@pytest.fixture(scope="module")
def failed(failing: Project):
    began = time.monotonic()
    report = failing.run(code=1)
    assert time.monotonic() - began < 60
    return report


def test_who_failed_who_is_blocked_and_who_ran(failing: Project, failed) -> None:
    assert failed.failed == FAILS
    assert failed.blocked == {"under_half", "far_under", "under_killed"}
    assert failed.executed - failed.failed == {"fine", "unrelated", "pending", "under_pending"}
    states = failing.states()
    assert {id for id, state in states.items() if state == "failed"} == FAILS
    assert {id for id, state in states.items() if state == "blocked"} == failed.blocked


def test_an_error_half_way_keeps_what_was_shown(failing: Project, failed) -> None:
    assert failing.text("half") == "partial\nbefore\n"
    [error] = failing.errors("half")
    assert error["ename"] == "ZeroDivisionError"
    assert "1 / 0" in plain(error["traceback"])
    assert failing.outputs("half")[2] == []
    assert failing.exports("half") == {}
    assert failing.text("under_half") == ""
    assert "half" in failed.err and "ZeroDivisionError" in failed.err


def test_a_syntax_error(failing: Project, failed) -> None:
    assert failing.text("syntax") == "before\n"
    assert failing.errors("syntax")[0]["ename"] == "SyntaxError"


def test_input_is_refused_with_a_clear_error(failing: Project, failed) -> None:
    [error] = failing.errors("asks")
    assert "input" in (error["ename"] + error["evalue"]).lower()
    assert failing.text("asks") == "asking\n"


@pytest.mark.parametrize(("id", "word"), [("exits", "3"), ("killed", "SIGKILL"), ("segfault", "SIGSEGV")])
def test_a_process_that_died_says_how(failing: Project, failed, id: str, word: str) -> None:
    detail = " ".join(reason["detail"] for reason in failing.status()[id]["reasons"])
    assert word in detail
    assert any(id in line and word in line for line in failed.err.splitlines())


def test_what_was_shown_before_dying_is_kept(failing: Project, failed) -> None:
    assert failing.text("exits") == "going\n"
    assert failing.text("killed") == "dying\n"


def test_memory_that_ran_out(failing: Project, failed) -> None:
    assert failing.text("memory") == "small\n"
    assert failing.errors("memory")[0]["ename"] == "MemoryError"


def test_a_name_that_is_not_there_gets_a_hint(failing: Project, failed) -> None:
    assert failing.errors("missing_name")[0]["ename"] == "NameError"
    [error] = failing.errors("grandparent")
    assert error["ename"] == "NameError"
    hint = "\n".join([error["evalue"], *error["traceback"], failed.err])
    assert "fine" in hint  # who has it: an edge from there is what is missing


def test_pending_tasks_are_cancelled_with_a_warning(failing: Project, failed) -> None:
    assert failing.text("pending") == "went on\n"
    warning = next(line for line in failed.err.splitlines() if "forever" in line)
    assert "pending" in warning and "cancelled" in warning


def test_failures_are_tried_again_and_nothing_else(failing: Project, failed, tmp_path) -> None:
    p = failing.copy(tmp_path / "again")
    report = p.run(code=1)
    assert report.failed == FAILS
    assert report.executed - report.failed == set()
    assert "failed" in p.reasons("half")
    p.edit("half", 1, "1 / 0", "1 / 1")
    report = p.run(code=1)
    assert report.executed - report.failed == {"half", "under_half", "far_under"}
    assert p.text("under_half") == "2\n"
    assert p.text("half") == "partial\nbefore\nafter\nnever\n"


def test_a_failure_does_not_hide_the_last_good_result(project) -> None:
    """The old trace does not answer for the broken code, and answers again once that is undone."""
    p = project({"a": ["x = [1]\nprint('good')"], "b": (["print(x)"], {"parents": ["a"]})})
    p.run()
    p.edit("a", 0, "[1]", "[1][5]")
    report = p.run(code=1)
    assert report.failed == {"a"} and report.blocked == {"b"}
    assert p.errors("a")[0]["ename"] == "IndexError"
    assert p.states() == {"a": "failed", "b": "blocked"}
    assert p.text("b") == "[1]\n"
    p.edit("a", 0, "[1][5]", "[1]")
    report = p.run()
    assert report.executed == set() and report.restored == {"a"} and "b" in report.fresh | report.restored
    assert p.text("a") == "good\n" and p.errors("a") == []


def test_a_block_that_takes_too_long(project) -> None:
    # far longer than a command may take here
    cell = "print('start', flush=True)\nimport time\ntime.sleep(600)"
    p = project({"slow": ([cell], {"timeout": "4s"})})
    report = p.run(code=1)
    assert report.failed == {"slow"}
    assert "4 s" in report.err and "timeout" in report.err
    assert p.text("slow") == "start\n"
    assert p.settled() == []


def test_retries(project) -> None:
    p = project(
        {
            "flaky": (
                [
                    "import os\nwith open(os.environ['TALLY_FILE']) as f: tries = f.read().split().count('flaky')\n"
                    "assert tries == 3, tries\nprint(tries)"
                ],
                {"retries": 2},
            )
        }
    )
    p.cli("run")
    assert p.text("flaky") == "3\n"
    assert p.tally() == ["flaky"] * 3
