"""What a person is shown of the layers is what decides, under any rules."""

from hypothesis import given

from policies.capability import Request
from policies.chain import Chain
from policies.decision import Decision, Rule
from policies.listing import ANY, Entry, entries
from policies.paths import Places
from policies.rules import RuleSet, Subject, subject_of
from tests.property.test_chain import CHAINS, REQUESTS

PLACES = Places("/w", "/h", "/p", "/d")


def covers(entry: Entry, subject: Subject, decision: Decision) -> bool:
    """Whether a reader of *entry* takes it to be about *subject*."""
    if entry.verdict is None or entry.kind not in (ANY, subject.request.kind):
        return False
    if entry.layer == 0:
        return decision.layer == 0
    if entry.pattern.startswith("this machine"):
        return decision.code == "deny.private"
    if entry.pattern == ANY and entry.verdict == "deny":
        return True
    if entry.kind == ANY:
        return True

    def matches(pattern: str) -> bool:
        rules = RuleSet([Rule(entry.kind, pattern)], PLACES, denies=entry.verdict == "deny")
        return rules.find(subject) is not None

    return matches(entry.pattern) and (not entry.within or any(map(matches, entry.within)))


@given(CHAINS, REQUESTS)
def test_the_first_entry_that_covers_a_request_decides_it(
    chain: Chain, request: Request
) -> None:
    """Its verdict, its layer and its source are the decision's."""
    subject = subject_of(request)
    if isinstance(subject, str):
        return  # nothing that a rule could be about
    decision = chain.decide("p", request)

    first = next(one for one in entries(chain, "p") if covers(one, subject, decision))
    assert (first.verdict, first.layer, first.source) == (
        decision.verdict,
        decision.layer,
        decision.source,
    )


@given(CHAINS)
def test_every_entry_says_why(chain: Chain) -> None:
    """Also what decides nothing; and the last one is about whatever is left."""
    listed = entries(chain, "p")

    assert all(one.kind and one.pattern is not None and one.reason for one in listed)
    assert [one.layer for one in listed] == sorted(one.layer for one in listed)
    assert (listed[-1].kind, listed[-1].pattern, listed[-1].layer) == (ANY, ANY, 5)


@given(CHAINS)
def test_of_an_unknown_plugin_there_is_one_entry(chain: Chain) -> None:
    """It may do nothing."""
    (only,) = entries(chain, "stranger")

    assert (only.kind, only.pattern, only.verdict) == (ANY, ANY, "deny")
