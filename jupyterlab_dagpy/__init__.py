"""DAGpy: notebooks as blocks of one DAG.

The engine is a bundle for Node in ``_engine``; ``worker`` is what runs inside kernels, ``server`` inside a Jupyter
server, and ``labextension`` in its pages. Importing this package does nothing else.
"""

from __future__ import annotations

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from .server.app import DagpyApp

    return [{"module": "jupyterlab_dagpy", "app": DagpyApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-dagpy"}]


def __getattr__(name: str) -> str:
    # read on demand: finding a distribution's metadata takes longer than everything else here
    if name == "__version__":
        from importlib.metadata import version

        return version("jupyterlab-dagpy")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
