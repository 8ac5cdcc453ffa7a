"""A rule's example is a request that the rule covers: the chain itself says so."""

import pytest

from policies.chain import Chain
from policies.decision import Rule
from policies.examples import example_of
from policies.layers import PluginPolicy
from policies.paths import Places

PLACES = Places("/work/c[1]", "/home/ada", "/plugins/p", "/state/data/p")

COVERED = [
    ("fs_read", "src"), ("fs_read", "src/**/*.t[sx]"), ("fs_write", "$DATA"), ("fs_read", "$CWD/a?b"),
    ("fs_read", "**"), ("fs_read", "**/notes.md"), ("fs_read", "~/docs"), ("fs_read", "/opt/[!a]x"),
    ("http_hosts", "api.acme.dev"), ("http_hosts", "*.acme.dev:8443"), ("http_hosts", "*"),
    ("http_hosts", "127.0.0.1:8080"), ("http_hosts", "[::1]:8080"), ("http_hosts", "*:*"),
    ("shell", "git status"), ("shell", "git log *"), ("shell", "shell:*"), ("shell", "jq '.a b'"),
    ("env", "ACME_*"), ("tools", "scan"), ("commands", "*"), ("providers", "x?"), ("config_read", "theme"),
    ("config_write", "a.b"), ("session", "*"), ("llm", "*"), ("events", "PreToolUse:veto"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "pattern"), COVERED)
def test_an_example_is_covered_by_its_rule(kind: str, pattern: str) -> None:
    """Allowed with the rule, and not without it."""
    rule = Rule(kind, pattern)
    request = example_of(rule, PLACES)
    assert request is not None

    def chain(*rules: Rule) -> Chain:
        return Chain(
            plugins={"p": PluginPolicy("/plugins/p", "/state/data/p", allow=rules)},
            home="/home/ada", cwd="/work/c[1]", state="/state",
        )  # fmt: skip

    assert not chain().decide("p", request).allowed

    assert chain(rule).decide("p", request).allowed


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("fs_read", "{a,b}"), ("fs_read", "$NOWHERE/x"), ("http_hosts", "https://a.dev"), ("shell", "'"), ("nothing", "x")],
)  # fmt: skip
def test_what_cannot_be_read_has_no_example(kind: str, pattern: str) -> None:
    """It grants nothing, so there is nothing to ask about."""
    assert example_of(Rule(kind, pattern), PLACES) is None
