"""What the layers of one plugin hold, as a list that a person can read: each rule, what it says, and why it says so.

Promises    The entries stand in the order in which the chain asks. For any request, the first entry that has a verdict and
            covers it is the one that decides; one without a verdict decides nothing, and says why. Two things are more
            than an entry can spell: what is protected is one line, and a permission of a plugin that declares some of
            that kind counts within what is declared (``within``).
Elsewhere   What is decided about one request, and how: ``layers.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.capability import KINDS
from policies.chain import Chain
from policies.decision import BUILT_IN, LAYER_NAMES, Rule, Source, Verdict
from policies.layers import PluginPolicy, fallback
from policies.rules import problem
from policies.wording import meaning, spelled

ANY = "*"
"""As the kind or the pattern of an entry: whatever it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``verdict`` None: it decides nothing, for the *reason* that is given."""

    kind: str
    pattern: str
    verdict: Verdict | None
    layer: int
    source: Source
    reason: str
    """What it means, or why it does not count."""
    within: tuple[str, ...] = ()
    """Patterns that the manifest declares, where it counts only for what is one of them, too."""

    @property
    def layer_name(self) -> str:
        """The layer's name."""
        return LAYER_NAMES[self.layer]


def entries(chain: Chain, plugin: str) -> list[Entry]:
    """Return what *chain* holds for *plugin*; for one that it does not know, that it may do nothing."""
    policy = chain.plugins.get(plugin)
    if policy is None:
        return [Entry(ANY, ANY, "deny", 1, BUILT_IN, "the plugin is not known here")]
    return [
        *_protected(),
        *(_denial(rule, 1) for rule in policy.deny),
        *_of_switch(chain),
        *(_denial(rule, 2) for rule in chain.deny),
        *_own(chain, policy),
        *(_permission(chain, rule, 4) for rule in chain.allow),
        *_rest(chain),
    ]


def _protected() -> Iterator[Entry]:
    told = "state, credentials, start-up files, .git and what agents are configured by: never"
    for kind in ("fs_read", "fs_write", "config_write"):
        yield Entry(kind, "protected places", "deny", 0, BUILT_IN, told)


def _of_switch(chain: Chain) -> Iterator[Entry]:
    if chain.force_deny is not None:
        yield Entry(ANY, ANY, "deny", 2, chain.force_deny, "every request is denied")


def _denial(rule: Rule, layer: int) -> Entry:
    if rule.kind not in KINDS:
        told = f"{rule.kind} is no kind, so that all are denied"
        return Entry(ANY, ANY, "deny", layer, rule.source, told)
    wrong = problem(rule.kind, rule.pattern)
    if wrong is not None:
        told = f"{rule.pattern!r} cannot be read, so that the whole kind is denied: {wrong}"
        return Entry(rule.kind, ANY, "deny", layer, rule.source, told)
    return Entry(rule.kind, spelled(rule), "deny", layer, rule.source, f"not: {meaning(rule)}")


def _own(chain: Chain, policy: PluginPolicy) -> Iterator[Entry]:
    yield from (_permission(chain, rule, 3) for rule in policy.granted)
    for rule in (*policy.allow, *policy.consent):
        if policy.bound is None:
            yield _permission(chain, rule, 3)
            continue
        declared = tuple(bound.pattern for bound in policy.bound if bound.kind == rule.kind)
        if declared:
            yield _permission(chain, rule, 3, declared)
        else:
            told = f"its manifest does not declare {rule.kind}"
            yield Entry(rule.kind, spelled(rule), None, 3, rule.source, told)


def _permission(chain: Chain, rule: Rule, layer: int, declared: tuple[str, ...] = ()) -> Entry:
    pattern = spelled(rule)
    wrong = problem(rule.kind, rule.pattern)
    if wrong is not None:
        return Entry(rule.kind, pattern, None, layer, rule.source, f"cannot be read: {wrong}")
    if chain.mode == "disabled":
        told = "mode is disabled: permissions do not count"
        return Entry(rule.kind, pattern, None, layer, rule.source, told)
    within = () if rule.pattern in declared else declared
    told = meaning(rule)
    verdict: Verdict = "allow"
    if chain.mode == "interactive":
        verdict, told = "ask", f"{told}; mode is interactive: each time a person is asked"
    return Entry(rule.kind, pattern, verdict, layer, rule.source, told, within)


def _rest(chain: Chain) -> Iterator[Entry]:
    verdict, told, _ = fallback(chain.mode, chain.global_default)
    inner = "this machine, its network and metadata services"
    why = "only a rule that spells one of them out allows it"
    yield Entry("http_hosts", inner, "deny", 5, BUILT_IN, why)
    why = f"whatever is not named above: {told}"
    yield Entry(ANY, ANY, verdict, 5, chain.mode_source, why)
