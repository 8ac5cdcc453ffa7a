"""The layers of one plugin, ready to be asked.

Promises    Each layer gives a decision or passes the request on; :meth:`Layers.decide` takes the first decision and
            :meth:`Layers.explain` shows what every one says, from the same methods. What was decided is remembered,
            within bounds that no plugin moves.
Elsewhere   What the layers are for: ``chain.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policies import paths
from policies.capability import FileRequest, NameRequest, Request, ShellRequest, target
from policies.decision import BUILT_IN, LAYER_NAMES, Decision, Rule, Source, Verdict
from policies.modes import Default, Mode
from policies.names import RIGHTS
from policies.paths import Places
from policies.protected import Protected, protected
from policies.rights import Right, Rights
from policies.rules import RuleSet, Subject, subject_of

if TYPE_CHECKING:
    from policies.chain import Chain

_FALLBACK: Final[Mapping[Mode, Verdict]] = MappingProxyType(
    {
        "strict": "deny",
        "prompt": "ask",
        "permissive": "allow",
        "disabled": "deny",
        "interactive": "ask",
    }
)
_REMEMBERED: Final = 1024
"""Decisions kept for one plugin; beyond it all are made anew."""
_REMEMBERED_CHARS: Final = 512
"""A longer target is decided every time: a plugin must not fill our memory with names."""
_PACKAGES: Final = ("plugins", "tools", "cache/packages")
"""Where packages lie in our own directory: each may read its own."""


@dataclass(frozen=True, slots=True)
class PluginPolicy:
    """What is known of one plugin.

    ``allow`` is the operator's, ``consent`` was recorded, ``bound`` is what the manifest declares (None: it
    declares no capabilities, so nothing bounds it). ``granted`` is what every plugin has and no manifest
    needs to declare, such as its data directory. ``root`` and ``data`` are absolute.
    """

    root: str = ""
    data: str = ""
    deny: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    consent: tuple[Rule, ...] = ()
    granted: tuple[Rule, ...] = ()
    bound: tuple[Rule, ...] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer says to a request. ``decides`` is true of the first that has a verdict."""

    layer: int
    verdict: Verdict | None
    decides: bool
    source: Source
    detail: str
    """The pattern that matched, or why none did."""

    @property
    def name(self) -> str:
        """The layer's name."""
        return LAYER_NAMES[self.layer]


