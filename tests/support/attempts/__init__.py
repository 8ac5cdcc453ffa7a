"""What native code in a worker could try, one row each. Numbers are x86_64's."""

from tests.support.attempts import descriptors, files, itself, kernel, processes, sockets
from tests.support.attempts.itself import ALLOWED
from tests.support.attempts.shape import Attempt

__all__ = ["ALLOWED", "ATTEMPTS", "Attempt"]

ATTEMPTS: tuple[Attempt, ...] = (
    *files.ATTEMPTS,
    *descriptors.ATTEMPTS,
    *sockets.ATTEMPTS,
    *processes.ATTEMPTS,
    *kernel.ATTEMPTS,
    *itself.ATTEMPTS,
)
