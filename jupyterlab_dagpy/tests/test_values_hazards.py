"""Components over an edge: what shares, what changed, which bytes."""

from __future__ import annotations

import pytest
from values_fixtures import Run, component, digest, last, names, run, sessions  # noqa: F401

__all__ = ["run", "sessions"]


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


def test_attributes_of_an_array_subclass_come_along(run: Run) -> None:
    made = "\n".join(
        [
            "import numpy as np",
            "class Signal(np.ndarray):",
            "    def __array_finalize__(self, source):",
            "        if source is not None: self.labels = getattr(source, 'labels', None)",
            "s = np.arange(4.0).view(Signal)",
            "s.labels = ['a']",
        ]
    )
    assert (
        last(run(made, "print(type(s).__name__, s.labels, s.sum(), s[1:].labels)"))
        == "Signal ['a'] 6.0 ['a']"
    )


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


def test_values_that_differ_after_every_load_count_as_unchanged(run: Run) -> None:
    code = """
class Counted:
    def __init__(self): self.loads = 0
    def __setstate__(self, state): self.loads = state['loads'] + 1
x = Counted()
"""
    results = run(code, "str(x)", {"code": "x.loads = -5", "parents": {"0": None}})
    assert names(results[1]) == []
    assert names(results[2]) == [["Counted", "x"]]
