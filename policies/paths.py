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
from itertools import accumulate, takewhile
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

    # Patterns are kept by the directory in which they begin, so that a path meets only those on its way up.
    __slots__ = (
        "_any_ending",
        "_any_glob",
        "_bad",
        "_endings",
        "_globs",
        "_known",
        "_name_globs",
        "_names",
        "_rules",
        "_starts",
        "_trees",
        "anchors",
    )

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
        self._globs: dict[str, list[tuple[int, frozenset[str], tuple[_Part, ...]]]] = {}
        self._names: dict[str, int] = {}
        """Names that are covered wherever they stand; then endings of such, as in ``*.pem``, and other globs."""
        self._endings: dict[str, int] = {}
        self._name_globs: list[tuple[int, re.Pattern[str]]] = []
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
        self._any_glob = (
            re.compile("|".join(f"(?:{glob.pattern})" for _, glob in self._name_globs))
            if self._name_globs
            else None
        )
        self._any_ending = tuple(self._endings)
        self._known = frozenset(self._names)
        self._starts = frozenset(self._trees) | frozenset(self._globs)
        self.anchors: Final = frozenset(anchors)
        """Where the patterns begin, so that their real places can be found out."""

    def _add(self, index: int, pattern: str, *, denies: bool) -> None:
        names = [name for name in pattern.split("/") if name]
        whole_tree = bool(names) and names[-1] == "**"
        if whole_tree:
            names.pop()
        if denies:
            whole_tree = True
        plain = list(takewhile(lambda name: name is not None, map(_plain, names)))
        start = "/" + "/".join(name for name in plain if name is not None)
        rest = names[len(plain) :]
        if not rest:
            self._trees.setdefault(start, index)
        elif (
            rest[0] == "**" and not plain and len(rest) == 2 and rest[1] != "**" and whole_tree
        ):
            part = _part(rest[1], denies=denies)
            ending = _plain(rest[1].removeprefix("*"))
            if isinstance(part, str):
                self._names.setdefault(part, index)
            elif ending is not None:
                self._endings.setdefault(ending, index)
            else:
                self._name_globs.append((index, part))
        else:
            if whole_tree:
                rest.append("**")
            parts = tuple(_part(name, denies=denies) for name in rest)
            literal = frozenset(p for p in parts if isinstance(p, str) and p != "**")
            self._globs.setdefault(start, []).append((index, literal, parts))

    def find(self, path: "Form") -> Rule | None:
        """Return the first rule that covers *path*."""
        names = path.names
        best = len(self._rules) if self._bad is None else self._bad
        for at in self._starts.intersection(path.above):
            best = min(best, self._trees.get(at, best))
            globs = self._globs.get(at)
            if globs is not None:
                beneath = names[at.count("/") if at != "/" else 0 :]
                for index, literal, parts in globs:
                    if index >= best:
                        break
                    if literal <= path.known and _match(parts, beneath):
                        best = index
        for name in self._known & path.known:
            best = min(best, self._names[name])
        if self._any_ending:
            for name in names:
                if name.endswith(self._any_ending):
                    best = min(
                        best, *(i for end, i in self._endings.items() if name.endswith(end))
                    )
        if self._any_glob is not None:
            for name in names:
                if self._any_glob.match(name) is not None:
                    found = (i for i, glob in self._name_globs if glob.match(name) is not None)
                    best = min(best, next(found))
        return self._rules[best] if best < len(self._rules) else None


class Form:
    """A path ready to be compared: made of what :func:`normalise` gave."""

    __slots__ = ("above", "known", "names", "text")

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.names: Final = text.split("/")[1:] if text != "/" else []
        self.known: Final = frozenset(self.names)
        # The path itself and every directory above it.
        self.above: Final = (
            ["/", *accumulate(self.names[1:], _joined, initial="/" + self.names[0])]
            if self.names
            else ["/"]
        )


def _joined(directory: str, name: str) -> str:
    return f"{directory}/{name}"


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
