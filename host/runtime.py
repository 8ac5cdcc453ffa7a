"""What all workspaces of one process share: the reactor, the zygotes, the workers, the audit, the stores.

Promises    Closing it ends every process it started. After a fork of the embedding program it refuses to work
            in the child, whose copies of our descriptors would disturb the parent's workers.
"""

import logging
import os
import random
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from host.approvals import Approvals
from host.audit import AuditRing, Kind, printable
from host.build import Builds
from host.calls import IdSource
from host.cgroup import Groups
from host.config import Config, required_layers
from host.deadlines import Deadlines
from host.errors import HostClosedError, IsolationError, OrdersError
from host.hostcalls.granted import Decisions
from host.hostcalls.http_hub import HttpHub
from host.kv_hub import KvHub
from host.link import Link
from host.listener import Listener
from host.memory import peak_bytes
from host.off import OffFile
from host.orders import Order, Orders
from host.outcome import Status
from host.pool import Pool
from host.programs.running import Programs
from host.quarantine import Quarantine
from host.reactor import Reactor, now_s
from host.sandbox_deaths import SandboxDeaths
from host.spawn import RoleName, WorkerLimits, Zygote
from host.status import StatusFile
from host.switching import TICK_S, Switchboard, changes
from host.trail.opening import start_trail
from host.trail.writer import TrailWriter
from policies.switches import Switches

if TYPE_CHECKING:
    from host.plugin import Plugin, SharedKey
    from host.workspace import Workspace

_logger = logging.getLogger("jcode_plugins")

_ZYGOTE_DEATHS: Final = 5
_ZYGOTE_WINDOW_S: Final = 10.0
_GONE_WITHIN_S: Final = 5.0
_BASELINE_BYTES: Final = 12 * 1024 * 1024

_forked: "weakref.WeakSet[Runtime]" = weakref.WeakSet()


def _after_fork() -> None:
    for runtime in _forked:
        runtime.is_foreign = True


os.register_at_fork(after_in_child=_after_fork)


