"""Layer 0: what no hostcall does, whatever anybody configured.

Promises    The table of rows is the whole of it: each names the kinds it takes, its patterns and why. It is
            compared without regard to case and to what file systems without case ignore, so that none opens a second door.
            A plugin's own data directory is exempt, and for reading its own package; nothing else is.
Gap         A hard link or a bind mount is another name that no path tells: whoever can make one has the rights of
            the user already, and no hostcall makes any.
Elsewhere   The rows: ``protected_rows.py``. How patterns read: ``paths.py``.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from glob import escape
from typing import Final

from policies.decision import Rule
from policies.names import NameSet
from policies.paths import Form, PathSet, Places, anchor, expand
from policies.protected_rows import ROWS, Row

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode lets a comparison ignore, and case-folding directories of Linux do."""
_TRAILING: Final = re.compile(r"(?<=[^/])[ .]+(?=/|\Z)")


class Protected:
    """The table for one home and one state directory; *ours* are patterns of what we keep elsewhere, *code* of what
    is run."""

    __slots__ = ("_by_kind", "_config", "_reasons", "_starts")

    def __init__(
        self,
        home: str,
        state: str,
        aliases: tuple[tuple[str, str], ...],
        ours: tuple[str, ...] = (),
        code: tuple[str, ...] = (),
    ) -> None:
        places = Places(home=home.casefold())
        real = {name.casefold(): where.casefold() for name, where in aliases}
        self._reasons = {row.name: row.reason for row in ROWS}
        self._by_kind: dict[str, list[tuple[PathSet, PathSet]]] = {}
        for kind in ("fs_read", "fs_write"):
            rows = [row for row in ROWS if kind in row.kinds]
            # One search for all that have no exception.
            groups = [[row for row in rows if not row.unless]]
            groups += [[row] for row in rows if row.unless]
            self._by_kind[kind] = [
                (
                    PathSet(
                        _rules(group, state, ours, code), places, denies=True, aliases=real
                    ),
                    # Not a denial: an exception covers no link and nothing beneath its wildcards.
                    PathSet(_exceptions(group), places, denies=False),
                )
                for group in groups
            ]
        self._starts = frozenset(
            start
            for groups in self._by_kind.values()
            for closed, _ in groups
            for start in closed.anchors
        )
        self._config = NameSet(
            [
                Rule(row.name, pattern)
                for row in ROWS
                if "config_write" in row.kinds
                for pattern in row.patterns
            ],
            denies=True,
        )

    def find_path(self, kind: str, path: str) -> tuple[str, str] | None:
        """Return the row's name and reason that takes *path*, which is in the form of ``paths.normalise``."""
        folded = path.casefold()
        forms = [Form(one) for one in dict.fromkeys((folded, _as_others_read(folded)))]
        for closed, open_ in self._by_kind[kind]:
            rule = next((rule for form in forms if (rule := closed.find(form))), None)
            if rule is not None and open_.find(forms[0]) is None:
                return rule.kind, self._reasons[rule.kind]
        return None

    def is_above(self, path: str) -> bool:
        """Whether *path*, in the form of ``paths.normalise``, would be on the way to something that the table names: a
        link there would give it another name, which the table does not know."""
        folded = _as_others_read(path.casefold())
        return folded.rpartition("/")[2] in _ON_THE_WAY or any(
            start.startswith(folded.rstrip("/") + "/") for start in self._starts
        )

    def find_key(self, name: str) -> tuple[str, str] | None:
        """Return the row's name and reason that takes the configuration key *name*."""
        rule = self._config.find(name)
        return None if rule is None else (rule.kind, self._reasons[rule.kind])


_ON_THE_WAY: Final = frozenset(
    name
    for row in ROWS
    for pattern in row.patterns
    if pattern.startswith("**/")
    for name in pattern.casefold().split("/")[1:-1]
)
"""Names of directories in which the table names something, wherever they are."""


def _as_others_read(path: str) -> str:
    """*path* as a file system may take it that knows no case: without invisible characters, and without blanks and
    dots at the end of a name."""
    if not path.isascii():
        path = _INVISIBLE.sub("", path)
    return _TRAILING.sub("", path) if " " in path or "." in path else path


def _rules(
    rows: Iterable[Row], state: str, ours: tuple[str, ...], code: tuple[str, ...]
) -> list[Rule]:
    return [
        Rule(row.name, _fold(pattern.replace("$STATE", escape(state))))
        for row in rows
        for pattern in _patterns(row, state, ours, code)
    ]


def _patterns(
    row: Row, state: str, ours: tuple[str, ...], code: tuple[str, ...]
) -> tuple[str, ...]:
    """The patterns of *row*, with what of its sort lies elsewhere on this machine."""
    known = tuple(one for one in row.patterns if state or not one.startswith("$STATE"))
    return (*known, *{"state": ours, "programs": code}.get(row.name, ()))


def _exceptions(rows: Iterable[Row]) -> list[Rule]:
    return [Rule(row.name, _fold(pattern)) for row in rows for pattern in row.unless]


def _fold(pattern: str) -> str:
    """Lower the case of *pattern*, but for the variable at its start."""
    head, slash, rest = pattern.partition("/")
    return head + slash + rest.casefold() if head.startswith("$") else pattern.casefold()


@lru_cache(maxsize=8)  # each weighs 160 KiB, and those in use are held by their chains
def protected(
    home: str,
    state: str,
    aliases: tuple[tuple[str, str], ...] = (),
    ours: tuple[str, ...] = (),
    code: tuple[str, ...] = (),
) -> Protected:
    """Return the table for *home* and *state*, made once for each pair."""
    return Protected(home, state, aliases, ours, code)


@lru_cache(maxsize=8)  # each weighs 160 KiB, and those in use are held by their chains
def anchors(
    home: str, state: str, ours: tuple[str, ...] = (), code: tuple[str, ...] = ()
) -> frozenset[str]:
    """Return the directories in which the rows' patterns begin, case kept, so that links on the way to them
    can be followed."""
    places = Places(home=home)
    patterns = (
        expand(pattern.replace("$STATE", escape(state)), places)
        for row in ROWS
        if row.kinds != ("config_write",)
        for pattern in _patterns(row, state, ours, code)
    )
    return frozenset(anchor(pattern) for pattern in patterns if pattern is not None)
