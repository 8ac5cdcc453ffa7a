"""Laying one configuration over another so that the result never allows more than either.

It is what a project's own file and the ceiling have in common. Every key has a rule for how two values of it meet;
a key without one cannot be set by them at all.

Promises    The result allows nothing that the first configuration does not allow: no rule takes a denial away, adds
            a permission, raises a limit or sets another source of code. What of either did not count is named.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import BaseModel

from host.config.keys import KeyOptions, options_of
from host.config.model import (
    HOSTCALLS_PER_S,
    AuditOptions,
    Config,
    HttpOptions,
    Limits,
    PluginOptions,
    Sandbox,
    Timeouts,
    UiOptions,
)
from host.config.places import Where
from policies.capability import Kind
from policies.decision import Source
from policies.gate_order import meet_permission_modes
from policies.modes import meet_modes
from policies.signing import WORDS, SignatureWord, bound, stricter

Meet: TypeAlias = Callable[[object, object], object]


def _either(one: object, two: object) -> object:
    return one is True or two is True


def _both(one: object, two: object) -> object:
    return one is True and two is True


def _lower(one: object, two: object) -> object:
    assert isinstance(one, int | float)  # noqa: S101 - the model has checked it
    assert isinstance(two, int | float)  # noqa: S101
    return min(one, two)


def _lower_or_by_mode(one: object, two: object) -> object:
    """A number, or None for what the mode gives: what meets None is within the least that any mode gives."""
    if one is None or two is None:
        least = min(HOSTCALLS_PER_S.values())
        stated = [value for value in (one, two) if isinstance(value, int)]
        return min(*stated, least) if stated else None
    return _lower(one, two)


def _higher(one: object, two: object) -> object:
    assert isinstance(one, int | float)  # noqa: S101 - the model has checked it
    assert isinstance(two, int | float)  # noqa: S101
    return max(one, two)


def _united(one: object, two: object) -> object:
    return tuple(dict.fromkeys((*_names(one), *_names(two))))


def _enabled(one: object, two: object) -> object:
    """True: every plugin; False: none; else those that are listed."""
    if isinstance(one, bool) and isinstance(two, bool):
        return one and two
    if isinstance(one, bool):
        return two if one else False
    if isinstance(two, bool):
        return one if two else False
    return tuple(name for name in _names(one) if name in _names(two))


def _hardened(one: object, two: object) -> object:
    return "hardened" if "hardened" in (one, two) else one


def _signed(one: object, two: object) -> object:
    return stricter(_word(one), _word(two))


def _word(value: object) -> SignatureWord:
    return next(word for word in WORDS if word == value)


def _names(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


RULES: Final[Mapping[type[BaseModel], Mapping[str, Meet]]] = {
    Config: {
        "enable": _enabled,
        "disable": _united,
        "permission_mode": meet_permission_modes,
        "remember_days": _lower,
        "fail_closed": _either,
        "skip_hooks": _either,
        "force_deny": _either,
        "profile": _hardened,
        "require_signature": _signed,
    },
    Timeouts: dict.fromkeys(Timeouts.model_fields, _lower),
    Limits: {
        **{name: _lower for name in Limits.model_fields if name != "audit_entries"},
        "niceness": _higher,
        "max_hostcalls_per_sec": _lower_or_by_mode,
    },
    Sandbox: {"require": _united},
    AuditOptions: {"enable": _either},
    HttpOptions: {name: _lower for name in HttpOptions.model_fields if name.startswith("max_")},
    UiOptions: {"enable": _both, "dialog_secs": _lower},
    PluginOptions: {"enable": _both, "ui": _both},
}
"""How two values of a key meet. What has rules of its own below: mode and global_default, trusted_keys, approval, deny, kill, and
the limits and timeouts of one plugin."""

OWN_RULES: Final = frozenset(
    {
        "mode",
        "global_default",
        "trusted_keys",
        "approval",
        "deny",
        "kill",
        "plugins",
        "timeouts",
        "limits",
        "sandbox",
        "audit",
        "http",
        "ui",
    }
)

SILENCING: Final = frozenset(
    {
        "enable",
        "disable",
        "skip_hooks",
        "kill",
        "timeouts",
        "limits",
        "plugins",
        "require_signature",
        "ui",
    }
)
"""Keys that allow plugins less and by that can take a guard's veto away: one that would ask a person, too."""
_ADDING: Final = (_united,)
"""Meets in which nothing of either value is lost."""


@dataclass(frozen=True, slots=True)
class Tightened:
    """What two configurations come to, and the places that did not count."""

    config: Config
    unsettable: tuple[Where, ...]
    """Of the second: nothing in it could make this key tighter."""
    looser: tuple[Where, ...]
    """Of the second: the first allows less."""
    clashes: tuple[Where, ...]
    """Of the second: neither allows less, and there is nothing within both. The first one's value stands."""
    overruled: tuple[Where, ...]
    """Of the first: the second allows less."""


