"""Whose signature counts: ids, patterns, ceilings, successors."""

from datetime import date, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.signing import (
    WORDS,
    TrustedKey,
    bound,
    is_key_id,
    key_id_of,
    may_follow,
    meet_patterns,
    stricter,
)

KNOWN = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
DAY = date(2026, 11, 25)
NAMES = ("acme-guard", "acme-log", "other", "b")
PATTERNS = st.lists(
    st.sampled_from(["*", "acme-*", "acme-guard", "other", "?", "[ab]*", "acme-l*"]),
    max_size=3,
    unique=True,
).map(tuple)
IDS = ("A" * 16, "B" * 16, "C" * 16)


@st.composite
def keys(draw: st.DrawFn) -> dict[str, TrustedKey]:
    found = {}
    for id_ in draw(st.lists(st.sampled_from(IDS), unique=True)):
        found[id_] = TrustedKey(
            id_,
            draw(st.sampled_from(["one", "two"])),
            plugins=draw(PATTERNS),
            expires=draw(st.sampled_from([None, DAY, DAY - timedelta(1)])),
            revoked=draw(st.booleans()),
        )
    return found


def counts(known: dict[str, TrustedKey], id_: str, key: str, plugin: str) -> bool:
    found = known.get(id_)
    if found is None or found.key != key:
        return False
    return not (found.why_not_now(DAY) or found.why_not_for(plugin))


def test_an_id_is_what_minisign_shows() -> None:
    """The number of minisign's own example key, which its manual shows so."""
    assert key_id_of(KNOWN) == "E7620F1842B4E81F"
    assert is_key_id("E7620F1842B4E81F")


@pytest.mark.parametrize(
    "text",
    ["", "x", KNOWN[:-1], KNOWN + "=", KNOWN + "\n", " " + KNOWN, KNOWN.replace("R", "S", 1)],
)
def test_what_is_no_key_has_no_id(text: str) -> None:
    """One text for one key: nothing around it, nothing missing."""
    assert key_id_of(text) is None


def test_the_stricter_word_counts() -> None:
    """Of every two."""
    for at, one in enumerate(WORDS):
        for two in WORDS[at:]:
            assert stricter(one, two) == stricter(two, one) == two


@given(PATTERNS, PATTERNS, st.sampled_from(NAMES))
def test_patterns_that_meet_match_no_more_than_either(
    one: tuple[str, ...], two: tuple[str, ...], name: str
) -> None:
    """And all that both of them name outright."""
    met = meet_patterns(one, two)

    if any(fnmatchcase(name, pattern) for pattern in met):
        assert any(fnmatchcase(name, pattern) for pattern in one)
        assert any(fnmatchcase(name, pattern) for pattern in two)
    if name in one and name in two:
        assert name in met or "*" in met


@given(keys(), keys())
def test_under_a_ceiling_no_key_counts_that_it_does_not_let_count(
    own: dict[str, TrustedKey], ceiling: dict[str, TrustedKey]
) -> None:
    """Where it trusts a key no other one is trusted; what it revokes is revoked; and no key signs more than it says."""
    met = bound(own, ceiling)

    closed = any(not key.revoked for key in ceiling.values())
    for id_ in IDS:
        for key in ("one", "two"):
            for name in NAMES:
                if not counts(met, id_, key, name):
                    continue
                assert not closed or counts(ceiling, id_, key, name)
                assert id_ not in ceiling or not ceiling[id_].revoked
                if id_ in own:
                    assert not own[id_].revoked
                    assert not own[id_].why_not_now(DAY)
                    assert not own[id_].why_not_for(name)
    assert bound(met, ceiling) == met


def test_the_last_day_of_a_key_is_one_on_which_it_counts() -> None:
    """As a date on a card."""
    key = TrustedKey("A" * 16, KNOWN, name="Acme", expires=DAY)

    assert key.why_not_now(DAY) == ""
    assert (
        key.why_not_now(DAY + timedelta(1))
        == "key Acme (AAAAAAAAAAAAAAAA) expired on 2026-11-25"
    )


def test_a_successor_follows_step_by_step_and_nobody_else_does() -> None:
    """Also around a circle, which ends."""
    one, two, three = IDS
    known = {
        one: TrustedKey(one, successor=two),
        two: TrustedKey(two, successor=three),
        three: TrustedKey(three, successor=one),
    }

    assert may_follow(one, one, {})
    assert may_follow(one, three, known)
    assert not may_follow(one, "D" * 16, known)
    assert not may_follow("", one, known)
    del known[two]
    assert not may_follow(one, three, known)
