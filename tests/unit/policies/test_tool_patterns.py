"""Patterns about tools: offering one, and calling another plugin's."""

import pytest

from policies.decision import Rule
from policies.names import ToolSet


@pytest.mark.parametrize(
    ("pattern", "name", "allowed", "denied"),
    [
        ("bash", "bash", True, True),
        ("bash", "bash:call", False, True),
        ("bash:call", "bash", False, False),
        ("bash:call", "bash:call", True, True),
        ("*", "bash:call", False, True),
        ("*:call", "bash:call", True, True),
        ("*:call", "bash", False, False),
        ("plugin_bash:call", "bash:call", True, True),
        ("ba*:call", "bash:call", True, True),
        ("ba*:call", "zsh:call", False, False),
        (":call", "bash:call", False, False),
        (
            " :call",
            "bash:call",
            False,
            True,
        ),  # nobody can read it: whatever it was meant to deny
    ],
)
def test_offering_is_not_calling(pattern: str, name: str, allowed: bool, denied: bool) -> None:
    """A permission is for one of them; who is denied a tool cannot call it either."""
    rules = [Rule("tools", pattern)]
    assert (ToolSet(rules, denies=False).find(name) is not None) == allowed
    found = ToolSet(rules, denies=True).find(name)
    assert (found is not None) == denied
    assert found in (None, rules[0])
