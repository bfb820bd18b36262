"""What IPython's magics mean for the variables of a session."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager

# the rest of the line (and the body of the cell magic) is Python that runs in the session
SESSION_CODE = frozenset({"time", "prun", "capture", "memit", "lprun", "mprun", "pyinstrument"})
# Python that runs in a function of its own: it binds nothing
LOCAL_CODE = frozenset({"timeit"})
CODE = SESSION_CODE | LOCAL_CODE
# their line is options, never code, when they stand at the head of a cell
OPTIONS_ONLY = frozenset({"capture", "time", "pyinstrument"})

SET_UP = frozenset(
    "matplotlib config load_ext reload_ext autoreload xmode colors precision pprint autosave automagic"
    " autocall alias alias_magic doctest_mode gui env set_env pylab aimport watermark".split()
)
# options of the session itself: no adapter carries them along an edge
SESSION_OPTIONS = frozenset(
    "matplotlib config load_ext autoreload xmode colors precision pprint autocall alias alias_magic"
    " pylab aimport".split()
)
_KNOWN = SET_UP | frozenset(
    "cd pwd ls ll lx lf lk cat mkdir rm cp mv rmdir less more man pip conda mamba uv unload_ext"
    " logstart logstop logon logoff logstate bookmark dhist pushd popd dirs sc sx system ! html HTML"
    " javascript js latex markdown svg SVG bash sh script perl ruby python python2 python3 pypy cmd"
    " writefile file time timeit prun capture pinfo pinfo2 pdoc psource pfile pdef psearch connect_info"
    " lsmagic magic quickref page history notify tb tensorboard skip sql store memit lprun mprun"
    " pyinstrument R octave julia killbgscripts pdb".split()
)
_INSPECTING = frozenset({"pinfo", "pinfo2", "pdoc", "psource", "pfile", "pdef"})
_OTHER_LANGUAGES = frozenset({"R", "octave", "julia"})
_SCRIPTS = frozenset({"bash", "sh", "script", "perl", "ruby", "python", "python2", "python3", "pypy", "cmd"})
_DYNAMIC = {
    "run": "%run executes another file in this session",
    "load": "%load brings in other code",
    "loadpy": "%loadpy brings in other code",
    "reset": "%reset removes variables",
    "reset_selective": "%reset_selective removes variables",
    "xdel": "%xdel removes every reference to a variable",
    "who": "%who lists the variables of the session",
    "who_ls": "%who_ls lists the variables of the session",
    "whos": "%whos lists the variables of the session",
    "debug": "%debug can look at any variable",
    "macro": "%macro runs earlier input again",
    "rerun": "%rerun runs earlier input again",
    "recall": "%recall brings back earlier input",
    "edit": "%edit runs code from an editor",
    "pylab": "%pylab binds names that are not in the code",
    "cython": "%%cython binds names that are not in the code",
}
_BINDS_UNKNOWN = frozenset({"run", "load", "loadpy", "reset", "macro", "rerun", "edit", "pylab", "cython"})

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def transform(source: str) -> str:
    """The cell as IPython hands it to Python."""
    transformed = TransformerManager().transform_cell(source)
    assert isinstance(transformed, str)
    return transformed


@dataclass(frozen=True)
class Magic:
    """A magic or shell command found in transformed code; `body` is None unless it is a cell magic."""

    name: str
    line: str
    body: str | None = None

    @property
    def label(self) -> str:
        """The name with its sign."""
        return "!" if self.name == "!" else ("%" if self.body is None else "%%") + self.name


@dataclass
class MagicFacts:
    """What a magic does besides running Python."""

    loads: list[str] = field(default_factory=list)
    binds: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    dynamic: str | None = None
    binds_unknown: bool = False
    environment: bool = False
    chain: str | None = None
    remark: str | None = None


def recognise(node: ast.AST) -> Magic | None:
    """The magic that a call in transformed code stands for."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.keywords:
        return None
    owner = node.func.value
    if not (
        isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"
    ):
        return None
    texts = [
        argument.value
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if len(texts) != len(node.args):
        return None
    attribute = node.func.attr
    if attribute in ("system", "getoutput") and len(texts) == 1:
        return Magic("!", texts[0])
    if attribute == "run_line_magic" and len(texts) == 2:
        return Magic(texts[0], texts[1])
    if attribute == "run_cell_magic" and len(texts) == 3:
        return Magic(texts[0], texts[1], texts[2])
    return None


def code_body(node: ast.AST) -> tuple[str, str, str] | None:
    """Name, line and body of a cell magic whose body is Python."""
    magic = recognise(node)
    if magic is None or magic.body is None or magic.name not in CODE:
        return None
    return magic.name, magic.line, magic.body


def code_of(magic: Magic) -> str | None:
    """The Python that a magic runs, its options taken off; `None`: it runs none."""
    if magic.name not in CODE:
        return None
    if magic.body is not None:
        line = "" if magic.name in OPTIONS_ONLY else without_options(magic.line)
        return f"{line}\n{magic.body}" if line else magic.body
    return without_options(magic.line)


def without_options(line: str) -> str:
    """Take leading `-n 10 -r3 -q` off a line of `%timeit` and its like."""
    words = line.strip()
    while True:
        match = re.match(r"-(?:[ntrsTDlfcm]\s*\S+|[a-zA-Z]+)\s*|--\s+", words)
        if match is None:
            return words
        words = words[match.end() :]


def facts_of(magic: Magic) -> MagicFacts:
    """Variables, paths and hazards of one magic."""
    found = MagicFacts()
    is_script = magic.name in _SCRIPTS and magic.body is not None
    if magic.name not in CODE:
        found.names |= interpolated(magic.line)
    words = magic.line.split()
    found.paths |= {word.strip("'\"") for word in words if looks_like_path(word.strip("'\""))}
    if magic.name in _DYNAMIC:
        found.dynamic = _DYNAMIC[magic.name]
        found.binds_unknown = magic.name in _BINDS_UNKNOWN
    elif magic.name not in _KNOWN:
        found.dynamic = f"the magic {magic.label} may use any variable"
        found.binds_unknown = True
    if magic.name in ("env", "set_env") and ("=" in magic.line or len(words) > 1):
        found.environment = True
    if magic.name == "capture":
        found.binds += [word for word in words if word.isidentifier()]
    elif magic.name in _INSPECTING:
        found.loads += _IDENTIFIER.findall(magic.line)[:1]
    elif magic.name == "store":
        if "-r" in words:
            found.dynamic, found.binds_unknown = "%store -r brings in variables of other sessions", True
        else:
            found.loads += [word for word in words if word.isidentifier()]
    elif magic.name == "sql":
        found.names |= identifiers(magic.line) | identifiers(magic.body or "")
        found.binds += re.findall(r"(\w+)\s*<<", magic.line)
    elif magic.name in _OTHER_LANGUAGES:
        found.loads += listed(words, ("-i", "--input"))
        found.binds += listed(words, ("-o", "--output"))
    elif is_script:
        found.binds += listed(words, ("--out", "--err", "--proc"))
    elif magic.name == "cd":
        found.chain = "os.chdir"
    elif magic.name in ("javascript", "js"):
        found.remark = "%%javascript keeps its state in the browser page, not in the session"
    return found


def listed(words: list[str], options: tuple[str, ...]) -> list[str]:
    """Names given to an option: `-o a,b`."""
    return [
        name
        for option, value in itertools.pairwise(words)
        if option in options
        for name in value.split(",")
        if name.isidentifier()
    ]


def interpolated(line: str) -> set[str]:
    """Names in `{expression}` and `$name`, which IPython fills in."""
    names: set[str] = set()
    for expression in re.findall(r"\{([^{}]*)\}", line):
        names |= identifiers(expression)
    names.update(re.findall(r"\$([^\W\d]\w*)", line))
    return names


def identifiers(text: str) -> set[str]:
    """Everything in the text that could be a name."""
    return {name for name in _IDENTIFIER.findall(text) if len(name) < 100}


def looks_like_path(text: str) -> bool:
    """A file name with an ending, or anything with a slash, on one short line."""
    if not 1 < len(text) <= 400 or "://" in text or any(ord(character) < 32 for character in text):
        return False
    if re.search(r"[<>|\"$%{}]", text) or text.strip() != text:
        return False
    if "/" in text or "\\" in text:
        return not re.search(r"[\\/]\s|\s[\\/]", text) and any(
            character.isalnum() or character == "." for character in text
        )
    return re.fullmatch(r"[^\s].*\.[A-Za-z][A-Za-z0-9]{0,7}", text) is not None
