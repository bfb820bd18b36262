"""The command as somebody sees it who sits at a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from project import DAGPY, Project


def on_a_terminal(p: Project, *arguments: str, answer: str = "", **environment: str) -> str:
    """All that the command draws on a terminal of 100 columns, where somebody types `answer`."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [DAGPY, *arguments],
        cwd=p.folder,
        env={**p.environment, "TERM": "xterm-256color", **environment},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    os.write(master, answer.encode())
    drawn = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            drawn += piece
        elif process.poll() is not None:
            break
    os.close(master)
    assert process.wait(timeout=10) == 0, drawn
    return drawn.decode()
