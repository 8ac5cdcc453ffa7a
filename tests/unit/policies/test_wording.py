"""What a person reads of a capability: every kind has words, and no pattern looks milder than it is."""

from typing import get_args

import pytest

from policies.capability import Kind
from policies.decision import BUILT_IN, Rule
from policies.wording import meaning, spelled, weight


def rule(kind: str, pattern: str) -> Rule:
    """A rule of nobody in particular."""
    return Rule(kind, pattern, BUILT_IN)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_has_words_of_its_own(kind: str) -> None:
    """A kind that is added later does not pass as its name and a pattern."""
    assert meaning(rule(kind, "x")) != f"{kind} x"


@pytest.mark.parametrize(
    ("kind", "pattern", "told"),
    [
        ("fs_read", "rules", "reads rules (its own files)"),
        ("fs_read", "$DATA/a", "reads $DATA/a (its own data)"),
        ("fs_write", "$CWD/src", "writes $CWD/src (the project)"),
        ("fs_read", "$HOME/.config", "reads $HOME/.config (your home)"),
        ("fs_read", "*", "reads * (all your files)"),
        ("fs_read", "/etc/hosts", "reads /etc/hosts"),
        ("http_hosts", "*", "connects to any host"),
        ("tools", "bash:call", "calls the tool bash of another plugin"),
        ("tools", "scan", "offers the tool scan"),
        ("events", "TurnEnd:observe", "is told of TurnEnd"),
        ("events", "TurnEnd", "is told of TurnEnd, and may block it"),
        (
            "events",
            "PermissionRequest:decide",
            "may approve PermissionRequest in your place, without a question",
        ),
    ],
)
def test_a_pattern_in_words(kind: str, pattern: str, told: str) -> None:
    """As a person reads it."""
    assert meaning(rule(kind, pattern)) == told


@pytest.mark.parametrize(
    "pattern",
    ["$DATA/../../..", "src/../../..", "$PLUGIN/../../**", "/**", "*", "**/x", "~/**"],
)
def test_what_leads_out_is_not_its_own(pattern: str) -> None:
    """Whatever a pattern begins with, where it ends counts."""
    told = meaning(rule("fs_write", pattern))

    assert "its own" not in told
    assert weight(rule("fs_write", pattern)) == "heavy"


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("shell", "git status", "heavy"),
        ("events", "PreToolUse:rewrite", "heavy"),
        ("events", "*:rewrite", "heavy"),
        ("events", "UserPromptSubmit:rewrite", "notable"),
        ("events", "PermissionRequest:decide", "heavy"),
        ("events", "PreToolUse:*", "heavy"),
        ("events", "PreToolUse:veto", "plain"),
        ("fs_write", "/etc/**", "heavy"),
        ("fs_write", "$CWD/src", "notable"),
        ("fs_write", "$DATA", "plain"),
        ("fs_read", "$HOME", "notable"),
        ("fs_read", "{a,b}", "notable"),
        ("http_hosts", "api.acme.dev", "notable"),
        ("tools", "x", "plain"),
        ("tools", "x:call", "notable"),
    ],
)
def test_how_much_to_think_about_it(kind: str, pattern: str, expected: str) -> None:
    """Programs, commands that are changed and silent approvals are as good as being the user."""
    assert weight(rule(kind, pattern)) == expected


@pytest.mark.parametrize(
    ("kind", "pattern", "told"),
    [
        ("http_hosts", "\u0430pi.github.com", "xn--pi-6kc.github.com"),
        ("http_hosts", "*.\u0430pple.com:443", "*.xn--pple-43d.com:443"),
        ("http_hosts", "\u0430/b", "\\u0430/b"),
        ("http_hosts", "api.github.com", "api.github.com"),
        ("shell", f"git status{' ' * 300}*", "git status [299 blanks]*"),
        ("shell", " ls\n-l ", "[1 blank]ls\\n-l[1 blank]"),
        ("shell", "git commit -m *", "git commit -m *"),
        ("fs_read", "my files/**", "my files/**"),
    ],
)
def test_nothing_of_a_pattern_is_hidden_or_looks_like_another(
    kind: str, pattern: str, told: str
) -> None:
    """Letters of other alphabets in a host, and what blanks would push out of sight."""
    assert spelled(rule(kind, pattern)) == told
    assert told in meaning(rule(kind, pattern))
