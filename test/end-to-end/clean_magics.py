"""Cells with magics as Python, for the clean executor: a few that run the user's code, and ``!echo``."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
from typing import Any


def plain(source: str) -> str:
    """The cell without magics: `%%time`, `%time`, `%%capture NAME` and `!echo TEXT` with `{expressions}` in it."""
    first, _, rest = source.partition("\n")
    if first.startswith("%%time"):
        return "\n" + rest
    if captured := re.fullmatch(r"%%capture (\w+)", first):
        return f"with __capture__() as {captured[1]}:\n" + textwrap.indent(rest, "    ")
    return "\n".join(_plain_line(line) for line in source.split("\n"))


def _plain_line(line: str) -> str:
    if line.startswith("%time "):
        return line.removeprefix("%time ")
    if line.startswith("!echo "):
        return f'__echo__(f"{line.removeprefix("!echo ")}")'
    return line


def starts_processes(sources: list[str]) -> bool:
    """Whether plain cells hold what nobody can follow."""
    return any("__echo__" in source for source in sources)


class Capture:
    """What the name of `%%capture` stands for."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._redirecting = contextlib.redirect_stdout(self._text)
        self.stdout = ""

    def __enter__(self) -> Capture:
        self._redirecting.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._redirecting.__exit__(*error)
        self.stdout = self._text.getvalue()


def echo(text: str) -> None:
    print(" ".join(text.split()))


#: Names that plain cells use.
HELPERS = {"__capture__": Capture, "__echo__": echo}
