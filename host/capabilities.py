"""The capability chain of a workspace, made from its configuration, its plugins and the switches.

Promises    A chain is published inside a snapshot and read once with it: rights, registrations and hostcalls of one
            generation agree. A plugin that did not change keeps its decisions.
Elsewhere   What the layers mean: ``policies/chain.py``. What a way of loading consents to: ``policies/consent.py``.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from host.code_places import of_host, of_plugins
from host.config import Config
from host.events import PluginEvent, Right
from host.realpath import real_places, resolve
from host.trail.place import place_of
from jcode_plugins.place import socket_path
from policies.chain import Chain
from policies.consent import Loaded, consent, granted
from policies.decision import BUILT_IN, Rule, Source
from policies.layers import PluginPolicy
from policies.modes import Mode
from policies.names import RIGHTS
from policies.switches import Switches

if TYPE_CHECKING:
    from host.plugin import Plugin
    from host.plugin_spec import PluginSpec

EVENT_NAMES: Final[Mapping[int, str]] = {int(event): event.wire_name for event in PluginEvent}

_CONSENTS: Final[Mapping[Loaded, Source]] = {
    "hand": Source("consent", "loaded by hand"),
    "installed": Source("consent", "installed"),
    "project": Source("consent", "the project is trusted"),
}
_BY_PROGRAM: Final = Source("api", "load(rights=...)")


def _elsewhere(config: Config, state: Path) -> tuple[str, ...]:
    """The log and its full files, and what lies beside the daemon's socket, wherever they were moved to."""
    log = escape(_real(str(place_of(state, config.audit.path, os.environ).log)))
    run = os.path.dirname(socket_path(os.environ))
    return log, f"{log}.*", escape(_real(run))


class Capabilities:
    """The chain of one workspace. *state* is our own directory."""

    def __init__(self, config: Config, project_dir: Path, state: Path) -> None:
        self._config = config
        self._known: dict[str, tuple[PluginSpec, str]] = {}
        self._denials: tuple[Rule, ...] = ()
        self._mode: Mode | None = None
        self._places: dict[str, str] = {}
        """Every directory that a denial names -> where it really is."""
        self._around = (_real(str(project_dir)), _real(os.path.expanduser("~")))
        self._code = of_host(config, os.environ, self._around)
        self._chain = self._with_places(
            Chain(
                mode=config.mode or "strict",
                mode_source=BUILT_IN if config.mode is None else config.source_of("mode"),
                global_default=config.global_default,
                deny=config.rules("deny"),
                allow=config.rules("allow"),
                home=_real(os.path.expanduser("~")),
                cwd=_real(str(project_dir)),
                state=_real(str(state)),
                ours=_elsewhere(config, state),
                code=self._code,
            )
        )

    def of(self, plugins: Iterable["Plugin"], switches: Switches, *, can_ask: bool) -> Chain:
        """Return the chain for *plugins* and *switches*, but for the one that denies everything.

        *can_ask*: there is somebody to be asked, so that a mode that nobody configured is ``prompt``.
        """
        chain = self._general(switches, can_ask=can_ask)
        wanted = {plugin.name: (plugin.spec, str(plugin.data_dir())) for plugin in plugins}
        for name in self._known.keys() - wanted.keys():
            chain = chain.without_plugin(name)
        for name, known in wanted.items():
            if self._known.get(name) != known:
                chain = chain.with_plugin(name, policy_of(self._config, *known))
        self._known = wanted
        chain = self._with_code(chain, (spec for spec, _ in wanted.values()))
        if chain is not self._chain:
            self._chain = self._with_places(chain)
        return self._chain

    def foresee(
        self, spec: "PluginSpec", data_dir: str, switches: Switches, *, can_ask: bool
    ) -> Chain:
        """Return the chain as it will be when *spec*, which is not loaded yet, is."""
        chain = self._general(switches, can_ask=can_ask)
        chain = chain.with_plugin(spec.name, policy_of(self._config, spec, data_dir))
        others = (known for known, _ in self._known.values())
        chain = self._with_code(chain, (*others, spec))
        return self._with_places(chain).with_force_deny(switches.force_deny)

    def _general(self, switches: Switches, *, can_ask: bool) -> Chain:
        chain = self._chain
        mode: Mode = self._config.mode or ("prompt" if can_ask else "strict")
        if mode != chain.mode:
            chain = chain.with_mode(mode, chain.mode_source)
        if switches.deny != self._denials:
            chain = replace(
                chain,
                deny=(*self._config.rules("deny"), *switches.deny),
                generation=chain.generation + 1,
            )
            self._denials = switches.deny
        if chain is not self._chain:
            self._chain = self._with_places(chain)
        return self._chain

    def _with_code(self, chain: Chain, specs: "Iterable[PluginSpec]") -> Chain:
        """Let no plugin write what a plugin of the project is built from."""
        code = (*self._code, *of_plugins(specs, self._around))
        if code == chain.code:
            return chain
        return replace(chain, code=code, generation=chain.generation + 1)

    def _with_places(self, chain: Chain) -> Chain:
        """Let denials cover where the directories they name really are, looked up once for each."""
        new = chain.anchors() - self._places.keys()
        if not new:
            return chain
        found = real_places(new)
        self._places.update({name: found.get(name, name) for name in new})
        linked = {name: real for name, real in self._places.items() if name != real}
        return chain if linked == chain.aliases else chain.with_aliases(linked)


