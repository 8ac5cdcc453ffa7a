"""Why a worker ended, and whose fault that was."""

import signal
from typing import Final

from host.audit import E_MEMORY, E_SANDBOX
from host.outcome import Status
from host.spawn import Exit

EXIT_LOCKDOWN: Final = 70
"""Exit code of a child whose lockdown failed (``worker/zygote.py``)."""


class Loss:
    """Why a worker ended.

    ``is_own_fault`` decides whether the breaker counts it; ``is_violation`` says that it broke the protocol or
    went against the sandbox.
    """

    __slots__ = ("code", "detail", "is_own_fault", "is_violation", "status")

    def __init__(
        self,
        code: str,
        detail: str,
        status: Status,
        *,
        is_own_fault: bool,
        is_violation: bool = False,
    ) -> None:
        self.code = code
        self.detail = detail
        self.status = status
        self.is_own_fault = is_own_fault
        self.is_violation = is_violation


def violation(code: str, detail: str) -> Loss:
    """The end of a worker that broke the protocol."""
    return Loss(
        code,
        f"protocol violation: {detail}",
        Status.KILLED,
        is_own_fault=True,
        is_violation=True,
    )


def loss_of(how: Exit, *, was_ready: bool, was_starved: bool = False) -> Loss:
    """Judge an end that we did not decide on; *was_starved*: the kernel ended it to get memory back."""
    if was_starved:
        # Of all processes the kernel takes the one that holds most: no accident that it was this one.
        return Loss(
            E_MEMORY,
            "the kernel ended it for its use of memory",
            Status.KILLED,
            is_own_fault=True,
        )
    if how.signal == signal.SIGSYS:
        # A locked worker cannot send a signal, and nobody else has a reason for this one: it is the filter's.
        return Loss(
            E_SANDBOX,
            "the sandbox ended it for a forbidden system call (SIGSYS)",
            Status.KILLED,
            is_own_fault=True,
            is_violation=True,
        )
    if how.signal in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        return Loss(
            "E_SIGNAL", f"ended from outside by {how}", Status.CRASHED, is_own_fault=False
        )
    # Once it was ready, the code is the worker's own choice and excuses nothing.
    if how.code == EXIT_LOCKDOWN and not was_ready:
        detail = "the worker could not be locked down"
        return Loss("E_LOCKDOWN", detail, Status.CRASHED, is_own_fault=False)
    return Loss("E_CRASH", f"the worker crashed: {how}", Status.CRASHED, is_own_fault=True)
