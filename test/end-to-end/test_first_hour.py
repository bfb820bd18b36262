"""What people meet in their first hour: the commands say what happened, where, and what to do, and say it once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from project import Project, User, create, write_notebook
from terminal import on_a_terminal

# ------------------------------------------------------------------------------------ making blocks


def test_split_tells_what_keeps_imports_from_every_block(project) -> None:
    p = project({})
    cells = [("markdown", "# A"), "import numpy as np\nnp.random.seed(0)", ("markdown", "# B"), "!echo hi"]
    write_notebook(p.folder / "seeds.ipynb", cells)
    done = p.cli("split", "seeds.ipynb", "--dry-run")
    seeding = next(line for line in done.err.splitlines() if "np.random.seed" in line)
    assert "cell 2" in seeding and "cell of its own" in seeding
    starting = next(line for line in done.err.splitlines() if "every time" in line)
    assert "cell 4" in starting and '"inputs"' in starting and '"ttl"' in starting


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["split", "stduy.ipynb"], ["no such file", "did you mean study.ipynb?"]),
        (["split", "table.csv"], ["table.csv", "not a Jupyter notebook", ".ipynb"]),
        (["split", "data"], ["data", "not a Jupyter notebook"]),
        (["add", "new", "--from", "data/no.ipynb"], ["data/no.ipynb", "no such file", "path"]),
        (["add", "new", "--from", "table.csv"], ["not a Jupyter notebook"]),
        (["run", "modle"], ["no block modle", "did you mean model?"]),
        (["run", "+MODEL"], ["no block MODEL", "did you mean model?"]),
        (["why", "modle"], ["did you mean model?"]),
        (["filter", "modle", "auto"], ["did you mean model?"]),
        (["remove", "modle"], ["did you mean model?"]),
        (["add", "new", "--parents", "modle"], ["did you mean model?"]),
        (["flow", "modle"], ["did you mean model?"]),
        (["rename", "modle", "other"], ["did you mean model?"]),
        (["merge", "load", "modle"], ["did you mean model?"]),
        (["run", "elsewhere"], ["the blocks are: load, model"]),
        (["link", "model", "model"], ["its own parent", "two different blocks"]),
        (["link", "model", "load"], ["load → model → load", "nothing was changed"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_slip_is_answered_in_its_own_terms(slips: Project, call: list[str], words: list[str]) -> None:
    before = slips.digest()
    err = slips.cli(*call, code=2).err
    assert all(word in err for word in words), err
    assert "restore the notebook" not in err and "double quotes" not in err
    assert err.count("error:") == 1
    assert slips.digest() == before


@pytest.fixture(scope="module")
def slips(tmp_path_factory) -> Project:
    p = create(
        tmp_path_factory.mktemp("slips"), {"load": ["x = 1"], "model": (["y = x"], {"parents": ["load"]})}
    )
    write_notebook(p.folder / "study.ipynb", ["x = 1"])
    p.write("table.csv", "a,b\n1,2\n")
    p.write("data/notes.txt", "")
    return p


def test_a_new_block_stands_and_works_where_the_others_do(tmp_path: Path) -> None:
    user = User(tmp_path)
    write_notebook(tmp_path / "study.ipynb", [("markdown", "# A"), "x = 1", ("markdown", "# B"), "print(x)"])
    Project(tmp_path, user).cli("split", "study.ipynb", "-o", "made")
    p = Project(tmp_path / "made", user)
    p.cli("add", "idea", "--parents", "a")
    assert p.dag["blocks"]["idea"] == {"notebook": "study/idea.ipynb", "parents": ["a"], "cwd": ".."}
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    (drafts / "near.txt").write_text("near")
    write_notebook(drafts / "draft.ipynb", ["print(open('near.txt').read())"])
    p.cli("add", "taken", "--from", "../drafts/draft.ipynb")
    assert p.dag["blocks"]["taken"] == {"notebook": "study/taken.ipynb", "cwd": "../drafts"}
    p.run("taken")
    assert p.text("taken") == "near\n"


def test_a_filter_of_names_that_nobody_makes(project) -> None:
    p = project(
        {"load": ["frame = [1]\nprice_a = 1"], "anything": (["exec('q = 1')"], {"parents": ["load"]})}
    )
    err = p.cli("filter", "load", "fram,price_*,cost_*,frame").err
    assert p.dag["blocks"]["load"]["filter"] == ["fram", "price_*", "cost_*", "frame"]
    warnings = [line for line in err.splitlines() if "warning" in line]
    assert len(warnings) == 2
    assert "called fram " in warnings[0] and "did you mean frame?" in warnings[0]
    assert "cost_*" in warnings[1] and "price_a" in warnings[1]
    # What `exec` makes nobody can tell.
    assert "warning" not in p.cli("filter", "anything", "q").err


def test_a_project_without_blocks_says_what_comes_next(tmp_path: Path) -> None:
    p = Project(tmp_path, User(tmp_path))
    for done in (p.cli("init"), p.cli("status")):
        assert "dagpy add ID" in done.err
    assert p.cli("status", "--json").err == ""


# --------------------------------------------------------------------------------------- why, where


def test_cells_are_counted_as_people_count_them(project) -> None:
    p = project(
        {"a": [("markdown", "# A"), "x = 1", "# a comment alone", ("markdown", "more"), "y = 2\nprint(y)"]},
        tally=False,
    )
    p.run()
    p.edit("a", 4, "y = 2", "y = 1 / 0")
    assert [reason["detail"] for reason in p.status()["a"]["reasons"]] == ["cell 5 changed"]
    assert "cell 5 changed" in p.cli("why", "a").out
    err = p.cli("run", code=1).err
    assert "a.ipynb, cell 5, line 1" in err


def test_a_cell_that_does_not_parse_is_the_reason(project) -> None:
    p = project(
        {"b": ["shared = 1"], "a": (["x = 1", "y = 2"], {"parents": ["b"]})}, parameters={"year": 2024}
    )
    p.run()
    p.edit("a", 1, "y = 2", "y = (")
    assert [reason["detail"] for reason in p.status()["a"]["reasons"]] == ["cell 3 changed"]


def test_a_block_that_starts_processes_says_how_to_keep_its_result(project) -> None:
    p = project({"a": ["!echo hi"]}, tally=False)
    p.run()
    [reason] = p.status()["a"]["reasons"]
    assert reason["kind"] == "untracked" and "echo hi" in reason["detail"]
    assert '"inputs"' in reason["detail"] and '"ttl"' in reason["detail"] and "dag.json" in reason["detail"]
    p.declare_block("a", ttl="1h")
    assert p.states() == {"a": "fresh"}


def test_which_state_of_generators_counts_is_told_where_somebody_draws(project) -> None:
    seed = "import random\nrandom.seed({})\n{} = 1"
    both = {"parents": ["one", "two"]}
    p = project(
        {
            "one": [seed.format(1, "x")],
            "two": [seed.format(2, "y")],
            "plain": (["print(x, y)"], both),
            "draws": (["import random\nprint(random.random(), x, y)"], both),
            "passes": (["z = x + y"], both),
            "below": (["import random\nprint(random.random(), z)"], {"parents": ["passes"]}),
        }
    )
    p.run()
    told = {line.split()[1] for line in p.cli("status").err.splitlines() if line.startswith("note:")}
    assert told == {"draws", "passes"}


def test_declared_outputs_that_are_not_there(project) -> None:
    p = project(
        {"a": (["open('made.txt', 'w').write('1')"], {"outputs": ["made.txt", "fig.png", "out/*.csv"]})}
    )
    err = p.run().err
    warning = next(line for line in err.splitlines() if "warning" in line)
    assert "fig.png, out/*.csv" in warning and "made.txt" not in warning and "dag.json" in warning
    assert "fig.png, out/*.csv" in p.cli("status").err
    (p.folder / "made.txt").unlink()
    note = next(line for line in p.cli("status").err.splitlines() if "made.txt" in line)
    assert "not there" in note and "dagpy run a" in note
    p.declare_block("a", outputs=["made.txt"])
    p.run()
    assert (p.folder / "made.txt").exists() and "note" not in p.cli("status").err


# ------------------------------------------------------------------------------------ what is stored


def test_what_is_not_stored_is_told_in_groups(project) -> None:
    p = project(
        {"a": (["kept = 1\n" + "\n".join(f"name_{n} = {n}" for n in range(20))], {"filter": ["kept"]})}
    )
    p.run()
    lines = p.cli("exports", "a").err.splitlines()
    assert len(lines) == 1
    assert all(f"name_{n} (int)" in lines[0] for n in range(20)) and "filter" in lines[0]


def test_the_exit_code_of_a_command_is_no_export(project) -> None:
    p = project(
        {
            "good": ["!true\nx = 1"],
            "bad": ["!false\ny = 2"],
            "listed": (["!true\nz = 3"], {"filter": ["z"]}),
            "either": (["exec('print(x, y)')"], {"parents": ["good", "bad"]}),
            "asks": (["print(_exit_code)"], {"parents": ["bad"]}),
        }
    )
    p.run()
    assert p.text("either") == "1 2\n" and p.text("asks") == "1\n"
    assert set(p.exports("good")) == {"x"}
    for id in ("good", "listed"):
        done = p.cli("exports", id)
        assert "_exit_code" not in done.out + done.err + p.cli("exports", id, "--json").out


def test_a_cache_is_cleared_from_a_terminal_only_after_asking(project) -> None:
    p = project({"a": ["x = 1"]})
    p.run()
    drawn = on_a_terminal(p, "cache", "clear", answer="\n")
    assert "Forget 1 stored result?" in drawn and "[y/N]" in drawn and "nothing was changed" in drawn
    assert p.states() == {"a": "fresh"}
    assert "removed" in on_a_terminal(p, "cache", "clear", answer="y\n")
    assert p.states() != {"a": "fresh"}
    p.run()
    assert "[y/N]" not in on_a_terminal(p, "cache", "clear", "--yes")
    assert p.states() != {"a": "fresh"}


def test_results_of_somebody_else_are_said_to_be_ignored(project, tmp_path: Path) -> None:
    p = project({"a": ["x = 1"]})
    p.run()
    assert "signed" not in p.cli("cache", "list").err + p.cli("status").err
    stranger = p.as_user(User(tmp_path / "stranger"))
    for command in (["cache", "list"], ["status"]):
        assert stranger.cli(*command).err.count("another user signed") == 1
    assert json.loads(stranger.cli("cache", "list", "--json").out) == {"blocks": []}
    stranger.run()
    assert "signed" not in stranger.cli("status").err


# -------------------------------------------------------------------------------------- what failed


def test_a_failure_is_told_once_without_the_insides_of_libraries(project) -> None:
    p = project(
        {
            "a": [("markdown", "# A"), "import pandas as pd\ndef pick(t):\n    return t['nope']"],
            "b": (["y = 1", "pick(pd.DataFrame({'a': [1]}))"], {"parents": ["a"]}),
        },
        tally=False,
    )
    err = p.cli("run", code=1).err
    assert err.count("KeyError") == 1 and err.count("'nope'") == 2  # the message and the line of code
    assert "error: b.ipynb, cell 2, line 1: KeyError: 'nope'" in err
    assert "cell 2, line 1\n----> 1 pick(pd.DataFrame" in err and "return t['nope']" in err
    frames = [line for line in err.splitlines() if "pandas/core" in line]
    assert frames and all("File" in line for line in frames)
    for noise in ("Could not get source", "is_single_key", "Traceback", "In["):
        assert noise not in err
    # The notebook has all of it.
    [error] = p.errors("b")
    assert "is_single_key" in "".join(error["traceback"]).replace("\x1b[39m", "")
    again = p.cli("run", code=1).err
    assert again.count("KeyError") == 1 and "failed last time" in again


def test_a_syntax_error_is_told_by_its_cell_alone(project) -> None:
    p = project({"a": [("markdown", "# A"), "x = 1", "y = (1,\n"]}, tally=False)
    err = p.cli("run", code=1).err
    assert err.count("SyntaxError") == 1 and ".py" not in err
    assert "error: a.ipynb, cell 3, line 1: SyntaxError: " in err and "y = (1," in err


def test_what_people_raise_themselves_is_kept(project) -> None:
    p = project(
        {"a": ["try:\n    1 / 0\nexcept Exception as e:\n    raise ValueError('first\\nsecond') from e"]}
    )
    err = p.cli("run", code=1).err
    assert "ZeroDivisionError: division by zero" in err and "direct cause" in err
    assert err.count("first\nsecond") == 1


def test_a_failed_run_shows_nothing_of_the_last_good_one(project) -> None:
    p = project({"a": ["x = 1\nprint('one')", "y = x / x\nprint('two')", "print('three')"]})
    p.run()
    p.edit("a", 1, "x / x", "x / 0")
    p.run(code=1)
    assert p.text("a") == "one\n" and [len(outputs) for outputs in p.outputs("a")] == [1, 1, 0]
    assert p.errors("a")[0]["ename"] == "ZeroDivisionError"


# -------------------------------------------------------------------------------------- parameters


def test_a_parameter_that_a_cell_sets_itself(project) -> None:
    p = project(
        {
            "reads": ["print(year)\nyear = 1"],
            "sets": [("markdown", "# A"), "x = 1", "if x:\n    pass\nyear = 2020", "print(year)"],
            "other": ["print('none')"],
        },
        parameters={"year": 2024},
        tally=False,
    )
    for arguments in (["-p", "year=2023", "--dry-run"], ["-p", "year=2023"], ["-p", "year=2023"]):
        err = p.cli("run", *arguments).err
        [warning] = [line for line in err.splitlines() if "warning" in line]
        assert "sets.ipynb, cell 3: block sets sets year itself" in warning and "take the line" in warning
    assert "warning" not in p.cli("run").err
    assert p.text("sets") == "2020\n"
