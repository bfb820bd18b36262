"""Which edits of a cell count, and which do not."""

from __future__ import annotations

import sys

import pytest

from jupyterlab_dagpy.worker.analysis import analyse

SAME = [
    ("x = 1", "x=1  # one\n\n\n"),
    ("x = 1", "\n# a comment\nx = (1)\n"),
    ("f(1e3)", "f(1000.0)"),
    ("f(1_000)", "f(1000)"),
    ("f('a')", 'f("a")'),
    ("f('ab')", "f('a' 'b')"),
    ("f(u'a')", "f('a')"),
    ("f(r'a')", "f('a')"),
    ("f(0x10)", "f(16)"),
    ("f('é')", "f('\\u00e9')"),
    ("ﬁt = 1", "fit = 1"),
    ("x = 1;", "x = 1"),
    ("if a:\n    b", "if a:\n  b\n"),
    ("x = [1,\n 2,]", "x = [1, 2]"),
    ("x = 1 # type: int", "x = 1"),
    ("f(a, b)", "f(\n    a,\n    b,  # last\n)"),
    ("    x = 1", "x = 1"),
    (">>> x = 1", "x = 1"),
    ("%%time\nx = 1  # note", "%%time\nx  =  1"),
    ("%matplotlib inline", "%matplotlib inline  \n"),
    ("1;", "1 ; # quiet"),
]
DIFFERENT = [
    ("x = 1", "x = '1'"),
    ("x = 1", "x = True"),
    ("x = 1", "x = 1.0"),
    ("x = 0.0", "x = -0.0"),
    ("x = 0", "x = False"),
    ("x = '1'", "x = b'1'"),
    ("x = None", "x = 'None'"),
    ("x = ...", "x = None"),
    ("x = 1j", "x = 1.0"),
    ("x = (1, 2)", "x = [1, 2]"),
    ("x = ((1,), 2)", "x = (1, (2,))"),
    ("x = {}", "x = set()"),
    ("x = 10**30", "x = 10**31"),
    ("f(1)", "f(1);"),
    ("f(1)", "f(1); # quiet"),
    ("f(a=1)", "f(b=1)"),
    ("f(*a)", "f(a)"),
    ("def f():\n    'doc'\n    return 1", "def f():\n    'other'\n    return 1"),
    ("def f():\n    'doc'\n    return 1", "def f():\n    return 1"),
    ("f'{x}'", "f'{x!r}'"),
    ("f'{x:.1f}'", "f'{x:.2f}'"),
    ("f'{x}'", "'{x}'"),
    ("%timeit -n 3 f(x)", "%timeit -n 4 f(x)"),
    ("%%bash\nls # a", "%%bash\nls # b"),
    ("!ls", "!ls -l"),
    ("!ls", "%ls"),
    ("x = y if z else w", "x = w if z else y"),
    ("for a in b:\n    c\nd", "for a in b:\n    c\n    d"),
    ("async def f(): pass", "def f(): pass"),
    ("x = '\\ud83d\\ude00'", "x = '\\U0001F600'"),
    ("%%time\nx = 1", "%%time\nx = 2"),
    ("%%time\nf()", "f()"),
    ("del x", "x"),
    ("x[:1]", "x[1:]"),
    ("x = 1\n!ls", "x = 1\n!ls ;"),
    ("x = ", "x =  "),
]


def canonical(source: str) -> str:
    text = analyse([source])[0]["canonical"]
    assert isinstance(text, str)
    text.encode()  # lone surrogates would not cross the wire
    return text


@pytest.mark.parametrize(("first", "second"), SAME)
def test_same_meaning(first: str, second: str) -> None:
    assert canonical(first) == canonical(second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_different_meaning(first: str, second: str) -> None:
    assert canonical(first) != canonical(second)


def test_huge_integers_keep_every_digit() -> None:
    base = "0x" + "f" * 20_000
    assert canonical(f"x = {base}0") != canonical(f"x = {base}1")


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 3000 + ")" * 3000,
        "x = " + "-" * 50_000 + "1",
        "x = " + " + ".join(["a"] * 5_000),
        "x = " + "[" * 150 + "]" * 150,
        "if a:\n" + "".join(" " * depth + "if a:\n" for depth in range(1, 90)) + " " * 95 + "b",
    ],
)
def test_deep_nesting_gives_facts(source: str) -> None:
    facts = analyse([source])[0]
    assert (
        facts["syntaxError"] is not None
        or facts["dynamic"]
        or "a" in facts["loads"]
        or facts["binds"] == ["x"]
    )
    assert canonical(source) != canonical(source + "\ny = 2")


def test_the_recursion_limit_is_left_alone() -> None:
    before = sys.getrecursionlimit()
    analyse(["x = " + "+".join(["1"] * 3000)])
    assert sys.getrecursionlimit() == before


@pytest.mark.parametrize("source", ["", "   \n", "# only a comment", "\n\n# a\n  # b\n"])
def test_empty_cells(source: str) -> None:
    assert analyse([source])[0]["empty"] is True


@pytest.mark.parametrize("source", ["x", "'text'", "pass", "%%html\n", "!ls"])
def test_cells_that_are_not_empty(source: str) -> None:
    assert analyse([source])[0]["empty"] is False


@pytest.mark.parametrize(
    ("source", "line"),
    [("x = (", 1), ("ok = 1\nx ==== 2", 2), ("return 1", 1), ("x = '\0'", 1), ("def f(:\n  pass", 1)],
)
def test_syntax_errors(source: str, line: int) -> None:
    facts = analyse([source])[0]
    if source.startswith("return"):
        return  # the parser takes it; it fails when it runs, as in Jupyter
    assert facts["syntaxError"]["line"] == line
    assert facts["dynamic"] == ["the cell is not valid Python"]
    assert facts["empty"] is False


def test_one_answer_per_source_in_order() -> None:
    answers = analyse(["a = 1", "", "b = ("])
    assert [answer["binds"] for answer in answers] == [["a"], [], []]
    assert [answer["empty"] for answer in answers] == [False, True, False]


def test_lone_surrogates_cross_the_wire() -> None:
    canonical("x = '\\ud800'")
    canonical("x = '\ud800")
