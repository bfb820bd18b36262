"""Names that are used although they stand only in strings."""

from __future__ import annotations

import re

from .magics import identifiers

_SQL = re.compile(
    r"\s*(?:select|with|from|insert|create|update|copy|pivot|describe|summarize|delete)\s", re.IGNORECASE
)
_AT_NAME = re.compile(r"(?<![\w.])@([^\W\d]\w*)(?![\w.]*\.\w+\s*>)")
# `y ~ x + C(z)`: patsy and formulaic look names up in the session
_FORMULA = re.compile(r"[^~]*~[^~]+")
_EVALUATING = frozenset(
    "eval query evaluate sql read_sql read_sql_query execute executemany executescript sqldf ols logit"
    " probit glm mixedlm gee poisson dmatrix dmatrices model_matrix timeit repeat from_formula Formula"
    " assign_expr".split()
)
_HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_ih|_oh|_dh|In|Out")


def names(text: str) -> set[str]:
    """Names in a string that is a formula, SQL, or uses `@name` as pandas queries do."""
    if len(text) > 20_000:
        return set()
    found = set(_AT_NAME.findall(text)) if "@" in text else set()
    if "~" in text and "\n" not in text.strip() and _FORMULA.fullmatch(text.strip()):
        found |= identifiers(text)
    if _SQL.match(text) and re.search(r"\b(?:from|into|table|set|values|select)\b", text, re.IGNORECASE):
        found |= identifiers(text)
    return found


def evaluates(function: str) -> bool:
    """Whether a function or method of this name evaluates names in its string arguments."""
    return function in _EVALUATING


def is_history(name: str) -> bool:
    """`_`, `__`, `_3`, `_i2`, `In`, `Out` …: what IPython keeps of earlier cells."""
    return _HISTORY.fullmatch(name) is not None
