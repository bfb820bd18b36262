"""How much a test tries: little in every run of the tests, much more in ``npm run test:long``."""

from __future__ import annotations

import json
import os

TIMES = os.environ.get("DAGPY_LONG")
LONG = TIMES is not None


def how_many(quick: int, long: int) -> int:
    """`quick`, and in the long part `long` (times the number after ``--times``)."""
    return quick if TIMES is None else max(quick, round(long * float(TIMES)))


def counted(what: str, count: int = 1) -> None:
    """Tells the long part what was tried, for the table of docs/proof.md; sums of equal `what` are shown."""
    if file := os.environ.get("DAGPY_LONG_COUNTS"):
        with open(file, "a", encoding="utf-8") as counts:  # noqa: PTH123
            counts.write(json.dumps({"what": what, "count": count}) + "\n")
