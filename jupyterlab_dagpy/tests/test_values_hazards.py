"""Values over an edge: every case runs blocks in processes of their own and looks at what a reader sees."""

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


# ---------------------------------------------------------------- components


def test_aliases_stay_aliases_over_two_edges(run: Run) -> None:
    results = run(
        "a = [0]; c = a",
        {"code": "c.append(7)", "parents": {"0": {"c": ["c"]}}},
        "print(a, c, a is c)",
    )
    assert names(results[0]) == [["a", "c"]]
    assert names(results[1]) == [["a", "c"]], "the unbound member changed too"
    assert last(results) == "[0, 7] [0, 7] True"


def test_renamed_inputs_are_exported_under_the_childs_name(run: Run) -> None:
    results = run(
        "df = {'k': 1}; other = [df]", {"code": "frame['k'] = 2", "parents": {"0": {"df": ["frame"]}}}
    )
    assert names(results[1]) == [["frame", "other"]]


def test_a_rebound_name_leaves_its_component(run: Run) -> None:
    results = run("a = [0]; c = a", "a = [1]")
    assert names(results[1]) == [["a"]]
    results = run("a = [0]; c = a", "a.append(1); a = [1]", "print(a, c)")
    assert names(results[1]) == [["a"], ["c"]]
    assert last(results) == "[1] [0, 1]"


def test_a_new_alias_of_a_restored_value_takes_its_component_along(run: Run) -> None:
    assert names(run("a = [0]; c = a", "b = [a]")[1]) == [["a", "b", "c"]]


def test_an_assigned_name_is_exported_even_if_equal(run: Run) -> None:
    assert names(run("n = 5; m = 6", "n = n or 5")[1]) == [["n"]]


@pytest.mark.parametrize(
    ("code", "joined"),
    [
        ("x = 'a' * 10; y = x", False),
        ("import math; x = [math]; y = [math]", False),
        ("x = [(1, (2, 'c'))]; y = list(x)", False),
        ("t = ([],); x = [t]; y = [t]; del t", True),
        ("x = len; y = len", False),
        ("def f(a=[]): return a\nx = f; y = f.__defaults__[0]; del f", True),
        ("def m():\n v = []\n return (lambda: v), v\nx, y = m(); del m", True),
        ("class C: pass\nx = C(); y = C\ndel C", True),
        ("class C:\n def m(self): pass\nc = C(); x = c.m; y = c\ndel c, C", True),
        ("import collections\nx = collections.OrderedDict(); y = collections.OrderedDict()", False),
        ("y = [1]; x = iter(y)", True),
        ("import numpy as np\nx = np.zeros(9); y = x[1:]\ndel np", True),
        ("import numpy as np\nx = np.zeros(9); y = x[1:].copy()\ndel np", False),
        ("import numpy as np\nl = []; x = np.array([l, None], dtype=object); y = [l]\ndel np, l", True),
        ("import pandas as pd\nx = pd.DataFrame({'a': [1]}); y = x\ndel pd", True),
        ("import pandas as pd\nx = pd.DataFrame({'a': [1]}); y = x.dropna()\ndel pd", False),
        ("import datetime as d\nx = [d.timezone.utc]; y = [d.timezone.utc]\ndel d", False),
        ("import logging\nx = [logging.getLogger('q')]; y = [logging.getLogger('q')]\ndel logging", False),
    ],
)
def test_what_joins_a_component(run: Run, code: str, joined: bool) -> None:
    found = names(run(code)[0])
    assert (["x", "y"] in found) is joined, found
    assert any("x" in group for group in found) and any("y" in group for group in found)


def test_views_warn(run: Run) -> None:
    results = run("import numpy as np\na = np.zeros(9); v = a[:3]", "v[0] = 5; print(a[0])")
    assert results[0]["warnings"] == [
        "a and v share the memory of one array; in blocks that read them they are independent"
    ]
    assert last(results) == "0.0"


def test_siblings_see_their_parents_value(run: Run) -> None:
    results = run(
        "import numpy as np\na = np.zeros(400_000); small = np.ones(3000)",
        "a[0] = 9; small[0] = 9; print(a.ctypes.data % 64, small.ctypes.data % 64)",
        {"code": "print(a[0], small[0])", "parents": {"0": None}},
    )
    assert results[1]["printed"] == "0 0\n"
    assert last(results) == "0.0 1.0"
    assert names(results[1]) == [["a"], ["small"]]


# ---------------------------------------------------------------- what counts as changed


