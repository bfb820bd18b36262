"""A worker that was started on its own: same job, same messages, cold start."""

from __future__ import annotations

import os
import signal
import traceback

from . import reads
from .messages import job_of
from .process import own_group
from .wire import Connection, Disconnected


def work(address: str, secret: str, job: str) -> None:
    """Connect, take one job, leave."""
    own_group()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reads.install()
    connection = Connection.open(address, secret, "worker", job)
    # the engine prepares the job while IPython is imported
    from .job import Place, run_job
    from .session import make_kernel

    kernel = make_kernel()
    try:
        specification = job_of(connection.receive())
    except (Disconnected, KeyboardInterrupt):
        return
    errors = os.dup(2)
    try:
        place = Place(kernel, connection, errors)
    except BaseException:
        os.write(errors, traceback.format_exc().encode())
        os._exit(70)
    run_job(place, specification)
