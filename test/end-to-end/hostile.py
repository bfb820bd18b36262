"""What tests of hostile caches and projects share: a project to attack, and a pickle that tells when it is loaded."""

from __future__ import annotations

import os
from pathlib import Path

BLOCKS = {
    "a": ["x = [1, 2]\nprint('a')"],
    "b": (["print(x)"], {"parents": ["a"]}),
}


class Mark:
    """Loading it leaves a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return (os.system, (f"touch '{self.file}'",))