@pytest.mark.parametrize(
    "code",
    [
        "x = {'b': [1, 2.5, -0.0, float('nan')], 'a': {3, 'z', (1, 2)}, 's': 'ab' * 3}",
        "class P:\n def __init__(self): self.name = 'name'; self.items = {self: 1}\nx = P()",
        "import numpy as np\nx = [np.arange(9)[::2], np.float32(3), np.zeros((20, 300)).T[::2], np.array(['a'])]",
        "import pandas as pd\nx = pd.DataFrame({'s': ['ab', None] * 3000, 'o': [[1], {}] * 3000})\nx = x[x.index > 2]",
        "import pandas as pd\nx = pd.DataFrame({'a': [1, 2], 'b': ['u', 'v'], 'c': [3, 4]}).set_index(['a', 'b'])",
        "import pandas as pd\nx = pd.Series(pd.Categorical(['u', 'v'])), pd.date_range('2020', periods=3, tz='UTC')",
        "import polars as pl\nx = pl.DataFrame({'a': [1, 2], 'b': ['u', None]})",
        "import pyarrow as pa\nx = pa.table({'a': list(range(5000)), 'b': ['u'] * 5000})",
        "import scipy.sparse as sp\nx = sp.random(99, 99, density=.1, format='csr', random_state=0)",
        "import functools\n@functools.lru_cache\ndef x(n): return n",
        "from sklearn.linear_model import LinearRegression\nx = LinearRegression().fit([[1], [2]], [1, 2])",
    ],
)
def test_reading_changes_nothing_and_results_are_reproducible(run: Run, code: str) -> None:
    first = run(code, "str(x); print(type(x))", {"code": "print(x)", "parents": {"0": None}})
    assert names(first[1]) == [] and names(first[2]) == []
    assert last(first)
    assert digest(run(code)[0], "x") == digest(first[0], "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = ['ab', 'ab']", "x = ['ab', ''.join(['a', 'b'])]"),
        ("x = {'k': 1, 'l': 'k'}", "x = {''.join('k'): 1, 'l': str(b'k', 'ascii')}"),
        ("x = {5, 1, 'c', (2, 3)}", "x = {(2, 3), 'c', 1}; x.add(5)"),
        (
            "x = frozenset([frozenset('ab'), frozenset('cd')])",
            "x = frozenset([frozenset('dc'), frozenset('ba')])",
        ),
        ("import numpy as np\nx = np.arange(10)[::2]", "import numpy as np\nx = np.array([0, 2, 4, 6, 8])"),
        (
            "import numpy as np\nx = np.arange(20_000.)[::2]",
            "import numpy as np\nx = np.arange(0, 20_000, 2, dtype=float)",
        ),
        (
            "import numpy as np\nx = np.ones((99, 99), order='F')",
            "import numpy as np\nx = np.ones((99, 99)).T",
        ),
        ("def x(a): return a in {1, 2, 3}", "\n\n# moved\ndef x(a): return a in {3, 2, 1}"),
        ("class x:\n def m(self): return 1", "\n\nclass x:\n\n # moved\n def m(self): return 1"),
        ("x = lambda: (lambda: 'k')", "\n\n\nx = lambda: (lambda: 'k')"),
    ],
)
def test_equal_values_have_equal_bytes(run: Run, one: str, other: str) -> None:
    assert digest(run(one)[0], "x") == digest(run(other)[0], "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = '1'"),
        ("x = 1", "x = True"),
        ("x = 0.0", "x = -0.0"),
        ("x = [1, 2]", "x = (1, 2)"),
        ("x = {'a': 1, 'b': 2}", "x = {'b': 2, 'a': 1}"),
        ("y = []; x = [y, y]", "x = [[], []]"),
        ("import numpy as np\nx = np.zeros((2, 3))", "import numpy as np\nx = np.zeros((3, 2))"),
        (
            "import numpy as np\nx = np.arange(9).reshape(3, 3)",
            "import numpy as np\nx = np.arange(9).reshape(3, 3).T",
        ),
        (
            "import struct\nx = struct.unpack('>d', bytes.fromhex('7ff8000000000001'))",
            "import struct\nx = struct.unpack('>d', bytes.fromhex('7ff8000000000002'))",
        ),
        ("def x(): return 1", "def x(): return True"),
        ("def x(): 'doc'", "def x(): 'other'"),
    ],
)
def test_different_values_have_different_bytes(run: Run, one: str, other: str) -> None:
    assert digest(run(one)[0], "x") != digest(run(other)[0], "x")


# ---------------------------------------------------------------- functions and classes


def test_globals_are_the_childs(run: Run) -> None:
    results = run(
        "K = 10\ndef h(): return K\ndef g(x): return x + h()",
        {
            "code": "print(g(1)); K = 99; print(g(1)); print(g.__globals__ is globals())",
            "parents": {"0": None},
        },
    )
    assert last(results).split() == ["11", "100", "True"]
    assert component(results[0], "g")["reaches"] == ["K", "h"]


def test_reached_globals_come_along_hidden(run: Run) -> None:
    first = {"code": "K = 10; big = 1\ndef h(): return K\ndef g(x): return x + h()", "filter": ["g"]}
    results = run(first, {"code": "def f(): return g(1)", "filter": "auto"}, "print(f())")
    assert {tuple(part["names"]): part["hidden"] for part in results[0]["components"]} == {
        ("K",): ["K"],
        ("g",): [],
        ("h",): ["h"],
    }
    assert [item["name"] for item in results[0]["withheld"]] == ["big"]
    assert names(results[1]) == [["K"], ["f"], ["g"], ["h"]]
    assert last(results) == "11"


