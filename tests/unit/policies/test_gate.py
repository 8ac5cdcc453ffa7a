"""The gate's whole table, three times: as decided, as formulated a second way, as the documentation shows it."""

import re
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from policies.decision import BUILT_IN, Decision, Source, Verdict
from policies.gate import (
    AUTO_APPROVED,
    MODES,
    TIERS,
    Override,
    OverrideWord,
    PermissionMode,
    Tier,
    judge,
    strictest,
)

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "approval.md"
OVERRIDES: Final[tuple[OverrideWord | None, ...]] = ("allow", "deny", "prompt", None)
CHAIN: Final[tuple[Verdict, ...]] = ("allow", "deny", "ask")
ANSWER: Final = Source("consent", "an answer")
RANK: Final = {"allow": 0, "ask": 1, "deny": 2}

Case = tuple[OverrideWord | None, Verdict, Tier, PermissionMode]
CASES: Final[list[Case]] = list(product(OVERRIDES, CHAIN, TIERS, MODES))


def chain(verdict: Verdict, layer: int = 5, origin: Source = BUILT_IN) -> Decision:
    """A decision of the chain."""
    return Decision(verdict, layer, f"{verdict}.test", origin)


def verdict_of(case: Case, **more: object) -> Verdict:
    """What the gate decides of *case*."""
    word, of_chain, tier, mode = case
    override = Override(word, Source("file", "config.toml:3")) if word else None
    return judge(
        tier=tier,
        mode=mode,
        chain=chain(of_chain),
        override=override,
        **more,  # type: ignore[arg-type]  # one of judge's own
    ).verdict


def formulated_again(case: Case, *, is_remembered: bool) -> Verdict:
    """The same rules as demands that have to hold at once; the strictest one counts.

    Not a sequence of steps: each demand looks at the case by itself.
    """
    word, of_chain, tier, mode = case
    quiet = {"plan": 0, "auto": 0, "default": 1, "dont_ask": 1, "accept_edits": 2}.get(mode, 3)
    demands: list[Verdict] = ["allow"]
    if word != "allow":
        if word == "deny" or (word is None and of_chain == "deny"):
            demands.append("deny")
        if word == "prompt" or ("read", "write", "exec").index(tier) >= quiet:
            demands.append("ask")
    strict = max(demands, key=RANK.__getitem__)
    if strict == "ask" and is_remembered and mode != "plan":
        return "allow"
    return "deny" if strict == "ask" and mode == "dont_ask" else strict


@pytest.mark.parametrize("is_remembered", [False, True], ids=["new", "remembered"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gate_decides_as_it_is_formulated_a_second_time(
    case: Case, *, is_remembered: bool
) -> None:
    """Overrides, chain outcomes, tiers and modes: every combination."""
    decided = verdict_of(case, remembered=lambda: ANSWER if is_remembered else None)

    assert decided == formulated_again(case, is_remembered=is_remembered)


def test_the_documented_table_is_complete_and_true() -> None:
    """Every row and column of it, and no case without a place."""
    rows = re.findall(
        r"^\| (allow|deny|prompt|none) \| (allow|deny|ask) \| (read|write|exec) \| (.+) \|$",
        PAGE.read_text(),
        re.MULTILINE,
    )
    header = re.search(
        r"^\| override \| chain \| tier \| (.+) \|$", PAGE.read_text(), re.MULTILINE
    )
    assert header is not None
    assert header[1].split(" | ") == list(MODES)
    shown = {
        (word, of_chain, tier, mode): verdict
        for word, of_chain, tier, cells in rows
        for mode, verdict in zip(MODES, cells.split(" | "), strict=True)
    }

    assert shown == {(case[0] or "none", *case[1:]): verdict_of(case) for case in CASES}


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_denial_wins_over_everything(case: Case, layer: int) -> None:
    """An override, a mode and a remembered answer included."""
    word, _, tier, mode = case
    override = Override(word, Source("api")) if word else None

    decided = judge(
        tier=tier,
        mode=mode,
        chain=chain("deny", layer),
        override=override,
        remembered=lambda: ANSWER,
    )

    assert (decided.verdict, decided.step, decided.layer) == ("deny", "denial", layer)


@pytest.mark.parametrize("mode", MODES)
def test_a_manifest_and_a_switch_deny_as_finally(mode: PermissionMode) -> None:
    """Whatever else is said; without them the same call goes through."""
    allow = Override("allow", Source("api"))
    where = Source("manifest", "package.json")

    by_manifest = judge(
        tier="read", mode=mode, chain=chain("allow"), override=allow, forbidden=where
    )
    by_switch = judge(
        tier="read",
        mode=mode,
        chain=chain("deny", 5, Source("switch", "JCODE_PLUGIN_FORCE_DENY")),
        override=allow,
    )
    control = judge(tier="read", mode=mode, chain=chain("allow"), override=allow)

    assert (by_manifest.verdict, by_manifest.source) == ("deny", where)
    assert by_switch.verdict == "deny"
    assert control.verdict == "allow"


@pytest.mark.parametrize(("tier", "mode"), list(product(TIERS, MODES)))
def test_a_wary_manifest_makes_a_question_and_opens_nothing(
    tier: Tier, mode: PermissionMode
) -> None:
    """It turns an approval into a question; a denial of the chain stays one, an override stays above it."""
    where = Source("manifest", "package.json")
    asked: Verdict = "deny" if mode == "dont_ask" else "ask"

    assert judge(tier=tier, mode=mode, chain=chain("allow"), wary=where).verdict == asked
    assert judge(tier=tier, mode=mode, chain=chain("deny"), wary=where).verdict == "deny"
    allow = Override("allow", Source("api"))
    assert (
        judge(tier=tier, mode=mode, chain=chain("allow"), wary=where, override=allow).verdict
        == "allow"
    )


def test_what_was_remembered_is_looked_up_only_for_a_question() -> None:
    """A lookup costs something, and a decided case needs none."""

    def never() -> Source | None:
        raise AssertionError("looked up")

    for case in CASES:
        if (
            formulated_again(case, is_remembered=True)
            == formulated_again(case, is_remembered=False)
            and case[3] != "plan"
        ):
            verdict_of(case, remembered=never)


def test_every_decision_says_whose_it_is() -> None:
    """A code that begins with the verdict, except that a mode may turn a question into a denial."""
    for word, of_chain, tier, mode in CASES:
        source = Source("file", "config.toml:3")
        decided = judge(
            tier=tier,
            mode=mode,
            chain=chain(of_chain, 4, Source("file", "config.toml:9")),
            override=Override(word, source) if word else None,
        )
        assert decided.code.partition(".")[0] == decided.verdict
        assert str(decided.source) == ("config.toml:3" if word else "config.toml:9")


def test_modes_name_only_tiers_there_are() -> None:
    """And every mode has its row."""
    assert set(AUTO_APPROVED) == set(MODES)
    assert all(approved <= set(TIERS) for approved in AUTO_APPROVED.values())


def test_the_strictest_tier_is_the_one_that_does_most() -> None:
    """Whatever their order."""
    assert strictest("read") == "read"
    assert strictest("write", "read") == "write"
    assert strictest("read", "exec", "write") == "exec"
