"""What a plugin declares that it needs, and what the operator's configuration makes of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from host.capabilities import Capabilities
from host.config import jcode_home
from host.core import HostCore
from host.outcome import Json, JsonObject
from host.plugin_spec import PluginSpec
from policies.capability import target
from policies.decision import LAYER_NAMES, Decision, Rule
from policies.examples import example_of
from policies.paths import Places
from policies.plugin_name import folder_name


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One declared rule. *attended* is decided where somebody can be asked, *alone* where nobody can.

    *example* is what the chain was asked about; empty, without decisions, when the pattern cannot be read.
    """

    rule: Rule
    example: str = ""
    attended: Decision | None = None
    alone: Decision | None = None

    @property
    def would_ask(self) -> bool:
        """Whether a person is asked, if there is one."""
        return self.attended is not None and self.attended.verdict == "ask"

    def to_json(self) -> JsonObject:
        """Plain data; ``decision`` is null when the pattern cannot be read."""
        decision = self.attended
        return {
            "kind": self.rule.kind,
            "pattern": self.rule.pattern,
            "source": str(self.rule.source),
            "example": self.example or None,
            "decision": None
            if decision is None
            else {
                "verdict": decision.verdict,
                "layer": decision.layer,
                "layer_name": LAYER_NAMES[decision.layer],
                "code": decision.code,
                "source": str(decision.source),
                "detail": decision.detail,
            },
            "verdict_unattended": self.alone.verdict if self.alone is not None else None,
        }


def foreseen(host: HostCore, spec: PluginSpec) -> list[Foreseen]:
    """Return what would be decided about each thing that *spec* declares, under the user's own configuration."""
    # The user's own directory, not the host's: that one may be a scratch of ours, and the real one is protected.
    home = jcode_home(os.environ)
    workspace = host.workspace
    data_dir = str(home / "data" / folder_name(spec.configured_as) / workspace.id)
    capabilities = Capabilities(host.config, workspace.project_dir, home)
    alone = capabilities.foresee(spec, data_dir, host.runtime.switches, can_ask=False)
    attended = capabilities.foresee(spec, data_dir, host.runtime.switches, can_ask=True)
    places = Places(attended.cwd, attended.home, str(spec.root), data_dir)
    found = []
    for rule in spec.manifest.declared(spec.features):
        request = example_of(rule, places)
        found.append(
            Foreseen(rule)
            if request is None
            else Foreseen(
                rule,
                target(request),
                attended.decide(spec.name, request),
                alone.decide(spec.name, request),
            )
        )
    return found


def capabilities_json(items: Sequence[Foreseen]) -> list[Json]:
    """Return *items* as ``check`` and ``inspect`` print them."""
    return [item.to_json() for item in items]