class Layers:
    """One plugin's five layers, ready to be asked. It may outlive its chain."""

    def __init__(self, chain: "Chain", policy: PluginPolicy) -> None:
        places = Places(chain.cwd, chain.home, policy.root, policy.data)
        self.mode: Final = chain.mode
        self.decided: Final[dict[Request, Decision]] = {}
        self._mode_source = chain.mode_source
        self._default = chain.global_default
        self._force_deny = chain.force_deny
        self._ours = (chain.home, chain.state, chain.aliases, chain.ours, chain.code)
        self._own = _own_directories(chain.state, policy)
        self._plugin_deny = RuleSet(policy.deny, places, denies=True, aliases=chain.aliases)
        self._global_deny = RuleSet(chain.deny, places, denies=True, aliases=chain.aliases)
        self._granted = RuleSet(policy.granted, places, denies=False)
        self._plugin_allow = RuleSet((*policy.allow, *policy.consent), places, denies=False)
        self._bound = (
            None if policy.bound is None else RuleSet(policy.bound, places, denies=False)
        )
        self._global_allow = RuleSet(chain.allow, places, denies=False)
        self._rights: Rights | None = None

    def anchors(self) -> frozenset[str]:
        return self._plugin_deny.anchors() | self._global_deny.anchors()

    # Asking.

    def is_above_protected(self, path: str) -> bool:
        form = paths.normalise(path)
        return form is None or self._protected.is_above(form)

    def decide(self, request: Request) -> Decision:
        subject = subject_of(request)
        if isinstance(subject, str):
            return Decision("deny", 0, "deny.malformed", BUILT_IN, subject)
        decision = (
            self._layer_0(subject)
            or self._layer_1(subject)
            or self._layer_2(subject)
            or self._layer_3(subject)
            or self._layer_4(subject)
            or self._layer_5(subject)
        )
        if _size(request) <= _REMEMBERED_CHARS:
            if len(self.decided) >= _REMEMBERED:
                self.decided.clear()
            self.decided[request] = decision
        return decision

    def explain(self, request: Request) -> tuple[Step, ...]:
        subject = subject_of(request)
        if isinstance(subject, str):
            return (Step(0, "deny", True, BUILT_IN, subject),)
        steps: list[Step] = []
        decided = False
        layers = (
            self._layer_0,
            self._layer_1,
            self._layer_2,
            self._layer_3,
            self._layer_4,
            self._layer_5,
        )
        for number, layer in enumerate(layers):
            said = layer(subject)
            if said is None:
                steps.append(
                    Step(number, None, False, BUILT_IN, self._why_not(number, subject))
                )
            else:
                steps.append(Step(number, said.verdict, not decided, said.source, said.detail))
                decided = True
        return tuple(steps)

    def rights(self, events: Mapping[int, str]) -> Rights:
        if self._rights is None:
            of_event: dict[int, frozenset[Right]] = {}
            for number, name in events.items():
                has = {right for right in RIGHTS if self._has_right(f"{name}:{right}", right)}
                # What a plugin is not told of it has no answer to.
                of_event[number] = frozenset(has) if "observe" in has else frozenset()
            self._rights = Rights(frozenset(), of_event)
        return self._rights

    def _has_right(self, name: str, right: Right) -> bool:
        decision = self.decide(NameRequest("events", name))
        return decision.allowed or (
            decision.code == "ask.interactive"
            and decision.layer < 5
            and right in ("observe", "veto")
        )

    @cached_property
    def _protected(self) -> Protected:
        # Not before a file is asked for: most plugins never do, and reading the table takes milliseconds.
        home, state, aliases, ours, code = self._ours
        return protected(home, state, tuple(sorted(aliases.items())), ours, code)

    # The layers: a decision, or None to pass the request on.

    def _layer_0(self, subject: Subject) -> Decision | None:
        request = subject.request
        if isinstance(request, FileRequest):
            for path in (form.text for form in subject.names):
                found = self._protected.find_path(
                    request.kind, self._seen_from_outside(request, path)
                )
                if found is not None:
                    return Decision(
                        "deny", 0, "deny.protected", BUILT_IN, f"{path}: {found[0]}: {found[1]}"
                    )
        elif isinstance(request, NameRequest) and request.kind == "config_write":
            found = self._protected.find_key(request.name)
            if found is not None:
                return Decision(
                    "deny", 0, "deny.protected", BUILT_IN, f"{request.name}: {found[1]}"
                )
        return None

    def _seen_from_outside(self, request: FileRequest, path: str) -> str:
        """Take a plugin's own directory off the front of *path*, so that only what is inside it is judged."""
        for directory, kinds in self._own:
            if request.kind in kinds and (
                path == directory or path.startswith(directory + "/")
            ):
                return "/\0" + path[len(directory) :]
        return path

    def _layer_1(self, subject: Subject) -> Decision | None:
        rule = self._plugin_deny.find(subject)
        return None if rule is None else _by("deny", 1, "deny.plugin", rule)

    def _layer_2(self, subject: Subject) -> Decision | None:
        if self._force_deny is not None:
            return Decision(
                "deny", 2, "deny.switch", self._force_deny, "every request is denied"
            )
        rule = self._global_deny.find(subject)
        return None if rule is None else _by("deny", 2, "deny.global", rule)

    def _layer_3(self, subject: Subject) -> Decision | None:
        if self.mode == "disabled":
            return None
        rule = self._granted.find(subject)
        if rule is None:
            rule = self._plugin_allow.find(subject)
            if rule is None or (self._bound is not None and self._bound.find(subject) is None):
                return None
        return self._allowed(
            3, "allow.consent" if rule.source.origin == "consent" else "allow.plugin", rule
        )

    def _layer_4(self, subject: Subject) -> Decision | None:
        rule = None if self.mode == "disabled" else self._global_allow.find(subject)
        return None if rule is None else self._allowed(4, "allow.global", rule)

    def _allowed(self, layer: int, code: str, rule: Rule) -> Decision:
        if self.mode == "interactive":
            return _by("ask", layer, "ask.interactive", rule)
        return _by("allow", layer, code, rule)

    def _layer_5(self, subject: Subject) -> Decision:
        if subject.host is not None and subject.host.inner:
            return Decision(
                "deny", 5, "deny.private", BUILT_IN, f"{subject.host.text}: {_INNER}"
            )
        verdict, told, code = fallback(self.mode, self._default)
        return Decision(verdict, 5, code, self._mode_source, told)

    def _why_not(self, layer: int, subject: Subject) -> str:
        kind = subject.request.kind
        match layer:
            case 0:
                return "not a protected place"
            case 1:
                return self._plugin_deny.summary(kind, "denies")
            case 2:
                return self._global_deny.summary(kind, "denies")
            case 3 | 4 if self.mode == "disabled":
                return "mode is disabled: permissions do not count"
            case 3:
                rule = self._plugin_allow.find(subject)
                if rule is not None:
                    return f"{rule.pattern} ({rule.source}) would allow it, but the manifest does not declare it"
                return self._plugin_allow.summary(kind, "allows")
            case _:
                return self._global_allow.summary(kind, "allows")


_BY_MODE: Final[Mapping[Verdict, str]] = {
    "deny": "deny.mode",
    "ask": "ask.mode",
    "allow": "allow.mode",
}
_BY_DEFAULT: Final[Mapping[Verdict, str]] = {
    "deny": "deny.default",
    "ask": "ask.default",
    "allow": "allow.default",
}

_INNER: Final = (
    "this machine, its network or a metadata service; only a rule that spells it out allows it"
)


def fallback(mode: Mode, default: Default | None) -> tuple[Verdict, str, str]:
    """Return what layer 5 says to what no rule speaks of, why, and its code."""
    if default is not None and mode != "disabled":
        verdict: Verdict = default
        told, codes = f"global_default is {default}", _BY_DEFAULT
    else:
        verdict = _FALLBACK[mode]
        told, codes = f"mode is {mode}", _BY_MODE
    if verdict == "allow" and mode == "interactive":
        verdict, told, codes = "ask", "mode is interactive", _BY_MODE
    return verdict, told, codes[verdict]


def _size(request: Request) -> int:
    """Return how many characters of a plugin's making are kept with *request*."""
    match request:
        case FileRequest(named=more) | ShellRequest(program=more):
            return len(target(request)) + len(more)
        case _:
            return len(target(request))


def _by(verdict: Verdict, layer: int, code: str, rule: Rule) -> Decision:
    return Decision(verdict, layer, code, rule.source, rule.pattern)


def _own_directories(
    state: str, policy: PluginPolicy
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    own: list[tuple[str, tuple[str, ...]]] = []
    data = paths.normalise(policy.data) if policy.data else None
    if data is not None and data != "/" and data != state:
        own.append((data, ("fs_read", "fs_write")))
    root = paths.normalise(policy.root) if policy.root else None
    if (
        root is not None
        and state
        and any(root.startswith(f"{state}/{where}/") for where in _PACKAGES)
    ):
        own.append((root, ("fs_read",)))
    return tuple(own)
