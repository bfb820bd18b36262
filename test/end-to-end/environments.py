"""Virtual environments of other people: ipykernel and nothing of ours. Built once, kept in `build/`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from project import ROOT, User

KEPT = ROOT / "build" / "kernels"
# The two major versions whose in-process kernels differ.
REQUIREMENTS = {
    "ipykernel-6": ["ipykernel>=6.29,<7", "matplotlib-inline<0.2"],
    "ipykernel-7": ["ipykernel>=7,<8"],
}


def python_of(name: str) -> Path:
    """The interpreter of the environment `name`, built if it is not there."""
    folder = KEPT / name
    stamp = folder / "requirements.json"
    wanted = json.dumps([sys.version, REQUIREMENTS[name]])
    python = folder / "bin" / "python"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{name}.lock").open("w") as lock:
        # tests that run beside this one may want the same
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return python
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        subprocess.run([*pip, *REQUIREMENTS[name]], check=True, env=environment)
        stamp.write_text(wanted)
    return python


def add_kernel(user: User, name: str, python: Path | str, **entries: object) -> Path:
    """A kernelspec in the user's own folder, as `ipykernel install --user` makes it."""
    folder = user.jupyter / "kernels" / name
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python", **entries}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder
