"""Patterns of things that have a name: variables, tools, commands, providers, keys, models; and events.

A name pattern is a glob (``*``, ``?``, ``[...]``), case and all. An event pattern is ``Event`` or ``Event:right``;
``*`` stands for any event, ``Event:*`` for every right. A tool pattern is ``name`` or ``name:call``.
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final, get_args

from policies.decision import Rule
from policies.rights import Right

MAX_NAME_CHARS: Final = 1024
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)

CALL: Final = ":call"
"""After the name of a tool: calling it, rather than offering it."""
_WILD: Final = re.compile(r"[*?\[]")
_TOOL_PREFIXES: Final = ("plugin_", "plugin:")
"""How an agent spells a plugin's tool; a rule may do the same."""


def name_problem(pattern: str) -> str | None:
    """Return what is wrong with a name pattern, or None."""
    if not pattern or pattern != pattern.strip() or not pattern.isprintable():
        return "a name pattern is not empty and has no blanks around it"
    if len(pattern) > MAX_NAME_CHARS:
        return f"a name pattern has {MAX_NAME_CHARS} characters at most"
    return None


def event_problem(pattern: str) -> str | None:
    """Return what is wrong with an event pattern, or None."""
    event, colon, right = pattern.partition(":")
    if colon and right != "*" and right not in RIGHTS:
        return f"a right of an event is one of {', '.join(RIGHTS)} or *"
    return name_problem(event)


class NameSet:
    """The name patterns of one list."""

    __slots__ = ("_any", "_exact", "_globs", "_rules")

    def __init__(self, rules: Iterable[Rule], *, denies: bool, tools: bool = False) -> None:
        self._rules = tuple(rules)
        self._exact: dict[str, int] = {}
        self._globs: list[tuple[int, re.Pattern[str]]] = []
        self._any: int | None = None
        for index, rule in enumerate(self._rules):
            if name_problem(rule.pattern) is not None:
                if denies and self._any is None:
                    self._any = index
                continue
            pattern = rule.pattern
            spellings = {pattern}
            if tools:
                spellings.update(
                    pattern.removeprefix(prefix)
                    for prefix in _TOOL_PREFIXES
                    if len(pattern) > len(prefix)
                )
            for one in spellings:
                if one == "*":
                    self._any = index if self._any is None else self._any
                elif _WILD.search(one):
                    self._globs.append((index, re.compile(translate(one))))
                else:
                    self._exact.setdefault(one, index)

    def find(self, name: str) -> Rule | None:
        """Return the first rule that covers *name*."""
        best = self._any
        index = self._exact.get(name)
        if index is not None and (best is None or index < best):
            best = index
        for index, glob in self._globs:
            if best is not None and best <= index:
                break
            if glob.match(name):
                best = index
                break
        return None if best is None else self._rules[best]


class ToolSet:
    """The patterns of one list that are about tools.

    ``name`` is about offering that tool, ``name:call`` about calling it when it is another plugin's: allowed
    each by itself, but who is denied a tool cannot call it either.
    """

    __slots__ = ("_called", "_denies", "_offered", "_written")

    def __init__(self, rules: Iterable[Rule], *, denies: bool) -> None:
        offered: list[Rule] = []
        called: list[Rule] = []
        self._denies = denies
        self._written: dict[Rule, Rule] = {}
        for rule in rules:
            bare = rule.pattern.removesuffix(CALL)
            if bare == rule.pattern or name_problem(bare) is not None:
                offered.append(rule)
            else:
                of_call = Rule(rule.kind, bare, rule.source)
                self._written[of_call] = rule
                called.append(of_call)
        self._offered = NameSet(offered, denies=denies, tools=True)
        self._called = NameSet(called, denies=denies, tools=True)

    def find(self, name: str) -> Rule | None:
        """Return the first rule that covers *name*, which is a tool's or ``name:call``."""
        bare = name.removesuffix(CALL)
        if bare == name or not bare:
            return self._offered.find(name)
        found = self._called.find(bare)
        if found is not None:
            return self._written[found]
        return self._offered.find(bare) if self._denies else None


class EventSet:
    """The event patterns of one list.

    Allowed: ``Event`` gives observe and veto, ``Event:right`` that right and observe. Denied: ``Event`` and
    ``Event:observe`` take everything, because what is not told has nothing to answer.
    """

    __slots__ = ("_rules",)

    def __init__(self, rules: Iterable[Rule], *, denies: bool) -> None:
        self._rules: list[tuple[re.Pattern[str], frozenset[str], Rule]] = []
        for rule in rules:
            event, colon, right = rule.pattern.partition(":")
            if event_problem(rule.pattern) is not None:
                if not denies:
                    continue
                event, rights = "*", frozenset[str](RIGHTS)
            elif right == "*" or (denies and right in ("", "observe")):
                rights = frozenset(RIGHTS)
            elif denies:
                rights = frozenset({right})
            else:
                rights = frozenset({"observe", right if colon else "veto"})
            self._rules.append((re.compile(translate(event)), rights, rule))

    def find(self, name: str) -> Rule | None:
        """Return the first rule that covers *name*, which is ``Event:right``."""
        event, _, right = name.partition(":")
        for glob, rights, rule in self._rules:
            if (right or "observe") in rights and glob.match(event):
                return rule
        return None