def tighten(
    base: Config, other: Config, leave: Iterable[str] = (), *, keeps_guards: bool = False
) -> Tightened:
    """Return *base* with whatever *other* makes tighter; keys in *leave* stay as they are in *base*.

    With *keeps_guards* so does all that would allow plugins less by taking their veto away, too.
    """
    left = frozenset(leave) | (SILENCING if keeps_guards else frozenset())
    return _Meeting(base, other, left, keeps_guards=keeps_guards).result()


class _Meeting:
    def __init__(
        self, base: Config, other: Config, leave: frozenset[str], *, keeps_guards: bool
    ) -> None:
        self._keeps_guards = keeps_guards
        self._base = base
        self._other = other
        self._leave = leave
        self._places: dict[Where, Source] = dict(base.places)
        self._unsettable: list[Where] = []
        self._looser: list[Where] = []
        self._clashes: list[Where] = []
        self._overruled: list[Where] = []

    def result(self) -> Tightened:
        base, other = self._base, self._other
        update: dict[str, object] = {}
        for key in sorted(other.model_fields_set):
            if key == "plugins":
                continue  # key by key, below
            if key in self._leave or not (key in RULES[Config] or key in OWN_RULES):
                if getattr(other, key) != Config.model_fields[key].get_default():
                    self._unsettable.append((key,))
            elif key in RULES[Config]:
                update[key] = self._value((key,), RULES[Config][key], base, other)
        if update.get("profile") == "hardened":
            update["fail_closed"] = True
        takes = other.model_fields_set - self._leave | (other.model_fields_set & {"plugins"})
        if takes & {"mode", "global_default"}:
            update |= self._mode()
        if "deny" in takes:
            update["deny"] = self._denials(("deny",), base.deny, other.deny)
        if "kill" in takes:
            update["kill"] = self._kill()
        if "trusted_keys" in takes:
            update["trusted_keys"] = self._keys()
        if "approval" in takes:
            update["approval"] = self._approval()
        for key, section in (
            ("timeouts", Timeouts),
            ("limits", Limits),
            ("sandbox", Sandbox),
            ("audit", AuditOptions),
            ("http", HttpOptions),
            ("ui", UiOptions),
        ):
            if key in takes:
                update[key] = self._section(
                    (key,), section, getattr(base, key), getattr(other, key)
                )
        if takes & {"plugins", "limits"}:
            update["plugins"] = self._plugins()
        config = base.model_copy(update=update).told(self._places, base.warnings)
        if "timeouts" in takes:
            config = config.capped(other.timeouts)
        return Tightened(
            config,
            tuple(self._unsettable),
            tuple(self._looser),
            tuple(self._clashes),
            tuple(self._overruled),
        )

    def _value(self, where: Where, meet: Meet, base: BaseModel, other: BaseModel) -> object:
        key = str(where[-1])
        one, two = getattr(base, key), getattr(other, key)
        try:
            met = meet(one, two)
        except ValueError:
            self._clashes.append(where)
            return one
        if meet in _ADDING:
            for name in _names(met):
                self._note((*where, name))
        elif met != one:
            self._places[where] = self._source(where)
            for name in _names(met):
                self._note((*where, name))
            if key in base.model_fields_set:
                self._overruled.append(where)
        if meet not in _ADDING and met != two:
            self._looser.append(where)
        return met

    def _note(self, where: Where) -> None:
        """A new item of a list is written where the second configuration has it."""
        if where not in self._base.places:
            self._places.setdefault(where, self._source(where))

    def _source(self, where: Where) -> Source:
        return self._other.source_of(*map(str, where))

    def _section(
        self, where: Where, kind: type[BaseModel], base: BaseModel, other: BaseModel
    ) -> BaseModel:
        update: dict[str, object] = {}
        for key in sorted(other.model_fields_set):
            if key in RULES[kind]:
                update[key] = self._value((*where, key), RULES[kind][key], base, other)
            elif getattr(base, key) != getattr(other, key):
                self._unsettable.append((*where, key))
        return base.model_copy(update=update)

    def _mode(self) -> dict[str, object]:
        base, other = self._base, self._other
        if other.mode == "disabled" and self._keeps_guards:
            self._unsettable.append(("mode",))
            return {}
        one, two = (base.mode, base.global_default), (other.mode, other.global_default)
        met = meet_modes(one, two)
        said = [(key,) for key in ("mode", "global_default") if key in other.model_fields_set]
        if met != one:
            for where in said:
                self._places[where] = self._source(where)
            self._overruled += [
                (key,) for key in ("mode", "global_default") if key in base.model_fields_set
            ]
        if meet_modes(two, one) != two:
            self._looser += said
        return {"mode": met[0], "global_default": met[1]}

    def _denials(
        self,
        where: Where,
        one: Mapping[Kind, tuple[str, ...]],
        two: Mapping[Kind, tuple[str, ...]],
    ) -> dict[Kind, tuple[str, ...]]:
        met = dict(one)
        for kind, patterns in two.items():
            if kind == "events" and self._keeps_guards:
                self._unsettable.append((*where, kind))
                continue
            met[kind] = tuple(dict.fromkeys((*met.get(kind, ()), *patterns)))
            for pattern in patterns:
                self._note((*where, kind, pattern))
        return met

    def _kill(self) -> dict[str, bool]:
        met = dict(self._base.kill)
        for name, is_killed in self._other.kill.items():
            if is_killed and not met.get(name):
                met[name] = True
                self._places["kill", name] = self._source(("kill", name))
            elif met.get(name) and not is_killed:
                self._looser.append(("kill", name))
        return met

    def _keys(self) -> dict[str, KeyOptions]:
        """A ceiling's keys: the system's own word on whom to trust, which no user adds to."""
        own = self._base.keys()
        met = bound(own, self._other.keys())
        for id_ in own.keys() | met.keys():
            if met.get(id_) == own.get(id_):
                continue
            where: Where = ("trusted_keys", id_)
            if id_ in own:
                self._overruled.append(where)
            if id_ in self._other.trusted_keys:
                self._places[where] = self._source(where)
        return options_of(met)

    def _approval(self) -> dict[str, str]:
        """Where nothing is said the chain decides, and may deny: only a denial is surely tighter."""
        met: dict[str, str] = dict(self._base.approval)
        for tool, word in self._other.approval.items():
            had = met.get(tool)
            if word == had:
                continue
            if word == "deny" or (had == "allow" and word == "prompt"):
                met[tool] = word
                self._places["approval", tool] = self._source(("approval", tool))
                if had is not None:
                    self._overruled.append(("approval", tool))
            elif had is None:
                self._unsettable.append(("approval", tool))
            else:
                self._looser.append(("approval", tool))
        return met

    def _plugins(self) -> dict[str, PluginOptions]:
        base, other = self._base, self._other
        names = dict.fromkeys(base.plugins)
        names.update(dict.fromkeys(other.plugins))
        return {name: self._options(name) for name in names}

    def _options(self, name: str) -> PluginOptions:
        where: Where = ("plugins", name)
        one = self._base.plugins.get(name, PluginOptions())
        two = self._other.plugins.get(name, PluginOptions())
        if "plugins" in self._leave:
            self._unsettable += [
                (*where, key) for key in sorted(two.model_fields_set - {"deny"})
            ]
            two = PluginOptions(deny=two.deny)
        update: dict[str, object] = {"limits": self._limits_of(name, one, two)}
        for key in sorted(two.model_fields_set):
            if key in RULES[PluginOptions]:
                update[key] = self._value((*where, key), _both, one, two)
            elif key == "deny":
                update[key] = self._denials((*where, key), one.deny, two.deny)
            elif key == "timeout_ms":
                update[key] = self._timeout_of((*where, key), one, two)
            elif key != "limits" and getattr(two, key) != getattr(one, key):
                self._unsettable.append((*where, key))
        return one.model_copy(update=update)

    def _timeout_of(self, where: Where, one: PluginOptions, two: PluginOptions) -> int | None:
        # It takes the place of the three general ones, so it must be within each.
        timeouts = self._base.timeouts
        general = min(timeouts.info_ms, timeouts.actionable_ms, timeouts.permission_ms)
        had = one.timeout_ms if one.timeout_ms is not None else general
        if two.timeout_ms is None or two.timeout_ms > had:
            self._looser.append(where)
            return one.timeout_ms
        if two.timeout_ms < had and one.timeout_ms is not None:
            self._overruled.append(where)
        self._places[where] = self._source(where)
        return two.timeout_ms

    def _limits_of(self, name: str, one: PluginOptions, two: PluginOptions) -> Limits:
        """The plugin's own limits, within what the second configuration says of it or of all."""
        had = self._base.limits_for(name)
        update: dict[str, object] = {}
        for key, meet in RULES[Limits].items():
            where: Where = ("plugins", name, "limits", key)
            if key in two.limits.model_fields_set:
                update[key] = self._value(where, meet, had, two.limits)
            elif (
                "limits" not in self._leave
                and key in one.limits.model_fields_set & self._other.limits.model_fields_set
            ):
                met = meet(getattr(had, key), getattr(self._other.limits, key))
                if met != getattr(had, key):
                    self._overruled.append(where)
                    self._places[where] = self._source(("limits", key))
                update[key] = met
        for key in sorted(two.limits.model_fields_set - RULES[Limits].keys()):
            self._unsettable.append(("plugins", name, "limits", key))
        own = {key: getattr(one.limits, key) for key in one.limits.model_fields_set}
        return Limits.model_validate(own | update)
