"""One published version of a package, as a registry describes it, and what its dependencies ask for. Pure.

Promises    Whatever shape a stranger's description has, what comes out is names, texts and sets of them: a part of another
            shape counts as absent. Names are such that they can be a directory's.
"""

import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache
from typing import Final, Literal, Protocol

import nodesemver

from host.audit import printable
from host.errors import InstallError
from ipc.provided import NODE_VERSION

MAX_NAME_CHARS: Final = 214
MAX_RANGE_CHARS: Final = 256
MAX_VERSION_CHARS: Final = 256

_REST: Final = "[A-Za-z0-9._~-]*"
_NAME: Final = re.compile(rf"@[A-Za-z0-9~_-]{_REST}/[A-Za-z0-9~_-]{_REST}|[A-Za-z0-9~-]{_REST}")
_RESERVED: Final = frozenset({"node_modules", "favicon.ico"})
_TAG: Final = re.compile(r"[A-Za-z0-9_.~-]{1,128}")
_VERSION: Final = re.compile(r"[=v\s]*([0-9]+\.[0-9]+\.[0-9]+\S*)\s*")
_PLAIN: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*")
_ELSEWHERE: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"  # git:, https:, file:, workspace: and whatever comes next
    r"|.*/"  # owner/repository, ./path
    r"|\.|~$",
    re.DOTALL,
)
_CPUS: Final[Mapping[str, str]] = {"x86_64": "x64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Signature:
    """Of a registry, by the key that its ``keyid`` names. ``value`` is base64."""

    keyid: str
    value: str


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a package. No dependency is both in ``dependencies`` and ``optional``; any may be in ``bundled``."""

    name: str
    version: str
    tarball: str
    integrity: str
    signatures: tuple[Signature, ...]
    dependencies: Mapping[str, str]
    optional: Mapping[str, str]
    peers: Mapping[str, str]
    """That are not optional."""
    bundled: frozenset[str]
    node: str
    """What it wants of node; empty for anything."""
    os: tuple[str, ...]
    cpu: tuple[str, ...]
    libc: tuple[str, ...]
    deprecated: str
    has_script: bool

    @property
    def id(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def is_for_another_machine(self) -> bool:
        """Whether ``os``, ``cpu`` or ``libc`` leave this one out; in a package of programs that is how one is chosen."""
        machine = platform.machine()
        libc = platform.libc_ver()[0] or "musl"
        return not (
            _fits(self.os, "linux")
            and _fits(self.cpu, _CPUS.get(machine, machine))
            and _fits(self.libc, libc)
        )

    @property
    def misfit(self) -> str | None:
        """Why it is not for what runs here, or None."""
        if self.is_for_another_machine:
            words = ", ".join((*self.os, *self.cpu, *self.libc))
            return f"it is for another machine ({printable(words[:60])})"
        if self.node and not is_in(NODE_VERSION, self.node):
            return f"it wants node {printable(self.node[:60])}, and plugins have {NODE_VERSION}"
        return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a dependency asks for: of the package *name*, which is another than its folder's under an alias."""

    name: str
    kind: Literal["range", "tag"]
    text: str

    def admits(self, package: Published) -> bool:
        """Whether *package* is one that it asks for. A tag admits nothing that it was not looked up for."""
        return (
            self.kind == "range"
            and package.name == self.name
            and is_in(package.version, self.text)
        )


class _Parsed(Protocol):
    def compare(self, other: object) -> int: ...


def _compared(one: tuple[_Parsed, str], two: tuple[_Parsed, str]) -> int:
    return one[0].compare(two[0])


def is_name(text: str) -> bool:
    """Whether *text* can be the name of a package, an old one with capital letters included."""
    return (
        len(text) <= MAX_NAME_CHARS
        and _NAME.fullmatch(text) is not None
        and text.rpartition("/")[2].lower() not in _RESERVED
    )


@lru_cache(4096)
def is_in(version: str, wanted: str) -> bool:
    """Whether *version* is in the range *wanted*, both as npm reads them; False for what is none."""
    try:
        return bool(nodesemver.satisfies(version, wanted, loose=True))
    except (ValueError, TypeError):
        return False


@lru_cache(4096)
def is_range(text: str) -> bool:
    """Whether *text* is a range of versions as npm reads it, a single version included."""
    if len(text) > MAX_RANGE_CHARS:
        return False
    try:
        nodesemver.make_range(text, loose=True)
    except (ValueError, TypeError):
        return False
    return True


def clean(version: str) -> str:
    """Return *version* as a registry lists it: without ``v``, ``=`` and build; empty for what is none."""
    found = _VERSION.fullmatch(version) if len(version) <= MAX_VERSION_CHARS else None
    if found is None:
        return ""
    try:
        return str(nodesemver.make_semver(found[1], loose=True).version)
    except (ValueError, TypeError):
        return ""


def is_version(text: str) -> bool:
    """Whether *text* is a version that a registry may list, and plain enough for a file's name."""
    return _PLAIN.fullmatch(text) is not None and clean(text) != ""


def highest_first(versions: Iterable[str], wanted: str = "*") -> list[str]:
    """Return those of *versions* that are in the range *wanted*; what is no version is left out."""
    # Each is parsed once, and the range once for all: there may be 100,000 of them.
    test = nodesemver.make_range(wanted, loose=True).test
    found: list[tuple[_Parsed, str]] = []
    for text in versions:
        if _PLAIN.fullmatch(text) and len(text) <= MAX_VERSION_CHARS:
            try:
                version = nodesemver.make_semver(text, loose=True)
            except ValueError:
                continue
            if test(version):
                found.append((version, text))
    found.sort(key=cmp_to_key(_compared), reverse=True)
    return [text for _, text in found]


def wanted(folder: str, text: str) -> Wanted:
    """Return what the dependency *folder* with the value *text* asks for. Raises InstallError E_DEPENDENCY."""
    name, value = folder, text.strip()
    if value.startswith("npm:"):
        named = value.removeprefix("npm:")
        at = named.find("@", 1)
        name, value = (named, "") if at < 0 else (named[:at], named[at + 1 :].strip())
    if not is_name(folder) or not is_name(name):
        raise InstallError(
            "E_DEPENDENCY", f"{_shown(folder, text)}: a package cannot have that name"
        )
    if _ELSEWHERE.match(value):
        raise InstallError(
            "E_DEPENDENCY",
            f"{_shown(folder, text)}: only packages of the registry are installed as dependencies; "
            "nothing vouches for a repository, an address or a path",
        )
    if is_range(value):
        return Wanted(name, "range", value)
    if _TAG.fullmatch(value):
        return Wanted(name, "tag", value)
    raise InstallError(
        "E_DEPENDENCY", f"{_shown(folder, text)}: no range of versions, and no tag"
    )


def published(name: str, version: str, given: object) -> Published:
    """Return what *given*, decoded JSON of any shape, says about *version* of *name*."""
    data = given if isinstance(given, dict) else {}
    dist = _table(data.get("dist"))
    optional = _texts(data.get("optionalDependencies"))
    dependencies = _texts(data.get("dependencies"))
    bundled = _bundled(data, dependencies | optional)
    meta = _table(data.get("peerDependenciesMeta"))
    engines = data.get("engines")
    deprecated = data.get("deprecated")
    return Published(
        name=name,
        version=version,
        tarball=_text(dist.get("tarball")),
        integrity=_text(dist.get("integrity")),
        signatures=_signatures(dist.get("signatures")),
        dependencies={key: value for key, value in dependencies.items() if key not in optional},
        optional=optional,
        peers={
            key: value
            for key, value in _texts(data.get("peerDependencies")).items()
            if _table(meta.get(key)).get("optional") is not True
        },
        bundled=bundled,
        node=_text(_table(engines).get("node")),
        os=_words(data.get("os")),
        cpu=_words(data.get("cpu")),
        libc=_words(data.get("libc")),
        deprecated=deprecated
        if isinstance(deprecated, str)
        else "deprecated" * (deprecated is True),
        has_script=data.get("hasInstallScript") is True,
    )


def _bundled(data: dict[str, object], dependencies: Mapping[str, str]) -> frozenset[str]:
    given = data.get("bundleDependencies", data.get("bundledDependencies"))
    names = dependencies if given is True else given if isinstance(given, list) else ()
    return frozenset(name for name in names if isinstance(name, str) and is_name(name))


def _signatures(given: object) -> tuple[Signature, ...]:
    found = []
    for one in given if isinstance(given, list) else ():
        keyid, value = _table(one).get("keyid"), _table(one).get("sig")
        if isinstance(keyid, str) and isinstance(value, str):
            found.append(Signature(keyid, value))
    return tuple(found)


def _table(given: object) -> dict[str, object]:
    return given if isinstance(given, dict) else {}


def _texts(given: object) -> dict[str, str]:
    return {key: value for key, value in _table(given).items() if isinstance(value, str)}


def _text(given: object) -> str:
    return given if isinstance(given, str) else ""


def _words(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return (given,)
    return (
        tuple(word for word in given if isinstance(word, str))
        if isinstance(given, list)
        else ()
    )


def _fits(allowed: tuple[str, ...], here: str) -> bool:
    if f"!{here}" in allowed:
        return False
    positive = [word for word in allowed if not word.startswith("!")]
    return not positive or here in positive or "any" in positive


def _shown(folder: str, text: str) -> str:
    return printable(f"{folder[:80]}: {text[:120]}")
