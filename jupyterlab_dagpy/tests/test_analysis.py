"""Which names a cell reads, binds and changes."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from jupyterlab_dagpy.worker.analysis import analyse


def facts(source: str) -> dict[str, Any]:
    return analyse([source])[0]


# source, loads, binds, further names that it may bind
NAMES = [
    ("x", "x", "", ""),
    ("x = y", "y", "x", ""),
    ("x = x", "x", "x", ""),
    ("x = 1\nx", "", "x", ""),
    ("x += 1", "x", "x", ""),
    ("x: int = y", "int y", "x", ""),
    ("x: int", "int", "", ""),
    ("x.a = y", "x y", "", ""),
    ("x[i] = y", "i x y", "", ""),
    ("a, (b, *c) = d", "d", "a b c", ""),
    ("a = b = c", "c", "a b", ""),
    ("del x", "x", "", ""),
    ("x = 1\ndel x", "", "", "x"),
    ("del x[0]", "x", "", ""),
    ("if a:\n  b = 1", "a", "", "b"),
    ("if a:\n  b = 1\nelse:\n  b = 2", "a", "b", ""),
    ("if a:\n  b = 1\nelse:\n  raise E\nb", "E a", "b", ""),
    ("if a:\n  b = 1\nb", "a b", "", "b"),
    ("for i in xs:\n  y = i", "xs", "", "i y"),
    ("for i in xs:\n  y = i\ny", "xs y", "", "i y"),
    ("for i in xs:\n  if i: continue\n  z = i\n  z", "xs", "", "i z"),
    ("for i in xs: pass\nelse:\n  y = 1", "xs", "", "i y"),
    ("while a:\n  b = 1", "a", "", "b"),
    ("try:\n  a = f()\nexcept E:\n  a = 1", "E f", "a", ""),
    ("try:\n  a = f()\nexcept E:\n  pass", "E f", "", "a"),
    ("try:\n  a = f()\nexcept E:\n  raise", "E f", "a", ""),
    ("try:\n  f()\nfinally:\n  b = 1", "f", "b", ""),
    ("try:\n  import a\nexcept ImportError:\n  a = None", "ImportError", "a", ""),
    ("try:\n  f()\nexcept E as e:\n  e", "E f", "", ""),
    ("try:\n  f()\nexcept E as e:\n  pass\ne", "E e f", "", ""),
    ("with f() as g:\n  h = g", "f", "g h", ""),
    ("with suppress(E):\n  h = f()", "E f suppress", "", "h"),
    ("import a.b, c as d", "", "a d", ""),
    ("from a import b, c as d", "", "b d", ""),
    ("(x := y) + x", "y", "x", ""),
    ("a and (x := 1)", "a", "", "x"),
    ("x = a if b else c", "a b c", "x", ""),
    ("assert a, b", "a b", "", ""),
    ("[i for i in xs]", "xs", "", ""),
    ("[i for i in xs if i > t]", "t xs", "", ""),
    ("[j for i in xs for j in i]", "xs", "", ""),
    ("[i for i in i]", "i", "", ""),
    ("[last := i for i in xs]", "xs", "", "last"),
    ("{k: v for k, v in xs}", "xs", "", ""),
    ("f = lambda a, b=c: a + b + d", "c d", "f", ""),
    ("def f(a, b=c): return a + d", "c d", "f", ""),
    ("def f():\n  x = 1\n  return x", "", "f", ""),
    ("def f():\n  x = y\n  y = 1", "", "f", ""),
    ("def f():\n  global g\n  g = 1", "", "f", "g"),
    ("def f():\n  def g(): return x\n  x = 1\n  return g", "", "f", ""),
    ("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = 2", "", "f", ""),
    ("def f(a: T) -> U: pass", "T U", "f", ""),
    ("@d\ndef f(): return k", "d k", "f", ""),
    ("def f(): return g()\ndef g(): return 1", "", "f g", ""),
    ("def f(): return k\nk = 1", "", "f k", ""),
    ("def f(): return k\nf()\nk = 1", "k", "f k", ""),
    ("@d\ndef f(): return k\nk = 1", "d k", "f k", ""),
    ("async def f():\n  return await g()", "g", "f", ""),
    ("class A(B):\n  x = y\n  def m(self): return z", "B y z", "A", ""),
    ("class A:\n  x = 1\n  y = x", "", "A", ""),
    ("class A:\n  x = 1\n  def m(self): return x", "x", "A", ""),
    ("class A:\n  x = x", "x", "A", ""),
    ("class A:\n  n = 2\n  xs = [n for _ in range(n)]", "n range", "A", ""),
    ("match x:\n  case [a, *b]: c = a\n  case _: c = 1", "x", "c", "a b"),
    ("match x:\n  case {'k': v, **rest}: pass", "x", "", "rest v"),
    ("match x:\n  case P(a=b) as c if d: pass", "P d x", "", "b c"),
    ("await f()", "f", "", ""),
    ("async for i in f():\n  x = i", "f", "", "i x"),
    ("async with f() as g: pass", "f", "g", ""),
    ("f'{x:{w}}'", "w x", "", ""),
    ("print(len(x))", "len print x", "", ""),
    ("%time x = f(y)", "f y", "x", ""),
    ("%%time\nx = f(y)", "f y", "x", ""),
    ("%timeit -n 10 -r 3 x = f(y)", "f y", "", ""),
    ("%%timeit -n 10 a = b\nc = a", "b", "", ""),
    ("t = %timeit -o f(y)", "f y", "t", ""),
    ("%%capture out\nx = f(y)", "f y", "out x", ""),
    ("%prun -l 5 x = f(y)", "f y", "x", ""),
    ("files = !ls", "", "files", ""),
    ("x?", "x", "", ""),
    ("%%bash --out listing\nls", "", "listing", ""),
    ("%%R -i df -o fit\nfit <- lm(df)", "df", "fit", ""),
    ("%store x", "x", "", ""),
]


@pytest.mark.parametrize(("source", "loads", "binds", "maybe"), NAMES)
def test_names(source: str, loads: str, binds: str, maybe: str) -> None:
    found = facts(source)
    assert found["syntaxError"] is None
    assert found["loads"] == loads.split()
    assert found["binds"] == binds.split()
    assert found["mayBind"] == sorted({*binds.split(), *maybe.split()})


def test_type_parameters() -> None:
    if sys.version_info < (3, 12):  # the grammar of older ones has none, so all that counts is the message
        assert facts("type P[T] = list[T]")["syntaxError"] is not None
        return
    assert facts("def f[T](a: T) -> T: return a")["loads"] == []
    assert facts("class A[T](B[T]): pass")["loads"] == ["B"]
    assert facts("def f[T: B](a: T): pass")["loads"] == ["B"]
    assert facts("type P[T] = list[T]")["binds"] == ["P"]


CHANGES = [
    ("x.append(1)", "x"),
    ("y = x.pop()", "x"),
    ("x[0] = 1", "x"),
    ("x.a.b[0].c = 1", "x"),
    ("x += [1]", "x"),
    ("del x[0]", "x"),
    ("df.drop('a', inplace=True)", "df"),
    ("df = df.drop('a')", ""),
    ("ax.set_title('a')", "ax"),
    ("ax.plot(x)\nax", "ax"),
    ("model.fit(X, y)", "model"),
    ("res = model.fit()", "model"),
    ("res.summary()", ""),
    ("res.conf_int()", ""),
    ("res.conf_int();", "res"),
    ("print(res.summary())", ""),
    ("np.random.shuffle(x)", "np x"),
    ("next(it)", "it"),
    ("setattr(x, 'a', 1)", "x"),
    ("np.add(a, b, out=c)", "c np"),
    ("df.plot(ax=ax)", "ax"),
    ("for i in xs:\n  out.append(i)", "out"),
    ("df.head()\nx", ""),
    ("(a or b).append(1)", ""),
]


@pytest.mark.parametrize(("source", "changed"), CHANGES)
def test_changes_in_place(source: str, changed: str) -> None:
    assert facts(source)["mayMutate"] == changed.split()


def bindings(source: str) -> dict[str, list[str]]:
    return {step["name"]: sorted(step["shares"]) for step in facts(source)["steps"] if step["do"] == "bind"}


@pytest.mark.parametrize(
    ("source", "shares"),
    [
        ("c = a", ["a"]),
        ("c = [a, b]", ["a", "b"]),
        ("c = {'k': a, **b}", ["a", "b"]),
        ("c = a[1:]", ["a"]),
        ("c = a.T", ["a"]),
        ("c = a.values", ["a"]),
        ("c = a.shape", []),
        ("c = a + b", []),
        ("c = len(a)", []),
        ("c = a.copy()", []),
        ("c = f(a)", ["a", "f"]),
        ("c = a if t else b", ["a", "b"]),
        ("c = [x for x in a]", ["a"]),
        ("c = [2 * x for x in a]", []),
        ("c = a or b", ["a", "b"]),
    ],
)
def test_sharing(source: str, shares: list[str]) -> None:
    assert bindings(source)["c"] == shares


def test_functions_tell_what_they_change() -> None:
    source = "def f(a, b):\n  c = a\n  c.append(G)\n  H.append(1)\n  g(b)\n  global n\n  n = 1\n"
    body = facts(source)["functions"][0]
    assert body["parameters"] == ["a", "b"]
    assert body["mutates"] == ["H", "a"]
    assert body["loads"] == ["G", "H", "g"]
    assert body["binds"] == ["n"]
    assert {"callee": "g", "arguments": [["0", "b"]]} in body["calls"]


def test_methods_and_generators() -> None:
    source = "class A:\n  def step(self):\n    self.n += 1\ndef gen():\n  yield 1\n"
    functions = {body["name"]: body for body in facts(source)["functions"]}
    assert functions[".step"]["mutates"] == ["self"]
    assert functions["A"]["isClass"] is True
    assert functions["gen"]["generator"] is True


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("df.query('a > @limit')", "a limit"),
        ("df.eval('a + b')", "a b"),
        ("pd.eval('x * 2')", "x"),
        ("!echo {cfg} $home", "cfg home"),
        ("%ls {folder}", "folder"),
        ("con.execute('select a from frame')", "a frame from select"),
        ("q = 'SELECT * FROM frame'", "FROM SELECT frame"),
        ("smf.ols('y ~ center(x)', data=df)", "center x y"),
        ("plt.plot(x, label='data')", ""),
        ("%%bash\necho {cfg}", ""),
        ("mail = 'a@example.org'", ""),
    ],
)
def test_names_in_strings(source: str, names: str) -> None:
    assert facts(source)["stringNames"] == names.split()


@pytest.mark.parametrize(
    "source",
    [
        "eval(s)",
        "exec(s)",
        "map(eval, xs)",
        "globals()['x']",
        "vars()",
        "dir()",
        "locals()",
        "sys._getframe(1)",
        "inspect.stack()",
        "from x import *",
        "import __main__",
        "%run other.py",
        "%load x.py",
        "%store -r",
        "%reset -f",
        "%whos",
        "%pylab inline",
        "%unheard_of x",
        "%%unheard_of\nx",
        "get_ipython().user_ns['x']",
        "def f(): return eval('x')",
    ],
)
def test_dynamic(source: str) -> None:
    assert facts(source)["dynamic"]


@pytest.mark.parametrize(
    "source",
    [
        "df.eval('a')",
        "model.eval()",
        "vars(x)",
        "dir(x)",
        "def f(): return locals()",
        "x.globals()",
        "%matplotlib inline",
        "%%html\n<b>",
        "%%writefile a.txt\nhello",
        "!ls",
        "def eval(x): return x",
        "if __name__ == '__main__':\n  f()",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "%autoreload 2",
    ],
)
def test_not_dynamic(source: str) -> None:
    found = facts(source)
    assert not found["dynamic"] or "def eval" in source


def test_star_imports_bind_unknown_names() -> None:
    found = facts("from pylab import *")
    assert found["starImports"] == ["pylab"]
    assert len(found["dynamic"]) == len(found["bindsUnknown"]) == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("os.environ['A'] = '1'", True),
        ("os.environ.update(a)", True),
        ("os.putenv('A', '1')", True),
        ("%env A=1", True),
        ("%set_env A 1", True),
        ("%env", False),
        ("os.environ['A']", False),
        ("os.environ.get('A')", False),
    ],
)
def test_environment(source: str, expected: bool) -> None:
    assert facts(source)["setsEnvironment"] is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a\nfrom b import c", True),
        ("%matplotlib inline\n%load_ext autoreload", True),
        ("plt.rcParams['figure.figsize'] = (8, 4)", True),
        ("plt.rcParams.update({'a': 1})", True),
        ("pd.set_option('display.width', 100)", True),
        ("pd.options.display.max_rows = 9", True),
        ("sns.set_theme()", True),
        ("import warnings\nwarnings.filterwarnings('ignore')", True),
        ("np.set_printoptions(precision=3)", True),
        ("plt.style.use('ggplot')", True),
        ("try:\n  import a\nexcept ImportError:\n  pass", True),
        ("'''a text'''\nimport a", True),
        ("sys.path.append('..')", True),
        ("np.random.seed(0)", False),
        ("import numpy as np\nnp.random.seed(0)", False),
        ("n = 10", False),
        ("def f(): pass", False),
        ("print(np.__version__)", False),
        ("import a\ndata = a.load()", False),
        ("%%time\nimport a", False),
        ("!pip install x", False),
        ("# nothing", False),
        ("pd.set_option('a', slow())", False),
    ],
)
def test_set_up(source: str, expected: bool) -> None:
    assert facts(source)["setUp"] is expected


def test_imports() -> None:
    found = facts("import numpy as np, os.path\nfrom scipy.stats import norm as n\nfrom . import local")
    assert found["imports"] == ["numpy", "os.path", "scipy.stats"]
    assert found["importedNames"] == ["local", "n", "np", "os"]
    assert found["importedFrom"] == {"local": "..local", "n": "scipy.stats.norm", "np": "numpy", "os": "os"}


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("pd.read_csv('data/a.csv')", ["data/a.csv"]),
        ("open('notes.txt')", ["notes.txt"]),
        ("f('my file.csv')", ["my file.csv"]),
        ("f('https://example.org/a.csv')", []),
        ("f('a sentence. Another one')", []),
        ("f('red')", []),
        ("%%writefile out.py\nx", ["out.py"]),
        ("%run lib/a.py", ["lib/a.py"]),
        ("f('a\\nb/c')", []),
    ],
)
def test_paths(source: str, paths: list[str]) -> None:
    assert facts(source)["paths"] == paths


@pytest.mark.parametrize(
    ("source", "chain"),
    [
        ("np.random.seed(0)", "np.random.seed"),
        ("plt.rcParams['a'] = 1", "plt.rcParams"),
        ("pd.options.display.width = 9", "pd.options.display.width"),
        ("stats.norm(0, 1).rvs(5)", "?.rvs"),
        ("normal(size=3)", "normal"),
    ],
)
def test_chains(source: str, chain: str) -> None:
    assert chain in facts(source)["chains"]


def test_a_seeded_call_is_no_draw() -> None:
    assert "df.sample" not in facts("df.sample(3, random_state=1)")["chains"]
    assert "df.sample" in facts("df.sample(3, random_state=None)")["chains"]


@pytest.mark.parametrize(
    ("source", "names"),
    [("_ + 1", ["_"]), ("Out[3]", ["Out"]), ("_3", ["_3"]), ("_private", []), ("In[1]", ["In"])],
)
def test_history(source: str, names: list[str]) -> None:
    assert facts(source)["history"] == names


def test_unkept_values() -> None:
    for source, what in [
        ("f = open('a')", "an open file"),
        ("g = (i for i in x)", "a generator"),
        ("it = iter(x)", "an iterator"),
        ("c = sqlite3.connect('a')", "a connection"),
        ("lock = threading.Lock()", "a lock"),
    ]:
        assert [step["what"] for step in facts(source)["steps"] if step["do"] == "unkept"] == [what]
    for source in [
        "im = Image.open('a.png')",
        "with open('a') as f:\n  x = f.read()",
        "x = list(i for i in y)",
    ]:
        assert not [step for step in facts(source)["steps"] if step["do"] == "unkept"]


def test_magics_and_remarks() -> None:
    found = facts("%matplotlib inline\n!ls\nx = input('?')")
    assert found["magics"] == ["!", "%matplotlib"]
    assert any("input()" in remark for remark in found["remarks"])
    assert facts("%%bash\nls")["magics"] == ["%%bash"]
    assert facts("%%javascript\nalert(1)")["remarks"]


def test_automagic_without_its_sign() -> None:
    assert facts("cd data")["magics"] == ["%cd"]