def only_own(chain: Chain, plugin: str) -> Chain:
    """Return *chain* for *plugin* without what anybody allowed: what every plugin has, and nothing else."""
    policy = chain.plugins.get(plugin, PluginPolicy())
    own = replace(policy, allow=(), consent=())
    return replace(
        chain,
        mode="strict",
        mode_source=BUILT_IN,
        global_default=None,
        allow=(),
        plugins=MappingProxyType({plugin: own}),
    )


def policy_of(config: Config, spec: "PluginSpec", data_dir: str) -> PluginPolicy:
    """Return what is known of the plugin *spec*: the operator's rules, consent, and the manifest's bound."""
    is_hardened = config.profile == "hardened"
    given = [
        Rule("events", f"{EVENT_NAMES[event]}:{right}", _BY_PROGRAM)
        for event, rights in spec.given_rights.items()
        for right in RIGHTS
        if right in rights
    ]
    taken = [
        Rule("events", f"{EVENT_NAMES[event]}:{right}", _BY_PROGRAM)
        for event, rights in spec.given_rights.items()
        for right in _missing(rights)
    ]
    return PluginPolicy(
        root=str(spec.root),
        data=_real(data_dir),
        deny=(*_denials(config, spec), *taken),
        allow=(*config.rules("allow", spec.configured_as), *given),
        consent=consent(
            spec.loaded,
            _CONSENTS[spec.loaded],
            declared=spec.manifest.declared(spec.features),
            accepted=spec.accepted,
            trusted=True,  # a plugin of a project that is not trusted has no spec
            hardened=is_hardened,
        ),
        granted=granted(
            spec.loaded,
            trusted=True,
            own_files="$PLUGIN" if spec.is_package else f"$PLUGIN/{escape(spec.path.name)}",
            hardened=is_hardened,
        ),
        bound=spec.manifest.bound(spec.features),
    )


def _denials(config: Config, spec: "PluginSpec") -> tuple[Rule, ...]:
    """Return what is denied to *spec*: what is denied to one name is denied to all that go by it."""
    names = dict.fromkeys((spec.name, spec.configured_as))
    return tuple(rule for name in names for rule in config.rules("deny", name))


def _missing(rights: frozenset[Right]) -> list[Right]:
    # Without any right a plugin is not told; a right implies being told.
    return [
        right for right in RIGHTS if right not in rights and (right != "observe" or not rights)
    ]


def _real(path: str) -> str:
    try:
        return resolve(path)
    except OSError:
        return os.path.normpath(path)
