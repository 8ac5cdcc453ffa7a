"""Kill switches: what the operator turned off, from the environment, the configuration and the program.

Promises    Values, decided without I/O. Switches add up: whoever gives more of them takes away more, and no source
            lifts what another one set. Each knows where it comes from, so that a refusal can name it.
Elsewhere   When they are read and what is stopped then: ``host/switching.py``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from policies.capability import KINDS
from policies.decision import Rule, Source
from policies.rules import problem
from policies.switch_words import DENY, DISABLE, FORCE_DENY, KILL_PREFIX, SKIP_HOOKS, is_on

ALL: Final = "ALL"
"""Reserved: no plugin can have this name, and switching it off switches all off."""

_OTHER: Final = re.compile(r"[^A-Z0-9]")


class SwitchError(ValueError):
    """A switch whose value cannot be understood; the text says which and what to write instead."""


def name_in_variable(name: str) -> str:
    """Return how ``JCODE_PLUGIN_KILL_<NAME>`` spells *name*: ``@acme/my.guard`` is ``_ACME_MY_GUARD``."""
    return _OTHER.sub("_", name.upper())


@dataclass(frozen=True, slots=True)
class Switches:
    """What is off, and because of what. The first source that is found is the one that is named."""

    disable: Source | None = None
    skip_hooks: Source | None = None
    force_deny: Source | None = None
    killed: Mapping[str, Source] = field(default_factory=dict)
    """By :func:`name_in_variable`: where several plugins map to one name, all are off."""
    off: Mapping[str, Source] = field(default_factory=dict)
    """By the exact name of the plugin."""
    only: Mapping[str, Source] | None = None
    """When there is one, every plugin that is not in it is off."""
    only_source: Source | None = None
    deny: tuple[Rule, ...] = ()
    """Added to the global denials."""

    def off_by(self, *names: str) -> Source | None:
        """Return what switches off the plugin that goes by *names*, or None."""
        if self.disable is not None:
            return self.disable
        for name in names:
            found = self.killed.get(name_in_variable(name)) or self.off.get(name)
            if found is not None:
                return found
        if self.only is not None and not any(name in self.only for name in names):
            return self.only_source
        return None

    def __or__(self, other: "Switches") -> "Switches":
        """Return the switches of both. Where both have one, it is this one's that is named."""
        only, only_source = self.only, self.only_source
        if only is None:
            only, only_source = other.only, other.only_source
        elif other.only is not None:
            only = {name: source for name, source in only.items() if name in other.only}
        return Switches(
            self.disable or other.disable,
            self.skip_hooks or other.skip_hooks,
            self.force_deny or other.force_deny,
            {**other.killed, **self.killed},
            {**other.off, **self.off},
            only,
            only_source,
            self.deny + tuple(rule for rule in other.deny if rule not in self.deny),
        )


NOTHING_OFF: Final = Switches()


def read_switches(variables: Mapping[str, str]) -> Switches:
    """Return the switches in *variables*, an environment or what a program says in its words.

    Raises :class:`SwitchError` for a denial that cannot be understood: it must not pass for one.
    """
    killed: dict[str, Source] = {}
    for variable, value in variables.items():
        if variable.startswith(KILL_PREFIX) and is_on(value):
            name = name_in_variable(variable[len(KILL_PREFIX) :])
            if name:
                killed.setdefault(name, Source("switch", variable))
    everything = killed.pop(ALL, None)
    return Switches(
        _first_on(variables, DISABLE) or everything,
        _first_on(variables, SKIP_HOOKS),
        _first_on(variables, FORCE_DENY),
        killed,
        deny=read_denials(variables.get(DENY, "")),
    )


def read_denials(text: str) -> tuple[Rule, ...]:
    """Return the rules of ``JCODE_PLUGIN_DENY``: ``kind:pattern,kind:pattern``, a kind alone is all of it.

    Raises :class:`SwitchError`.
    """
    rules: list[Rule] = []
    for item in (part.strip() for part in text.split(",")):
        if not item:
            continue
        kind, colon, pattern = item.partition(":")
        kind, pattern = kind.strip(), pattern.strip()
        if kind not in KINDS:
            raise SwitchError(
                f"{DENY}: {item!r} is no denial; write kind:pattern, for example shell:*, with a kind of "
                f"{', '.join(KINDS)} (a whole plugin is switched off by {KILL_PREFIX}<NAME>)"
            )
        if colon and not pattern:
            raise SwitchError(f"{DENY}: {item!r} has no pattern; write {kind} for all of it")
        what = problem(kind, pattern) if pattern else None
        if what is not None:
            raise SwitchError(f"{DENY}: {item!r} is no denial: {what}")
        everything = "/" if kind in ("fs_read", "fs_write") else "*"
        rules.append(Rule(kind, pattern or everything, Source("switch", DENY)))
    return tuple(rules)


def _first_on(variables: Mapping[str, str], names: tuple[str, ...]) -> Source | None:
    return next((Source("switch", name) for name in names if is_on(variables.get(name))), None)
