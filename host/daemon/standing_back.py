"""Standing back: a daemon whose plugins want all of the processor weighs less than what the person runs.

Why         The kernel weighs sessions against each other (autogroup, sched(7)), and niceness only within one. Sixty workers that
            spin in the daemon's session, each of them nice, keep a key press in another session waiting for a fifth of a
            second (Linux 6.18, two processors).
How         Each look takes the time that workers ran or waited to run. From half of the processors on, the session becomes as
            nice as its workers; when they want less than a quarter for ten seconds, as it was. What they wanted, not what they
            got: who stands back gets less.
Relies on   A session of the daemon's own: in that of a terminal it does nothing, nor where the kernel has no autogroup. Where
            a control group has the daemon, its weight counts instead.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

BUSY: Final = 0.5
"""Of all processors."""
CALM: Final = 0.25
CALM_S: Final = 10.0
NICE: Final = 10
_GROUP: Final = Path("/proc/self/autogroup")
_logger = logging.getLogger("jcode_plugins")


class StandingBack:
    """One daemon's. *group* is the kernel's file, *processors* how many there are."""

    def __init__(self, group: Path = _GROUP, processors: int | None = None) -> None:
        self._group = group if os.getsid(0) == os.getpid() else None
        self._processors = processors or len(os.sched_getaffinity(0))
        self._before: dict[int, float] = {}
        self._looked_at = 0.0
        self._calm_since: float | None = None
        self.is_back = False
        """Whether it stands back now."""

    def look(self, pids: Iterable[int], now: float) -> None:
        """To be called about once a second, with the workers that there are and the monotonic time."""
        if self._group is None:
            return
        wanted = {pid: s for pid in pids if (s := wanted_s(pid)) is not None}
        took = sum(max(0.0, s - self._before.get(pid, 0.0)) for pid, s in wanted.items())
        passed = now - self._looked_at
        is_first, self._before, self._looked_at = not self._looked_at, wanted, now
        if is_first or passed <= 0:
            return
        share = took / passed / self._processors
        if share >= BUSY:
            self._calm_since = None
            self._stand(is_back=True)
        elif share >= CALM:
            self._calm_since = None
        elif self.is_back:
            self._calm_since = now if self._calm_since is None else self._calm_since
            if now - self._calm_since >= CALM_S:
                self._stand(is_back=False)

    def _stand(self, *, is_back: bool) -> None:
        if is_back == self.is_back or self._group is None:
            return
        try:
            self._group.write_text(str(NICE if is_back else 0))
        except BlockingIOError:
            return  # the kernel takes ten of these a second, of all: the next look tries again
        except OSError:
            self._group = None
            return
        self.is_back = is_back
        _logger.info(
            "plugins want most of the processor: the daemon stands back"
            if is_back
            else "plugins are calm: the daemon stands back no more"
        )


def wanted_s(pid: int) -> float | None:
    """Return how long *pid* ran or waited for a processor, in seconds, or None when it is gone or the kernel does not count."""
    try:
        ran, waited = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[:2]
        return (int(ran) + int(waited)) / 1e9
    except (OSError, ValueError):
        return None
