"""What a block hands on: modules, things that can not be stored, filters."""

from __future__ import annotations

from pathlib import Path

import pytest
from values_fixtures import Run, digest, last, names, run, sessions

__all__ = ["run", "sessions"]


# ---------------------------------------------------------------- modules and things of the process


def test_modules_by_name_with_dotted_imports(run: Run) -> None:
    results = run(
        "import xml.etree.ElementTree\nimport os.path as p", "print(xml.etree.ElementTree.__name__, p.sep)"
    )
    assert last(results) == "xml.etree.ElementTree /"


def test_local_modules(run: Run) -> None:
    results = run(
        "open('local_one.py', 'w').write('class L:\\n    pass\\ndef f(): return L')\n"
        "import sys; sys.path.insert(0, '.'); import local_one\nfrom local_one import f\nx = local_one.L()\ndel sys",
        "print(isinstance(x, local_one.L), f() is local_one.L)",
    )
    assert last(results) == "True True"


def test_singletons_of_the_process_are_not_copied(run: Run) -> None:
    code = """
from os import environ
environ['DAGPY_TEST_SECRET'] = 'xyzzy'
from random import randint, seed
import numpy as np
from numpy.random import rand
from matplotlib import rcParams
import sys
out = sys.stdout.__class__
"""
    results = run(
        code + "stream = sys.__stdout__",
        "import os, sys, random, matplotlib\n"
        "print(environ is os.environ, randint.__self__ is random._inst, rcParams is matplotlib.rcParams)\n"
        "print(rand.__self__ is np.random.mtrand._rand, seed is random.seed, stream is sys.__stdout__)",
    )
    assert last(results).split() == ["True"] * 6
    for part in results[0]["components"]:
        assert b"xyzzy" not in Path(part["head"]["path"]).read_bytes()


# ---------------------------------------------------------------- what can not be stored


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("x = (i for i in [1])", "generator", "list"),
        ("x = iter(open(__import__('os').devnull))", "_io.TextIOWrapper", "path"),
        ("x = open(__import__('os').devnull, 'rb')", "_io.BufferedReader", "path"),
        ("import socket\nx = socket.socket(); x.close()", "socket.socket", "address"),
        ("import threading\nx = threading.Lock()", "_thread.lock", "block that uses it"),
        ("import threading\nx = threading.Thread()", "threading.Thread", "block that uses it"),
        ("import sqlite3\nx = sqlite3.connect(':memory:')", "sqlite3.Connection", "connect"),
        (
            "import weakref\nclass C: pass\nc = C(); x = weakref.ref(c)",
            "weakref.ReferenceType",
            "object itself",
        ),
        ("async def f(): pass\nx = f()", "coroutine", "Await"),
        ("class N:\n def __reduce__(self): return (int, ('bad',))\nx = N()", "N", "block that uses it"),
        ("import numpy as np\nx = np.frompyfunc(lambda a: a, 1, 1)", "numpy.ufunc", "block that uses it"),
        ("x = []\nfor _i9 in range(100_000): x = [x]", "list", "flatter"),
    ],
)
def test_opaque_values_are_told(run: Run, code: str, kind: str, words: str) -> None:
    found = [item for item in run(code + "\nother = [1]")[0]["withheld"] if item["name"] == "x"]
    assert [(item["type"], item["why"]) for item in found] == [(kind, "opaque")]
    assert words in found[0]["detail"] and found[0]["detail"].endswith(".")


def test_only_members_that_reach_it_are_opaque(run: Run) -> None:
    results = run(
        "rows = [[1], [2]]\ndef g():\n    yield from rows\nit = iter(g()); pair = (rows, it)", "print(rows)"
    )
    assert sorted(item["name"] for item in results[0]["withheld"]) == ["it", "pair"]
    assert last(results) == "[[1], [2]]"


