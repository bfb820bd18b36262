"""IPython in this process: a kernel without sockets, whose cells show what they would show under nbclient."""

from .kernel import BlockKernel, make_kernel
from .run import Failure, Session

__all__ = ["BlockKernel", "Failure", "Session", "make_kernel"]
