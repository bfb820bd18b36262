"""Whether this process may be forked after what it imported."""

from __future__ import annotations

import os
import sys
import threading

#: Packages whose import starts threads of native pools, tried: their pools survive a fork or start anew in the child.
TRIED = frozenset(
    "numpy scipy pandas sklearn statsmodels matplotlib seaborn pyarrow numexpr numba polars torch skimage lightgbm"
    " xgboost patsy control lmfit sympy networkx plotly altair bokeh PIL IPython ipywidgets".split()
)


class ForkSafety:
    """Collects reasons against forking; without one it is safe."""

    def __init__(self) -> None:
        self._reasons: list[str] = []
        if not hasattr(os, "fork"):
            self._reasons.append("this system has no fork")
        elif sys.platform == "darwin":
            self._reasons.append("system libraries of macOS do not survive a fork")

    @staticmethod
    def threads() -> int:
        """Threads of this process, native ones included where the system tells."""
        try:
            return len(os.listdir("/proc/self/task"))
        except OSError:
            return threading.active_count()

    def note(self, module: str, before: int) -> None:
        """A module was imported when there were `before` threads."""
        if self.threads() > before and module.partition(".")[0] not in TRIED:
            self._reasons.append(f"importing {module} starts threads")

    def verdict(self) -> str:
        """Why not to fork; empty: it is safe."""
        reasons = list(self._reasons)
        if threading.active_count() > 1:
            names = ", ".join(
                sorted(t.name for t in threading.enumerate() if t is not threading.main_thread())
            )
            reasons.append(f"a thread of Python is running: {names}")
        if uses_gpu():
            reasons.append("a GPU is in use")
        return "; ".join(dict.fromkeys(reasons))


def uses_gpu() -> bool:
    """Whether this process has a GPU's device open."""
    try:
        descriptors = os.listdir("/proc/self/fd")
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith(("/dev/nvidia", "/dev/kfd")):
                return True
        except OSError:
            continue
    return False
