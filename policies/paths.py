"""File patterns, compared with paths.

A pattern is a glob of whole names: ``*`` and ``?`` and ``[...]`` stay within one name, ``**`` is any number of
directories. Without wildcards it covers what is beneath it. It may begin with ``~``, ``$CWD``, ``$HOME``,
``$PLUGIN`` or ``$DATA``; a relative one starts at the plugin's root, but ``**/name`` is anywhere, and ``*`` or
``**`` alone is every path.

Promises    Text is compared with text, case and all, after both were brought to one form (``.``, ``..``,
            doubled and trailing slashes, Unicode NFC). What is not a path is compared with nothing.
            Matching takes time in proportion to the path and the pattern, whatever they hold.
Elsewhere   Pure code follows no link: whoever asks gives where a path leads beside its name. A denial covers
            more than the same words as a permission would: both what the pattern says and what is beneath.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from glob import escape
from itertools import takewhile
from types import MappingProxyType
from typing import Final, TypeAlias
from unicodedata import normalize

from policies.decision import Rule

MAX_PATH_BYTES: Final = 4096
MAX_NAME_BYTES: Final = 255
MAX_DEPTH: Final = 256
"""Directories in a path. Deeper ones are refused: matching ``**`` costs a step for each."""
MAX_PATTERN_CHARS: Final = 1024
MAX_PATTERN_NAMES: Final = 64

Aliases: TypeAlias = Mapping[str, str]
"""A directory that a pattern names -> where it really is, for those that are reached over a link."""

NO_ALIASES: Final[Aliases] = MappingProxyType({})

_VARIABLE: Final = re.compile(r"\$(?:([A-Z_]+)|\{([A-Z_]+)\})(?=/|\Z)")
_WILD: Final = re.compile(r"[*?\[]")
_ESCAPED: Final = re.compile(r"\[([*?\[])\]")
_EVERYTHING: Final = ("*", "**", "/", "/**")


@dataclass(frozen=True, slots=True)
class Places:
    """What the variables stand for: absolute paths without links, or nothing where there is no such place."""

    cwd: str = ""
    home: str = ""
    plugin: str = ""
    data: str = ""


class PatternError(ValueError):
    """A pattern that cannot be read. The message says what is wrong and what to write."""


def normalise(path: str) -> str | None:
    """Return *path* in the form in which paths are compared, or None when it is none that we take.

    Refused: relative, empty, with a NUL, longer than the kernel takes, deeper than MAX_DEPTH.
    """
    if not path.startswith("/") or "\0" in path or len(path) > MAX_PATH_BYTES:
        return None
    if not path.isascii():
        path = normalize("NFC", path)
        if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
            return None
    # Two leading slashes are kept by normpath, as POSIX allows; Linux knows one root.
    path = posixpath.normpath("/" + path.lstrip("/"))
    if len(path) > MAX_NAME_BYTES // 4 and any(
        len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES for name in path.split("/")
    ):
        return None
    return path if path.count("/") <= MAX_DEPTH else None


def expand(pattern: str, places: Places) -> str | None:
    """Return *pattern* as an absolute one; None when it begins with a place that there is not.

    Raises :class:`PatternError`.
    """
    if not pattern or pattern != pattern.strip():
        raise PatternError("a path pattern is not empty and has no blanks around it")
    if "\0" in pattern or len(pattern) > MAX_PATTERN_CHARS:
        raise PatternError(
            f"a path pattern has no NUL and {MAX_PATTERN_CHARS} characters at most"
        )
    if re.search(r"\{[^}]*,[^}]*\}", pattern):
        raise PatternError("braces are not expanded; write one pattern for each")
    if pattern.startswith("!"):
        raise PatternError("a pattern cannot be negated; use the other list")
    if pattern in _EVERYTHING:
        return "/**"
    if pattern.startswith("~"):
        if pattern[1:2] not in ("", "/"):
            raise PatternError("only ~ itself is known, no other user's; write the directory")
        pattern = "$HOME" + pattern[1:]
    if pattern.startswith("$"):
        found = _VARIABLE.match(pattern)
        name = (found[1] or found[2]).lower() if found else ""
        if found is None or name not in Places.__dataclass_fields__:
            raise PatternError("the variables are $CWD, $HOME, $PLUGIN and $DATA")
        base, rest = str(getattr(places, name)), pattern[found.end() :]
    elif pattern.startswith(("/", "**/")):
        base, rest = "/", pattern
    else:
        base, rest = places.plugin, "/" + pattern
    if not base:
        return None
    # A directory may be called anything, wildcards included: those of its name are no wildcards.
    return _lexical(escape(normalize("NFC", base)), normalize("NFC", rest))


def _lexical(base: str, rest: str) -> str:
    names = [name for name in base.split("/") if name]
    floor = len(names)
    for name in rest.split("/"):
        if name in ("", "."):
            continue
        if name == "..":
            if names and _WILD.search(names[-1]) and len(names) > floor:
                raise PatternError(".. after a wildcard could be anywhere; write the directory")
            if names:
                names.pop()
                floor = min(floor, len(names))
        else:
            names.append(name)
    if len(names) > MAX_PATTERN_NAMES:
        raise PatternError(f"a path pattern has {MAX_PATTERN_NAMES} names at most")
    return "/" + "/".join(names)


def _plain(name: str) -> str | None:
    """Return the text that *name* of a pattern stands for, or None when it has wildcards."""
    if not _WILD.search(name):
        return name
    return None if _WILD.search(_ESCAPED.sub("", name)) else _ESCAPED.sub(r"\1", name)


def anchor(pattern: str) -> str:
    """Return the directories at the start of an absolute *pattern* that hold no wildcard, as a path."""
    plain = takewhile(lambda name: name is not None, map(_plain, pattern.split("/")[1:]))
    return "/" + "/".join(name for name in plain if name is not None)


_Part: TypeAlias = "str | re.Pattern[str]"


class PathSet:
    """The file patterns of one list. *denies*: they cover what is beneath a match too, and the names in
    *aliases* by their real place."""

    __slots__ = ("_bad", "_everywhere", "_globs", "_rules", "_trees", "anchors")

    def __init__(
        self,
        rules: Iterable[Rule],
        places: Places,
        *,
        denies: bool,
        aliases: Aliases = NO_ALIASES,
    ) -> None:
        self._rules = tuple(rules)
        self._trees: dict[str, int] = {}
        self._everywhere: dict[str, int] = {}
        self._globs: list[tuple[int, tuple[_Part, ...]]] = []
        self._bad: int | None = None
        anchors: set[str] = set()
        for index, rule in enumerate(self._rules):
            try:
                pattern = expand(rule.pattern, places)
            except PatternError:
                # A denial that nobody can read denies everything of its kind; a permission, nothing.
                if denies and self._bad is None:
                    self._bad = index
                continue
            if pattern is None:
                continue
            start = anchor(pattern)
            anchors.add(start)
            self._add(index, pattern, denies=denies)
            real = aliases.get(start) if denies else None
            if real is not None and real != start:
                rest = pattern.split("/")[start.count("/") + (start != "/") :]
                self._add(
                    index, "/".join((escape(real.rstrip("/")), *rest)) or "/", denies=denies
                )
        self.anchors: Final = frozenset(anchors)
        """Where the patterns begin, so that their real places can be found out."""

    def _add(self, index: int, pattern: str, *, denies: bool) -> None:
        names = [name for name in pattern.split("/") if name]
        whole_tree = bool(names) and names[-1] == "**"
        if whole_tree:
            names.pop()
        plain = [_plain(name) for name in names]
        if None not in plain:
            self._trees.setdefault("/" + "/".join(name for name in plain if name), index)
        elif len(names) == 2 and names[0] == "**" and plain[1] and (denies or whole_tree):
            self._everywhere.setdefault(plain[1], index)
        else:
            if whole_tree or denies:
                names.append("**")
            self._globs.append((index, tuple(_part(name, denies=denies) for name in names)))

    def find(self, path: str) -> Rule | None:
        """Return the first rule that covers *path*, which :func:`normalise` made."""
        best = self._bad
        if self._trees:
            at = path
            while True:
                index = self._trees.get(at)
                if index is not None and (best is None or index < best):
                    best = index
                if at == "/":
                    break
                at = at[: at.rfind("/")] or "/"
        if self._everywhere or self._globs:
            names = path.split("/")[1:] if path != "/" else []
            if self._everywhere:
                for name in names:
                    index = self._everywhere.get(name)
                    if index is not None and (best is None or index < best):
                        best = index
            for index, parts in self._globs:
                if best is not None and best <= index:
                    break
                if _match(parts, names):
                    best = index
                    break
        return None if best is None else self._rules[best]


def _part(name: str, *, denies: bool) -> _Part:
    if name == "**":
        return name
    plain = _plain(name)
    if plain is not None:
        return plain
    text = translate(name)
    if (
        denies and "[" in name
    ):  # a directory may be called [slug], and a denial of it is meant so
        text = f"(?:{text})|{re.escape(name)}\\Z"
    return re.compile(text)


def _match(parts: tuple[_Part, ...], names: list[str]) -> bool:
    """Compare name by name; on a mismatch let the last ``**`` take one more. Never more than n * m steps."""
    part = name = 0
    star = resume = -1
    while name < len(names):
        if part < len(parts):
            wanted = parts[part]
            if wanted == "**":
                star, resume = part, name
                part += 1
                continue
            if (
                wanted == names[name]
                if isinstance(wanted, str)
                else wanted.match(names[name]) is not None
            ):
                part += 1
                name += 1
                continue
        if star < 0:
            return False
        resume += 1
        part, name = star + 1, resume
    return all(wanted == "**" for wanted in parts[part:])
