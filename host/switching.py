"""Reading the kill switches, at start and by a tick, and telling who has to act.

Promises    Nothing is read for an event: what is off is compiled into the snapshot, and read again every TICK_S.
            Once a switch was seen, no worker of what it switches off is left and none starts until it is lifted.
            A denial that cannot be understood while we run denies everything.
Elsewhere   What a switch means: ``policies/switches.py``. What is routed under it: ``snapshot.py``.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from host.config import Config
from host.errors import ConfigError, InputError, OffError, PluginDisabledError
from host.off import OffFile
from policies.decision import Source
from policies.switch_words import (
    DENY,
    DISABLE,
    FORCE_DENY,
    KILL_PREFIX,
    SKIP_HOOKS,
    why_disabled,
)
from policies.switches import ALL, NOTHING_OFF, SwitchError, Switches, read_switches

TICK_S: Final = 0.5
"""How old what we know of the switches may become, in seconds."""

_KNOWN: Final = frozenset((*DISABLE, *SKIP_HOOKS, *FORCE_DENY, DENY))


class Switchboard:
    """What is off now: by the configuration, by *variables* (the environment of this process), by a person, by the program."""

    def __init__(
        self,
        config: Config,
        off: OffFile | None = None,
        variables: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises :class:`ConfigError` for a denial in the environment that cannot be understood.

        Also, when failing closed, for an *off* that cannot be read: an agent must not go on without its guards
        because of a damaged file.
        """
        self._variables = variables
        self._configured = switches_of(config)
        self._given = Switches()
        self._off = off
        try:
            if off is not None and config.fail_closed:
                off.read()
            self.current: Switches = (
                read_switches(variables) | self._by_person() | self._configured
            )
        except (SwitchError, OffError) as error:
            raise ConfigError(str(error)) from None

    def _by_person(self) -> Switches:
        return NOTHING_OFF if self._off is None else self._off.switches()

    def give(self, variables: Mapping[str, str]) -> None:
        """Take *variables* as the program's own switches, instead of those it gave before.

        Raises :class:`InputError` for one that is no switch: misspelt, it would switch nothing off.
        """
        check_names(variables)
        try:
            self._given = read_switches(variables)
        except SwitchError as error:
            raise InputError(str(error)) from None

    def read(self) -> bool:
        """Read everything again; whether something changed."""
        try:
            found = read_switches(self._variables)
        except SwitchError:
            sound = {name: value for name, value in self._variables.items() if name != DENY}
            found = replace(read_switches(sound), force_deny=Source("switch", DENY))
        new = found | self._given | self._by_person() | self._configured
        if new == self.current:
            return False
        self.current = new
        return True


_LISTED: Final = f"the switches are {', '.join(sorted(_KNOWN))} and {KILL_PREFIX}<NAME>"


def check_names(variables: Mapping[str, str]) -> None:
    """Raise :class:`InputError` for a variable that is no switch: misspelt, it would switch nothing off."""
    for name in variables:
        is_kill = name.startswith(KILL_PREFIX) and name != KILL_PREFIX
        if name not in _KNOWN and not is_kill:
            raise InputError(f"{name!r} is no switch; {_LISTED}")


def switches_of(config: Config) -> Switches:
    """Return what *config* itself switches off."""
    off = {name: config.source_of("disable", name) for name in config.disable}
    for name, options in config.plugins.items():
        if not options.enable:
            off.setdefault(name, config.source_of("plugins", name, "enable"))
    for name, is_killed in config.kill.items():
        if is_killed:
            off[name] = config.source_of("kill", name)
    everything = next(
        (off[name] for name in config.kill if name.upper() == ALL and name in off), None
    )
    if config.enable is False:
        everything = config.source_of("enable")
    only = None
    if not isinstance(config.enable, bool):
        only = {name: config.source_of("enable", name) for name in config.enable}
    return Switches(
        everything,
        config.source_of("skip_hooks") if config.skip_hooks else None,
        config.source_of("force_deny") if config.force_deny else None,
        off=off,
        only=only,
        only_source=config.source_of("enable") if only is not None else None,
    )


def named(source: Source) -> str:
    """Return *source* as a message names a switch: the variable, the file and line, or the program."""
    return source.where or "the embedding program"


def check_enabled(switches: Switches, *names: str) -> None:
    """Raise :class:`PluginDisabledError` if the plugin that goes by *names* may not run; no name: any plugin."""
    everything = switches.disable
    if everything is not None:
        told = why_disabled(named(everything))
        if everything.origin == "person":
            told = f"plugins were switched off ({named(everything)}), so none was looked at; {_back(everything)}"
        raise PluginDisabledError(named(everything), told)
    source = switches.off_by(*names) if names else None
    if source is not None:
        told = f"{names[0]} is switched off by {named(source)}; clear it to have it back"
        if source.origin == "person":
            told = f"{names[0]} was switched off ({named(source)}); {_back(source)}"
        raise PluginDisabledError(named(source), told)


def _back(source: Source) -> str:
    """What takes the command of *source* back."""
    what = source.where.split(" ", 2)[2]
    return f"to have {'them' if what == '--all' else 'it'} back: jcode-plugin enable {what}"


def changes(old: Switches, new: Switches) -> list[tuple[str, str, bool]]:
    """Return what differs, for the audit: a switch's name, what it does, and whether it is on now."""
    found: list[tuple[str, str, bool]] = []
    pairs = (
        (old.disable, new.disable, "plugins are switched off"),
        (old.skip_hooks, new.skip_hooks, "no hook fires"),
        (old.force_deny, new.force_deny, "whatever plugins ask for is denied"),
        (old.only_source, new.only_source, "only the plugins that it lists run"),
    )
    for before, after, effect in pairs:
        if before != after:
            if before is not None:
                found.append((named(before), effect, False))
            if after is not None:
                found.append((named(after), effect, True))
    for were, are in ((old.killed, new.killed), (old.off, new.off)):
        found += [(named(were[n]), f"{n} is off", False) for n in were if n not in are]
        found += [(named(are[n]), f"{n} is off", True) for n in are if n not in were]
    if old.deny != new.deny:
        found.append((DENY, f"{len(new.deny)} denials", bool(new.deny)))
    return found
