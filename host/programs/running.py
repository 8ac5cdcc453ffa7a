"""Every program that runs for a plugin of this process.

Promises    A plugin has at most :data:`MAX_RUNNING` of them. Those of an instance end with its worker, all of them with
            the host: none outlives whoever asked for it.
"""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from host.programs.held import Held
from host.programs.program import Launch, Program
from host.reactor import Reactor, now_s

if TYPE_CHECKING:
    from host.instance import Instance

MAX_RUNNING: Final = 16
MAX_HELD: Final = 64
"""Programs of one instance that were started to be read from, those that ended and were not read included."""


class TooManyError(Exception):
    """The plugin runs as many programs as it may. The text says so."""


class Programs:
    """See the module's text. Used from the reactor's turn only."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._running: dict[Program, Instance] = {}
        self._held: dict[Instance, dict[int, Held]] = {}
        self._ids = itertools.count(1)

    def start(
        self, instance: "Instance", launch: Launch, on_change: Callable[[Program], None]
    ) -> Program:
        """Start *launch* for *instance*; raises :class:`TooManyError` and OSError."""
        name = instance.plugin.name
        running = [
            program
            for program, other in self._running.items()
            if other.plugin.name == name and not program.is_over
        ]
        if len(running) >= MAX_RUNNING:
            raise TooManyError(f"{MAX_RUNNING} programs of this plugin run already")

        def changed(program: Program) -> None:
            if program.is_gone:
                self._running.pop(program, None)
            on_change(program)

        program = Program(self._reactor, launch, changed)
        self._running[program] = instance
        return program

    def hold(self, instance: "Instance", program: Program) -> tuple[int, Held]:
        """Keep *program* for *instance*, which knows it by the number that this returns."""
        number = next(self._ids)
        held = Held(program, lambda: self._let_go(instance, number))
        self._held.setdefault(instance, {})[number] = held
        return number, held

    def has_room(self, instance: "Instance") -> bool:
        """Whether *instance* may hold another one."""
        return len(self._held.get(instance, ())) < MAX_HELD

    def held(self, instance: "Instance", number: object) -> Held | None:
        """What *instance* knows by *number*."""
        found = self._held.get(instance, {})
        return found.get(number) if type(number) is int else None

    def _let_go(self, instance: "Instance", number: int) -> None:
        """*instance* was told all there is to be told."""
        found = self._held.get(instance, {})
        found.pop(number, None)
        if not found:
            self._held.pop(instance, None)

    def end_of(self, instance: "Instance") -> None:
        """The worker of *instance* is gone: end what it started."""
        for held in self._held.pop(instance, {}).values():
            held.program.close_outputs()
        for program in [p for p, owner in self._running.items() if owner is instance]:
            program.kill()

    def close(self, within_s: float) -> None:
        """End every program; returns when they are gone, or *within_s* seconds later."""
        for program in list(self._running):
            program.kill()
        until = now_s() + within_s
        while self._running and (left := until - now_s()) > 0:
            self._reactor.run_once(left)
