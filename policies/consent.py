"""What loading a plugin consents to, as rules for layer 3 of the chain.

By one's own hand (a path on the command line, a link, a file in the user's plugin directory): its registrations,
so events with observe, veto and rewrite, tools and commands; never ``decide``. An installed package: what its
manifest declares and the user accepted. A project's plugin: nothing until the project is trusted, then the
same as by hand. In the profile ``hardened``: only what the manifest declares, however it was loaded.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from policies.decision import BUILT_IN, Rule, Source

Loaded: TypeAlias = Literal["hand", "installed", "project"]

ANY_REGISTRATION: Final = (
    ("events", "*"),
    ("events", "*:rewrite"),
    ("tools", "*"),
    ("commands", "*"),
)
"""Kinds and patterns that cover whatever a plugin registers. Never ``decide``."""


def consent(
    loaded: Loaded,
    source: Source,
    *,
    declared: Iterable[Rule] = (),
    accepted: Iterable[Rule] = (),
    trusted: bool = False,
    hardened: bool = False,
) -> tuple[Rule, ...]:
    """Return what was consented to, every rule with *source*, which names the act.

    *declared* is the manifest's, *accepted* what the user said yes to when installing; *trusted* is about
    the project.
    """
    if loaded == "project" and not trusted:
        return ()
    if loaded == "installed":
        return tuple(Rule(rule.kind, rule.pattern, source) for rule in accepted)
    if hardened:
        return tuple(Rule(rule.kind, rule.pattern, source) for rule in declared)
    return tuple(Rule(kind, pattern, source) for kind, pattern in ANY_REGISTRATION)


def granted(
    loaded: Loaded,
    *,
    own_files: str | None = "$PLUGIN",
    trusted: bool = False,
    hardened: bool = False,
) -> tuple[Rule, ...]:
    """Return what no manifest needs to declare: the data directory, and reading the plugin's own files.

    *own_files* is a path pattern: the whole root of a package, but of a single file only that file, because
    its directory is whatever directory it happens to lie in. None: nothing. Hardened: the data directory alone.
    """
    if loaded == "project" and not trusted:
        return ()
    rules = [Rule("fs_read", "$DATA", BUILT_IN), Rule("fs_write", "$DATA", BUILT_IN)]
    if own_files is not None and not hardened:
        rules.append(Rule("fs_read", own_files, BUILT_IN))
    return tuple(rules)
