"""Entry point: ``python boot.py host|worker|helper --address unix:/path|tcp:127.0.0.1:PORT [--job ID]``, or
``python boot.py shell --specification FILE``.

Registers this folder as package ``dagpy_worker`` without putting it on ``sys.path``, so that nothing of ours can shadow
or be imported by the user's code, and starts the role.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

PACKAGE = "dagpy_worker"


def register_package(folder: str) -> ModuleType:
    """Make `folder` importable as ``dagpy_worker``, whatever ``sys.path`` says."""
    specification = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if specification is None or specification.loader is None:
        raise ImportError(f"no package in {folder}")
    package = importlib.util.module_from_spec(specification)
    sys.modules[PACKAGE] = package
    specification.loader.exec_module(package)
    return package


def main(arguments: list[str]) -> None:
    """Connect to the engine and play a role until it ends.

    Raises:
        SystemExit: when the call is wrong or the engine can not be reached.
    """
    import argparse

    folder = os.path.dirname(os.path.abspath(__file__))
    secret = os.environ.pop("DAGPY_WORKER_SECRET", "")
    if sys.path and os.path.abspath(sys.path[0] or ".") == folder:
        del sys.path[0]
    parser = argparse.ArgumentParser(prog="boot.py")
    parser.add_argument("role", choices=("host", "worker", "helper", "shell"))
    parser.add_argument("--address", default="")
    parser.add_argument("--specification", default="")
    parser.add_argument("--job", default="")
    call = parser.parse_args(arguments)
    register_package(folder)
    if call.role == "shell":
        from dagpy_worker.interactive import serve as serve_person

        serve_person(call.specification)
        return
    from dagpy_worker.process import refuse
    from dagpy_worker.wire import ProtocolError

    try:
        if call.role == "helper":
            from dagpy_worker.helper import serve

            serve(call.address, secret)
            _leave()
        elif call.role == "host":
            from dagpy_worker.host import Host

            Host(call.address, secret).serve()
            _leave()
        else:
            from dagpy_worker.spawned import work

            work(call.address, secret, call.job)
    except ProtocolError as error:
        refuse(error)


def _leave() -> None:
    """At once: taking down what was imported takes a while, and somebody waits for the end of this process."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