def test_methods_lambdas_and_nested_code_reach(run: Run) -> None:
    code = """
A = B = C = D = E = 1
class Q:
    def m(self): return A
    @property
    def p(self): return B
    @staticmethod
    def s(): return [C for _ in 'ab']
w = {'k': [lambda: (lambda: D)]}
import functools
p = functools.partial(lambda: E)
"""
    result = run(code)[0]
    assert component(result, "Q")["reaches"] == ["A", "B", "C"]
    assert component(result, "w")["reaches"] == ["D"]
    assert component(result, "p")["reaches"] == ["E"]


CODE = """
from functools import lru_cache, partial, wraps
from dataclasses import dataclass, field
from enum import Enum
from collections import namedtuple
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import singledispatch
class A:
    z = [1]
    def __init__(self, v): self.v = v
    @property
    def p(self): return self.v * 2
    @classmethod
    def k(cls): return cls
class B(A):
    __slots__ = ('extra',)
    def __init__(self, v): super().__init__(v + 1)
b = B(3)
@dataclass
class D:
    x: int
    y: list = field(default_factory=list)
d = D(1)
class E(Enum):
    R = 1
    G = 2
e = E.G
P = namedtuple('P', 'q r')
p = P(1, 2)
@lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
def counter():
    n = 0
    def inc():
        nonlocal n
        n += 1
        return n
    def get(): return n
    return inc, get
inc, get = counter()
inc()
def recursive():
    def f(n): return 1 if n < 1 else n * f(n - 1)
    return f
fact = recursive()
def plus(f):
    @wraps(f)
    def w(*a): return f(*a) + 1
    return w
@plus
def one(x): return x
class S(ABC):
    @abstractmethod
    def m(self): ...
class T(S):
    def m(self): return 't'
@contextmanager
def cm(): yield 'in'
add = partial(lambda a, b: a + b, 1)
bound = b.k
@singledispatch
def show(x): return 'any'
@show.register
def _(x: int): return 'int'
async def co(): return 1
def gen(): yield 1
"""
USE = """
print(isinstance(b, B), isinstance(b, A), b.p, B.k() is B, type(d) is D, d, e is E.G, E(2) is e, p, type(p) is P)
print(fib(20), inc(), get(), fact(5), one(1), one.__name__, B.z is A.z, T().m(), add(2), bound() is B)
print(show('a'), show(1), list(gen()))
with cm() as got: print(got)
try: S()
except TypeError: print('abstract')
"""
SEEN = [
    "True True 8 True True D(x=1, y=[]) True True P(q=1, r=2) True",
    "6765 2 2 120 2 one True t 3 True",
    "any int [1]",
    "in",
    "abstract",
]


def test_definitions_work_in_the_child_and_its_child(run: Run) -> None:
    again = "extra = b\n" + USE.replace("inc(), get()", "get() + 1, get() + 1")
    results = run(CODE, USE, {"code": again.replace("get() + 1", "get()"), "parents": {"0": None, "1": None}})
    assert results[0]["withheld"] == []
    assert results[1]["error"] is None, results[1]["error"]
    assert results[1]["printed"].splitlines() == SEEN
    assert last(results).splitlines() == SEEN
    # the counter moved on and singledispatch keeps what it looked up; the rest was only used
    assert names(results[1]) == [["get", "inc"], ["got"], ["show"]]


def test_tracebacks_show_the_line_of_the_parents_cell(run: Run) -> None:
    results = run("\n\ndef f():\n    return 1 / 0", "f()")
    assert '"<block 0>", line 4, in f' in results[1]["error"]


def test_code_of_the_prelude_is_not_copied(run: Run) -> None:
    prelude = "class C:\n    def __init__(self): self.t = 1\ndef make(): return C()\ncfg = {'a': 1}"
    results = run(
        {"code": "x = make(); y = C", "prelude": prelude},
        {"code": "print(isinstance(x, C), type(x) is C, y is C)", "prelude": prelude},
    )
    assert names(results[0]) == [["x"], ["y"]]
    assert last(results) == "True True True"


def test_a_changed_prelude_value_is_exported(run: Run) -> None:
    results = run({"code": "cfg['a'] = 2; keep = 1", "prelude": "cfg = {'a': 1}; other = {'b': 1}; n = 3"})
    assert names(results[0]) == [["cfg"], ["keep"]]


def test_parameters_are_reached_and_not_exported(run: Run) -> None:
    result = run({"code": "def f(): return year", "parameters": {"year": 2024}})[0]
    assert names(result) == [["f"]]
    assert component(result, "f")["reaches"] == ["year"]


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
