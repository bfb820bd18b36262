"""Pure questions about expressions: which names they may share objects with, what they are called."""

from __future__ import annotations

import ast

# calls whose result shares nothing with what they were given
_FRESH_CALLS = frozenset(
    "len int float str bool complex bytes abs round range print repr format type isinstance issubclass"
    " hash id sum any all chr ord bin hex oct divmod pow input callable hasattr ascii".split()
)
_FRESH_METHODS = frozenset(
    "copy deepcopy tolist sum mean std var median min max prod argmin argmax count any all join split"
    " strip lower upper startswith endswith format encode decode replace item nunique corr cov to_dict"
    " to_numpy to_string describe".split()
)
# attributes that hold plain numbers and text
_FRESH_ATTRIBUTES = frozenset("shape ndim size dtype dtypes name __name__ __doc__ __version__ empty".split())

_UNKEPT = {
    "open": "an open file",
    "iter": "an iterator",
    "connect": "a connection",
    "create_engine": "a database engine",
    "Lock": "a lock",
    "RLock": "a lock",
    "Semaphore": "a semaphore",
    "Condition": "a condition variable",
    "Thread": "a thread",
    "Popen": "a running process",
    "Pool": "a pool of processes",
    "ThreadPool": "a pool of threads",
    "ThreadPoolExecutor": "a pool of threads",
    "ProcessPoolExecutor": "a pool of processes",
    "socket": "a socket",
    "Session": "a session with a server",
    "urlopen": "an open response",
    "NamedTemporaryFile": "an open file",
    "TemporaryFile": "an open file",
    "TemporaryDirectory": "a temporary folder",
    "ExcelWriter": "an open file",
    "ZipFile": "an open file",
    "get_event_loop": "an event loop",
    "create_task": "a running task",
    "interact": "a live widget",
}
# module functions of these names give something else
_UNKEPT_EXCEPT = frozenset(
    {"Image.open", "PIL.Image.open", "webbrowser.open", "xr.open", "requests.Session.get"}
)


def chain(node: ast.AST) -> str | None:
    """`a.b.c` as text; `?.c` where it hangs on something that is no name; `None` for other expressions."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif parts:
        parts.append("?")
    else:
        return None
    return ".".join(reversed(parts))


def stored_chain(node: ast.AST) -> str | None:
    """The dotted name that a store such as `plt.rcParams['x'] = 1` or `pd.options.display.width = 9` changes."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return chain(node) if isinstance(node, ast.Attribute) else None


def receiver(node: ast.AST) -> list[str]:
    """Names that a chain of attributes, subscripts and calls starts from."""
    while True:
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return [node.id] if isinstance(node, ast.Name) else []


def shares(node: ast.AST | None) -> list[str]:
    """Names whose objects the value may share: `a`, `[a, b]`, `a.T`, `a[1:]`, `f(a)`, `a.fit()` and so on."""
    if node is None:
        return []
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [] if node.attr in _FRESH_ATTRIBUTES else shares(node.value)
    if isinstance(node, (ast.Subscript, ast.Starred, ast.Await, ast.NamedExpr, ast.FormattedValue)):
        return shares(node.value)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [name for element in node.elts for name in shares(element)]
    if isinstance(node, ast.Dict):
        return [name for element in (*node.keys, *node.values) for name in shares(element)]
    if isinstance(node, ast.IfExp):
        return shares(node.body) + shares(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [name for value in node.values for name in shares(value)]
    if isinstance(node, ast.Call):
        return _shares_of_call(node)
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        return _shares_of_comprehension(node)
    return []


def _shares_of_call(node: ast.Call) -> list[str]:
    found: list[str] = []
    if isinstance(node.func, ast.Name):
        if node.func.id in _FRESH_CALLS:
            return []
        found.append(node.func.id)
    elif isinstance(node.func, ast.Attribute):
        if node.func.attr in _FRESH_METHODS:
            return []
        found += shares(node.func.value)
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        found += shares(argument)
    return found


def _shares_of_comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> list[str]:
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    own = {
        inner.id for part in node.generators for inner in ast.walk(part.target) if isinstance(inner, ast.Name)
    }
    found = [name for result in results for name in shares(result)]
    if any(name in own for name in found):
        found += [name for part in node.generators for name in shares(part.iter)]
    return [name for name in found if name not in own]


def loaded(node: ast.AST | None) -> list[str]:
    """Every name that an expression mentions."""
    return [] if node is None else [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]


def unkept(node: ast.AST | None) -> str | None:
    """What the value is, if it can neither be stored nor be read twice."""
    if isinstance(node, ast.GeneratorExp):
        return "a generator"
    if isinstance(node, ast.Await):
        return unkept(node.value)
    if not isinstance(node, ast.Call):
        return None
    name = chain(node.func)
    if name is None or name in _UNKEPT_EXCEPT:
        return None
    last = name.rsplit(".", 1)[-1]
    if (
        last == "open"
        and name not in ("open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open")
        and not name.startswith("?")
    ):
        return None
    return _UNKEPT.get(last)


def is_true(node: ast.AST) -> bool:
    """The literal `True`."""
    return isinstance(node, ast.Constant) and node.value is True


def is_none(node: ast.AST) -> bool:
    """The literal `None`."""
    return isinstance(node, ast.Constant) and node.value is None
