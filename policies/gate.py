"""The approval gate: may this tool run now, must a person be asked, or is it refused.

Promises    Pure. The first step that has something to say decides, in this order:

            1. denial      a manifest or the operator denies the tool: nothing below is looked at
            2. override    ``[plugin.approval] tool = allow | deny | prompt``
            3. chain       the capability chain denies the tool
            4. mode        the permission mode approves the tool's tier by itself; a tier that it does not
                           approve is asked, also where the chain allows the tool

            A manifest may want a question about a tool that the mode would approve; an override stands above that.
            A remembered answer stands for asking, never for a denial. In ``dont_ask`` nobody is asked: what would
            be asked is denied. In ``plan`` what was remembered does not count: everything is asked anew.
Elsewhere   Who is asked, and for how long an answer holds: ``host/approvals.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from policies.decision import Decision, Source, Verdict

Tier = Literal["read", "write", "exec"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
"""What a tool may do to the world, the mildest first. A tool that does not say is ``exec``."""

PermissionMode = Literal[
    "default", "plan", "accept_edits", "bypass_permissions", "dont_ask", "auto"
]
MODES: Final[tuple[PermissionMode, ...]] = get_args(PermissionMode)

AUTO_APPROVED: Final[dict[PermissionMode, frozenset[Tier]]] = {
    "default": frozenset({"read"}),
    "plan": frozenset(),
    "accept_edits": frozenset({"read", "write"}),
    "bypass_permissions": frozenset(TIERS),
    "dont_ask": frozenset({"read"}),
    "auto": frozenset(),
}

OverrideWord = Literal["allow", "deny", "prompt"]
Step = Literal["denial", "override", "chain", "remembered", "mode"]

LAST_DENIAL: Final = 2
"""Layers up to this one hold what is protected and what the operator denies."""


@dataclass(frozen=True, slots=True)
class Override:
    """What ``[plugin.approval]`` says of one tool."""

    word: OverrideWord
    source: Source


@dataclass(frozen=True, slots=True)
class GateDecision:
    """What the gate decided, by which step, and because of what.

    ``code`` is stable. ``layer`` is the chain's, where the chain had a part in it.
    """

    verdict: Verdict
    step: Step
    code: str
    source: Source
    detail: str = ""
    layer: int | None = None


def strictest(*tiers: Tier) -> Tier:
    """Return the one of *tiers* that asks for the most care."""
    return max(tiers, key=TIERS.index)


def _nothing() -> Source | None:
    return None


def judge(
    *,
    tier: Tier,
    mode: PermissionMode,
    chain: Decision,
    override: Override | None = None,
    forbidden: Source | None = None,
    wary: Source | None = None,
    remembered: Callable[[], Source | None] = _nothing,
) -> GateDecision:
    """Decide about one call of a tool of *tier* that the chain says *chain* of.

    *forbidden* is where the plugin's manifest denies the tool, if it does, and *wary* where it wants every call
    asked. *remembered* finds an earlier answer to the same question; it is called only where one is needed.
    """
    if forbidden is not None:
        return GateDecision("deny", "denial", "deny.manifest", forbidden)
    if chain.verdict == "deny" and (
        chain.layer <= LAST_DENIAL or chain.source.origin == "switch"
    ):
        return _by_chain(chain, "denial")
    if override is not None:
        source = override.source
        match override.word:
            case "allow":
                return GateDecision("allow", "override", "allow.override", source)
            case "deny":
                return GateDecision("deny", "override", "deny.override", source)
            case "prompt":
                asked = GateDecision("ask", "override", "ask.override", source)
                return _asked(asked, mode, remembered)
    if chain.verdict == "deny":
        return _by_chain(chain, "chain")
    if wary is not None:
        asked = GateDecision("ask", "mode", "ask.manifest", wary, "", chain.layer)
        return _asked(asked, mode, remembered)
    approved = tier in AUTO_APPROVED[mode]
    told = f"permission mode {mode} {'approves' if approved else 'asks about'} {tier} tools"
    if approved:
        return GateDecision("allow", "mode", "allow.tier", chain.source, told, chain.layer)
    code = "ask.chain" if chain.verdict == "ask" else "ask.tier"
    asked = GateDecision("ask", "mode", code, chain.source, told, chain.layer)
    return _asked(asked, mode, remembered)


def _by_chain(chain: Decision, step: Step) -> GateDecision:
    return GateDecision("deny", step, chain.code, chain.source, chain.detail, chain.layer)


def _asked(
    asked: GateDecision, mode: PermissionMode, remembered: Callable[[], Source | None]
) -> GateDecision:
    answer = remembered() if mode != "plan" else None
    if answer is not None:
        return GateDecision(
            "allow", "remembered", "allow.remembered", answer, asked.detail, asked.layer
        )
    if mode == "dont_ask":
        told = f"permission mode dont_ask asks nobody ({asked.code})"
        return GateDecision("deny", "mode", "deny.dont_ask", asked.source, told, asked.layer)
    return asked
