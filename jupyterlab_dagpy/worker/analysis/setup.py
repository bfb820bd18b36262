"""Whether a cell only imports and sets options, so that it may run in every session."""

from __future__ import annotations

import ast
import re

from . import expressions, magics

_OPTION_CALL = re.compile(
    r"(?:.*\.)?(?:set_option|reset_option|set_printoptions|filterwarnings|simplefilter|register_matplotlib_converters"
    r"|set_theme|set_style|set_context|set_palette|set_matplotlib_formats|register_converters|basicConfig|set_config"
    r"|disable_warnings|captureWarnings|set_verbosity|set_verbosity_error|disable_v2_behavior|enable_notebook|init_notebook_mode"
    r"|disable_max_rows|init_printing|set_default_dtype|set_defaults|use_style)"
    r"|(?:plt|pyplot|mpl|matplotlib|pylab)\.(?:style\.use|rc|rcdefaults|use|ion|ioff|set_cmap|set_loglevel|rcParams\.update|switch_backend)"
    r"|rcParams\.update|rc|sns\.(?:set|set_color_codes)|seaborn\.set|alt\.(?:renderers|data_transformers|themes)\.(?:enable|disable)"
    r"|(?:pio|plotly\.io)\.(?:renderers|templates)\.\w+|warnings\.(?:warn_explicit|resetwarnings)|np\.seterr|numpy\.seterr"
    r"|sys\.path\.(?:append|insert|extend)|os\.environ\.(?:update|setdefault)|os\.putenv|hv\.extension|pn\.extension|gv\.extension"
    r"|logging\.(?:getLogger|disable)|(?:.*\.)?setLevel|locale\.setlocale|load_dotenv"
)
_OPTION_STORE = re.compile(
    r"(?:.*\.)?rcParams|(?:pd|pandas)\.options\..*|os\.environ|(?:.*\.)?options\..*|(?:pio|plotly\.io)\.templates\.default"
    r"|(?:.*\.)?InteractiveShell\.ast_node_interactivity|(?:pio|plotly\.io)\.renderers\.default"
)
_SAFE_CALLS = frozenset(
    "os.path.join os.path.abspath os.path.dirname os.getcwd Path pathlib.Path str get_ipython dict list"
    " tuple int cycler plt.cycler sns.color_palette os.path.expanduser os.pardir".split()
)


def is_set_up(tree: ast.Module) -> bool:
    """Only imports, magics and option settings, and at least one of them."""
    statements = [node for node in tree.body if not _is_text(node)]
    return bool(statements) and all(_statement(node) for node in statements)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _statement(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom)) or _is_text(node):
        return True
    if isinstance(node, ast.Expr):
        return _option_call(node.value)
    if isinstance(node, ast.Assign):
        return all(_option_store(target) for target in node.targets) and _is_plain(node.value)
    if isinstance(node, ast.Try):
        handled = [statement for handler in node.handlers for statement in handler.body]
        return all(_statement(inner) for inner in (*node.body, *handled, *node.orelse, *node.finalbody))
    if isinstance(node, ast.If):
        return _is_plain(node.test) and all(_statement(inner) for inner in (*node.body, *node.orelse))
    return False


def _option_call(node: ast.expr) -> bool:
    magic = magics.recognise(node)
    if magic is not None:
        return magic.body is None and magic.name in magics.SET_UP
    if not isinstance(node, ast.Call):
        return False
    name = expressions.chain(node.func)
    if name is None:
        return False
    if name.startswith("?."):  # logging.getLogger('x').setLevel(…)
        return name.endswith(".setLevel")
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    return _OPTION_CALL.fullmatch(name) is not None and all(_is_plain(argument) for argument in arguments)


def _option_store(target: ast.expr) -> bool:
    dotted = expressions.stored_chain(target) or (
        target.value.id if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) else None
    )
    return dotted is not None and _OPTION_STORE.fullmatch(dotted) is not None


def _is_plain(node: ast.expr) -> bool:
    """Cheap and the same at every run."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and expressions.chain(inner.func) not in _SAFE_CALLS:
            return False
        if isinstance(inner, (ast.Await, ast.Yield, ast.NamedExpr)):
            return False
    return True
