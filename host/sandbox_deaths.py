"""Deaths by the sandbox: told to the audit at once, and named as soon as the kernel says for which system call.

The kernel writes its record after the death, so a first look may come too early; later ones are taken between
other work, for a fifth of a second.
"""

from typing import Final

from host.audit import E_SANDBOX, AuditRing, Kind
from host.kernel_log import KernelLog
from host.reactor import Reactor, now_s

_LOOK_EVERY_S: Final = 0.02
_LOOKS: Final = 10


class SandboxDeaths:
    """Holds the kernel's log for a whole runtime."""

    def __init__(self, reactor: Reactor, audit: AuditRing) -> None:
        self._reactor = reactor
        self._audit = audit
        self._log = KernelLog()

    def explain(self, plugin: str, pid: int, detail: str) -> None:
        """Audit the death of *pid*, a process of *plugin*'s, with the name of the call if it can be had."""
        name = self._log.forbidden_call(pid)
        self._note(plugin, f"{detail}: {name}" if name else detail)
        if not name and self._log.is_open:
            self._look_again(plugin, pid, _LOOKS)

    def _look_again(self, plugin: str, pid: int, left: int) -> None:
        def look() -> None:
            name = self._log.forbidden_call(pid)
            if name:
                self._note(plugin, f"the forbidden system call of process {pid} was {name}")
            elif left > 1:
                self._look_again(plugin, pid, left - 1)

        self._reactor.at(now_s() + _LOOK_EVERY_S, look, demand=True)

    def _note(self, plugin: str, detail: str) -> None:
        self._audit.record(Kind.VIOLATION, plugin=plugin, code=E_SANDBOX, detail=detail)

    def ran_out_of_memory(self, pid: int) -> bool:
        """Whether the kernel ended *pid* to get memory back."""
        return self._log.ran_out_of_memory(pid)

    def catch_up(self) -> None:
        """Keep up with the kernel's log; called as workers start, which is before any of them can die."""
        self._log.catch_up()

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()
