"""DAGpy: notebooks as blocks of one DAG.

The engine is a bundle for Node in ``_engine``; ``worker`` is what runs inside kernels. Importing this package does
nothing else.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # read on demand: finding a distribution's metadata takes longer than everything else here
    if name == "__version__":
        from importlib.metadata import version

        return version("jupyterlab-dagpy")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