class Runtime:
    """See the module's text."""

    def __init__(self, config: Config, home: Path) -> None:
        self.config = config
        self.home = home
        self.reactor = Reactor()
        self.deadlines = Deadlines(self.reactor)
        self.audit = AuditRing(config.limits.audit_entries)
        self.trail: TrailWriter | None = None
        self.decisions = Decisions(self.audit)
        self.approvals = Approvals(self)
        self.ids = IdSource()
        self.kv = KvHub(self.reactor)
        self.http = HttpHub(self.reactor, config.http)
        self.files = Pool(self.reactor)
        self.builds = Builds(self)
        self.sandbox = SandboxDeaths(self.reactor, self.audit)
        self.quarantine = Quarantine(home)
        self.programs = Programs(self.reactor)
        self.groups = Groups(config.sandbox.cgroup)
        self.links: dict[Link, None] = {}
        self.workspaces: weakref.WeakSet[Workspace] = weakref.WeakSet()
        self.switchboard = Switchboard(config, OffFile(home))
        self.status = StatusFile(self)
        self.look_at = now_s() + TICK_S
        """When the switches are due to be read again."""
        self.shared: dict[SharedKey, Plugin] = {}
        self.orders = Orders(home)
        self.on_work: Callable[[], None] = lambda: None
        """Told of work that no caller waits for; a front end without a loop sees to it that somebody does it."""
        self.on_plugin_log: Callable[[Plugin, str, str], None] | None = None
        """Told of each line that a plugin logs, with its level; by a host in which somebody can ask for them."""
        self.replaced: dict[Plugin, None] = {}
        """Versions that lost their place to a newer one and are still at what they had begun."""
        self.baseline_bytes = _BASELINE_BYTES
        self.is_closed = False
        self.is_foreign = False
        self.zygote_restarts = 0
        self._zygotes: dict[RoleName, Zygote] = {}
        self._deaths: list[float] = []
        self._random = random.SystemRandom()
        _forked.add(self)

    @property
    def is_usable(self) -> bool:
        """Whether this process may use this host now."""
        return not (self.is_foreign or self.is_closed)

    def check_usable(self) -> None:
        """Raise unless this process may use this host."""
        if self.is_foreign:
            raise HostClosedError(
                "this host belongs to the process that made it; after a fork, make a new one"
            )
        if self.is_closed:
            raise HostClosedError("the host is closed")

    def jitter(self) -> float:
        """A number from 0 to 1, so that what failed together does not restart together."""
        return self._random.random()

    def start(self) -> None:
        """Begin the audit on disk, and start the zygote, so that the first plugin need not wait for it.

        No zygote when all is off.
        """
        self.trail = start_trail(self.audit, self.config, self.home, os.environ)
        self._tick()
        if self.switches.disable is None:
            self.zygote("plugins")

    @property
    def switches(self) -> Switches:
        """What is off, as of the last look."""
        return self.switchboard.current

    def set_switches(self, variables: Mapping[str, str]) -> None:
        """Take the embedding program's own switches, instead of those it gave before, and act on them.

        Raises :class:`InputError`.
        """
        self.check_usable()
        self.switchboard.give(variables)
        self.look_at_switches()

    def _tick(self) -> None:
        # Without demand: a blocking host has nobody to wait for it between calls, and looks when it is called.
        self.reactor.at(
            now_s() + TICK_S, self._tick
        )  # first: a look that raises must not be the last
        self.look_at_switches()

    def look_if_due(self) -> None:
        """Read the switches if what is known of them is old."""
        if self.is_usable and now_s() >= self.look_at:
            self.look_at_switches()

    def look_at_switches(self) -> bool:
        """Read the switches and act on what changed; whether anything did."""
        self.look_at = now_s() + TICK_S
        self.status.answer_if_asked()
        self._look_at_disk()
        before = self.switches
        keys = [workspace.keyring.read() for workspace in list(self.workspaces)]
        if not self.switchboard.read() and not any(keys):
            return False
        for switch, effect, is_on in changes(before, self.switches):
            self.audit.record(
                Kind.SWITCH,
                plugin="",
                code="on" if is_on else "lifted",
                detail=f"{switch}: {effect}",
            )
        for workspace in list(self.workspaces):
            workspace.publish()
            if workspace.following is not None:
                workspace.following.look_for_new()  # what was off when it was found, too
        if self.switches.disable is not None:
            for link in list(self.links):  # builds that are under way
                link.kill_quietly(Status.CANCELLED)
            zygotes, self._zygotes = self._zygotes, {}
            for zygote in zygotes.values():
                zygote.close_after_children(_GONE_WITHIN_S)
        return True

    def _look_at_disk(self) -> None:
        """See what a person told hosts that run, and what changed beneath workspaces that follow."""
        try:
            orders = self.orders.new()
        except OrdersError as error:
            orders = []
            _logger.warning("%s", printable(str(error)))
        if orders:
            self.soon(lambda: self._obey(orders))
        if self.switches.disable is None:  # else no plugin's file is looked at
            for workspace in list(self.workspaces):
                if workspace.following is not None:
                    workspace.following.look()

    def _obey(self, orders: list[Order]) -> None:
        for order in orders:
            for workspace in list(self.workspaces):
                workspace.obey(order)

    def soon(self, act: Callable[[], None]) -> None:
        """Do *act* in the reactor's turn: not in the middle of the call that found a reason for it."""
        self.reactor.at(now_s(), act, demand=True)
        self.on_work()

    def zygote(self, role: RoleName) -> Zygote:
        """Return the zygote of *role*, started if there is none."""
        zygote = self._zygotes.get(role)
        if zygote is None or zygote.is_lost:
            now = now_s()
            self._deaths = [at for at in self._deaths if now - at < _ZYGOTE_WINDOW_S]
            if len(self._deaths) >= _ZYGOTE_DEATHS:
                raise IsolationError(
                    f"the {role} zygote ended {len(self._deaths)} times at its start within {_ZYGOTE_WINDOW_S:.0f} s; see its messages above"
                )
            zygote = self._zygotes[role] = Zygote(
                self.reactor, role, on_lost=self._on_zygote_lost
            )
        return zygote

    def _on_zygote_lost(self, zygote: Zygote) -> None:
        if self.is_closed:
            return
        if not zygote.was_useful:
            self._deaths.append(now_s())
        self.zygote_restarts += 1
        self.audit.record(
            Kind.CRASHED,
            plugin="",
            code="E_ZYGOTE",
            detail="a zygote died; its workers start again",
        )

    def open_link(
        self,
        listener: Listener,
        limits: WorkerLimits,
        *,
        role: RoleName = "plugins",
        max_busy_s: float | None = None,
    ) -> Link:
        """Start a worker for *listener*."""
        timeouts = self.config.timeouts
        zygote = self.zygote(role)
        required = required_layers(
            self.config, is_root=os.geteuid() == 0, has_cgroups=not self.groups.why_not
        )
        self.sandbox.catch_up()
        group = self.groups.make(limits)
        try:
            link = Link(
                self.reactor,
                zygote,
                listener,
                replace(limits, required=required, cgroup_fd=group.procs_fd),
                grace_s=timeouts.grace_ms / 1000,
                max_busy_s=timeouts.max_busy_ms / 1000 if max_busy_s is None else max_busy_s,
                max_frame_bytes=limits.frame_bytes,
                on_gone=self._on_link_gone,
                group=group,
                was_starved=self._was_starved,
            )
        except OSError:
            self.groups.give_back(group)  # no descriptors for a channel: nobody will be in it
            raise
        group.was_sent()
        self.links[link] = None
        return link

    def _on_link_gone(self, link: Link) -> None:
        self.http.leave(link)
        self.links.pop(link, None)
        self.groups.give_back(link.group)

    def _was_starved(self, link: Link) -> bool:
        return link.group.ran_out_of_memory() or self.sandbox.ran_out_of_memory(link.pid)

    def measure_baseline(self, link: Link) -> None:
        """Take the peak of a worker that has only just said hello as what an empty one weighs."""
        peak = peak_bytes(link.pid)
        if peak is not None and link.pid:
            self.baseline_bytes = peak

    def close(self) -> None:
        """End every process; returns when they are gone. Safe to call twice."""
        if self.is_closed:
            return
        self.is_closed = True
        self.approvals.close()
        if self.is_foreign:
            return
        for link in list(self.links):
            link.kill_quietly(Status.CANCELLED)
        until = now_s() + _GONE_WITHIN_S
        while self.links and now_s() < until:
            self.reactor.run_once(until - now_s())
        self.status.remove()
        self.programs.close(_GONE_WITHIN_S)
        for zygote in self._zygotes.values():
            zygote.close()
        self.http.close()
        self.files.close()
        self.kv.close()
        self.sandbox.close()
        self.groups.close()
        self.reactor.close()
        if self.trail is not None:
            self.trail.close()
