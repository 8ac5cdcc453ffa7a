"""The capability chain: may this plugin do this, who says so, and why.

Promises    A Chain never changes: the ``with_`` methods return another one, of the next generation. The same
            request has the same answer for as long as the chain lives. What is not granted is not granted:
            an unknown plugin, a request that makes no sense, a rule that nobody can read.
            A denial in a layer above beats everything below it, and one more denial never allows more.
Layers      0 protected, 1 plugin deny, 2 global deny, 3 plugin allow, 4 global allow, 5 mode fallback; the first
            that matches decides. Layer 3 holds the operator's word and recorded consent and never exceeds
            what the manifest declares; a manifest by itself grants nothing.
Elsewhere   The layers themselves: ``layers``. What a pattern covers: ``paths``, ``hosts``, ``commands``, ``names``.
            What loading a plugin consents to: ``consent``. Nothing here follows a link or resolves a name: the
            asker does, before it asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from policies.capability import Request
from policies.decision import BUILT_IN, Decision, Rule, Source
from policies.layers import Layers, PluginPolicy, Step
from policies.modes import Default, Mode
from policies.paths import NO_ALIASES, Aliases
from policies.protected import anchors as protected_places
from policies.rights import Rights


@dataclass(frozen=True)
class Chain:
    """See the module's text. ``state`` is our own directory, ``ours`` are patterns of what we keep elsewhere, ``code``
    of what is run and no plugin writes; ``aliases`` say where directories that patterns name really are."""

    mode: Mode = "strict"
    mode_source: Source = BUILT_IN
    global_default: Default | None = None
    deny: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    plugins: Mapping[str, PluginPolicy] = field(default_factory=lambda: MappingProxyType({}))
    force_deny: Source | None = None
    home: str = ""
    cwd: str = ""
    state: str = ""
    ours: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    aliases: Aliases = field(default_factory=lambda: NO_ALIASES)
    generation: int = 0
    _compiled: dict[str, Layers] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    # Asking.

    def decide(self, plugin: str, request: Request) -> Decision:
        """Return whether *plugin* may do *request*, by which layer and because of what."""
        compiled = self._compiled.get(plugin)
        if compiled is None:
            compiled = self._compile(plugin)
            if compiled is None:
                return _unknown(plugin)
        found = compiled.decided.get(request)
        return compiled.decide(request) if found is None else found

    def explain(self, plugin: str, request: Request) -> tuple[Step, ...]:
        """Return the whole walk, a step for each layer; the one that decides gives :meth:`decide`'s answer."""
        compiled = self._compiled.get(plugin) or self._compile(plugin)
        if compiled is None:
            decision = _unknown(plugin)
            return (Step(decision.layer, "deny", True, decision.source, decision.detail),)
        return compiled.explain(request)

    def rights(self, plugin: str, events: Mapping[int, str]) -> Rights:
        """Return what *plugin* may do with each of *events*, which are names by number.

        What would have to be asked counts as not granted. ``interactive`` leaves observe and veto to
        those whom a rule gives them: they take nothing, and each later access is asked by itself.
        """
        compiled = self._compiled.get(plugin) or self._compile(plugin)
        return Rights(frozenset()) if compiled is None else compiled.rights(events)

    def anchors(self) -> frozenset[str]:
        """Return the directories in which file patterns that deny begin, for :meth:`with_aliases`."""
        found = set(protected_places(self.home, self.state, self.ours, self.code))
        for name in self.plugins:
            compiled = self._compiled.get(name) or self._compile(name)
            if compiled is not None:
                found |= compiled.anchors()
        return frozenset(found)

    def is_above_protected(self, plugin: str, path: str) -> bool:
        """Return whether a link at *path* could hide from layer 0 what is reached through it."""
        compiled = self._compiled.get(plugin) or self._compile(plugin)
        return compiled is None or compiled.is_above_protected(path)

    # Changing.

    def with_plugin(self, name: str, policy: PluginPolicy) -> "Chain":
        """Return a chain that knows *name* by *policy*."""
        return self._with_plugins({**self.plugins, name: policy}, name)

    def without_plugin(self, name: str) -> "Chain":
        """Return a chain that does not know *name*."""
        return self._with_plugins({n: p for n, p in self.plugins.items() if n != name}, name)

    def _with_plugins(self, plugins: Mapping[str, PluginPolicy], changed: str) -> "Chain":
        new = replace(
            self, plugins=MappingProxyType(dict(plugins)), generation=self.generation + 1
        )
        # What is decided about the others rests on nothing that changed.
        new._compiled.update({n: c for n, c in self._compiled.items() if n != changed})  # noqa: SLF001 - own class
        return new

    def with_mode(self, mode: Mode, source: Source = BUILT_IN) -> "Chain":
        """Return a chain with another fallback."""
        return replace(self, mode=mode, mode_source=source, generation=self.generation + 1)

    def with_rules(self, *, deny: Iterable[Rule] = (), allow: Iterable[Rule] = ()) -> "Chain":
        """Return a chain with more global rules."""
        return replace(
            self,
            deny=(*self.deny, *deny),
            allow=(*self.allow, *allow),
            generation=self.generation + 1,
        )

    def with_force_deny(self, switch: Source | None) -> "Chain":
        """Return a chain in which *switch* denies every request, or none does."""
        return replace(self, force_deny=switch, generation=self.generation + 1)

    def with_aliases(self, aliases: Aliases) -> "Chain":
        """Return a chain whose denials also cover where the directories they name really are."""
        return replace(
            self, aliases=MappingProxyType(dict(aliases)), generation=self.generation + 1
        )

    def _compile(self, plugin: str) -> Layers | None:
        policy = self.plugins.get(plugin)
        if policy is None:
            return None
        return self._compiled.setdefault(plugin, Layers(self, policy))


def _unknown(plugin: str) -> Decision:
    return Decision("deny", 1, "deny.unknown", BUILT_IN, f"no plugin {plugin!r} is known")
