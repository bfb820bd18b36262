"""``python -m jupyterlab_dagpy``: what the command ``dagpy`` does where it cannot start Node by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NoReturn

from .engine import EngineMissingError, engine_command


def main() -> NoReturn:
    """Replace this process by Node running the engine's bundle, with the same arguments."""
    try:
        command = [*engine_command(), *sys.argv[1:]]
    except EngineMissingError as error:
        sys.exit(f"dagpy: {error}")
    os.environ.setdefault("DAGPY_PYTHON", sys.executable)
    if sys.platform == "win32":
        # there, exec returns to the shell before the program has ended
        sys.exit(subprocess.run(command).returncode)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"dagpy: cannot start Node as {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
