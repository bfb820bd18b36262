"""Functions and classes of a notebook over an edge."""

from __future__ import annotations

from values_fixtures import Run, component, last, names, run, sessions

__all__ = ["run", "sessions"]


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
