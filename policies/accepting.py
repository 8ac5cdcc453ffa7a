"""What a person accepts by installing a plugin, and what an update would add to it."""

from collections.abc import Collection, Iterable

from policies.consent import ANY_REGISTRATION
from policies.decision import Rule, Source
from policies.manifest_values import Manifest

Pair = tuple[str, str]
"""A capability's kind and a pattern, as they are remembered."""

UNSAID = Source("consent", "its manifest does not say what it registers")


def to_accept(manifest: Manifest, features: Collection[str] | None) -> tuple[Rule, ...]:
    """Return what installing the plugin grants: what it declares with *features*, None being those on by default,
    and, of each kind of registration that it says nothing of, any.

    Manifests list what they want done for them, and seldom what they register, which shows anyway.
    """
    declared = manifest.declared(features)
    said: set[str] = set()
    if manifest.capabilities is not None:
        said |= manifest.capabilities.kinds
    for feature in manifest.enabled_features(features):
        said |= feature.additional.kinds
    unsaid = (
        Rule(kind, pattern, UNSAID) for kind, pattern in ANY_REGISTRATION if kind not in said
    )
    return (*declared, *unsaid)


def pairs(rules: Iterable[Rule]) -> tuple[Pair, ...]:
    """Return *rules* as they are remembered, each once."""
    return tuple(dict.fromkeys((rule.kind, rule.pattern) for rule in rules))


def added(wanted: Iterable[Rule], accepted: Collection[Pair]) -> tuple[Rule, ...]:
    """Return what of *wanted* was not accepted before, word for word.

    A narrower pattern counts as another one: the person is asked once more than would be needed, never less.
    """
    known = set(accepted)
    return tuple(rule for rule in wanted if (rule.kind, rule.pattern) not in known)


def removed(wanted: Iterable[Rule], accepted: Iterable[Pair]) -> tuple[Pair, ...]:
    """Return what was accepted before and is not *wanted* any more."""
    still = set(pairs(wanted))
    return tuple(pair for pair in accepted if pair not in still)