def test_figures_are_reproducible_and_unchanged_while_nobody_draws_them(run: Run) -> None:
    code = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(); _ = ax.plot([1, 2]); _ = ax.hist([1, 2, 2])"
    results = run(code, "print(type(fig))")
    assert names(results[1]) == []
    assert digest(run(code)[0], "fig") == digest(results[0], "fig")


def test_a_stored_figure_does_not_come_back_to_pyplot(run: Run) -> None:
    results = run(
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()",
        "print(plt.get_fignums(), ax.figure is fig); fig.savefig('f.png')",
    )
    assert last(results) == "[] True"


# ---------------------------------------------------------------- filters


def test_machine_names_and_untouched_names_stay(run: Run) -> None:
    assert names(run("_ = _i1 = _12 = __ = In = Out = exit = 1; _own = 2; __secret = 3")[0]) == [
        ["__secret"],
        ["_own"],
    ]


def test_unread_names_only_while_small(run: Run) -> None:
    code = "import numpy as np\nread = np.zeros(9000); unread = np.zeros(9001); small = 1\ndel np"
    result = run({"code": code, "wanted": ["read"], "small": 1000})[0]
    assert names(result) == [["read"], ["small"]]
    assert result["withheld"] == [{"name": "unread", "type": "numpy.ndarray", "why": "size", "detail": ""}]


def test_a_large_value_that_nobody_asks_for_is_pickled_once_and_never_loaded(run: Run) -> None:
    code = """
class Table:
    times = 0
    def __init__(self, size): self.rows = "x" * size
    def __getstate__(self):
        Table.times += 1
        assert Table.times == 1
        return vars(self)
    def __setstate__(self, state): raise AssertionError
unread = Table(5000)
"""
    result = run({"code": code, "wanted": ["read"], "small": 1000})[0]
    # had it been done, it would be opaque; its class goes with it
    assert {item["name"]: item["why"] for item in result["withheld"]} == {"Table": "size", "unread": "size"}


def test_a_few_rows_of_a_large_frame_are_small(run: Run) -> None:
    code = """
import pandas as pd
unread = pd.DataFrame({"text": [f"row {row}" for row in range(50_000)]})
preview = unread.head(5)
del pd
"""
    result = run({"code": code, "wanted": ["read"], "small": 10_000})[0]
    assert names(result) == [["preview"]]
    assert [(item["name"], item["why"]) for item in result["withheld"]] == [("unread", "size")]


def test_a_large_value_that_can_not_be_pickled_is_told_as_such(run: Run) -> None:
    code = "import threading\nunread = ['x' * 5000, threading.Lock()]\ndel threading"
    result = run({"code": code, "wanted": ["read"], "small": 1000})[0]
    assert [(item["name"], item["why"]) for item in result["withheld"]] == [("unread", "opaque")]


def test_a_names_filter_lists_globs_and_inputs(run: Run) -> None:
    results = run("a = 1; b = [2]", {"code": "stats_x = 3; rest = 4", "filter": ["stats_*", "b"]})
    assert names(results[1]) == [["b"], ["stats_x"]]
    assert [(item["name"], item["why"]) for item in results[1]["withheld"]] == [("rest", "filter")]


def test_filter_off_stores_nothing(run: Run) -> None:
    result = run({"code": "a = 1", "filter": "off"})[0]
    assert names(result) == []
    assert [item["name"] for item in result["withheld"]] == ["a"]


def test_variables_are_described(run: Run) -> None:
    result = run(
        "import pandas as pd, numpy as np\ndf = pd.DataFrame({'a': np.arange(900)}); n = 3; l = [1, 2]"
    )[0]
    facts = {item["name"]: item for part in result["components"] for item in part["variables"]}
    assert (facts["df"]["type"], facts["df"]["summary"]) == ("pandas.DataFrame", "900 rows, 1 columns")
    assert facts["df"]["bytes"] > 7200 and (facts["n"]["type"], facts["n"]["summary"]) == ("int", "3")
    assert facts["l"]["summary"] == "2 items" and facts["pd"]["summary"].startswith("pandas ")
