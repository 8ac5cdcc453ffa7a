"""What a user may name to ``install``: a package of npm, a git repository, or a path. Pure: nothing is looked up.

Promises    What comes out holds no control character and cannot be taken for an option, a command or a transport of
            git's that runs one. An address with a password is refused and never shown: it would be remembered.
Elsewhere   What the names lead to: ``npm``, ``git``, ``directory``.
"""

import ipaddress
import os
import re
import urllib.parse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from host.audit import printable
from host.errors import InstallError

ALLOWED: Final = (
    "give npm:NAME[@RANGE], git+https://HOST/PATH.git[#REVISION], git@HOST:PATH, github:OWNER/REPOSITORY, "
    "./PATH or an archive (.tgz, .tar.gz, .tar), each with [FEATURE,...] at its end if wanted"
)
ARCHIVES: Final = (".tgz", ".tar.gz", ".tar")
_OTHER_ARCHIVES: Final = (
    ".zip",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tar.zst",
    ".7z",
    ".rar",
)
MAX_CHARS: Final = 4096
_MAX_SHOWN: Final = 120
_MAX_FEATURES: Final = 200

_HOSTS: Final = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
"""Where a short form such as ``github:OWNER/REPOSITORY`` leads. What it became is shown before anything runs."""

_PACKAGE: Final = re.compile(r"(?:@[A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*")
_MAX_PACKAGE_CHARS: Final = 214
_NO_PACKAGE: Final = ("node_modules", "favicon.ico")
_RANGE: Final = re.compile(r"[A-Za-z0-9^~<>=*][A-Za-z0-9^~<>=*.+|_ -]{0,255}")
_FEATURE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,63}")
_FEATURES: Final = re.compile(r"\[([^\[\]]*)\]\Z")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NO_HOST: Final = (
    "npm",
    "file",
    "link",
    "workspace",
    "github",
    "gitlab",
    "bitbucket",
    "http",
    "https",
    "git",
    "ssh",
)
"""``NAME@npm:OTHER@RANGE`` is an alias of npm's, and no user at a host."""
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_URL_PATH: Final = re.compile(r"/?[A-Za-z0-9_.~@][A-Za-z0-9_.~@%+=,:/-]*")
_SCP: Final = re.compile(r"([^@:/\[\]]+)@([^@:/\[\]]+):(?!//)(.+)")
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@=-]{0,254}")
_NO_REVISION: Final = re.compile(r"\.\.|//|/\.|@\{|\.lock(/|\Z)|[/.]\Z")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
Features: TypeAlias = tuple[str, ...] | None
"""Which optional parts are wanted: None for the package's own defaults, ``("*",)`` for all, ``()`` for none."""


@dataclass(frozen=True, slots=True)
class NpmSpec:
    """A package by its name. ``range`` is a range of versions or a tag; empty for what the registry calls latest."""

    name: str
    range: str = ""
    features: Features = None

    @property
    def spec(self) -> str:
        """What can be given to ``install`` again, without the features."""
        return f"npm:{self.name}@{self.range}" if self.range else f"npm:{self.name}"


@dataclass(frozen=True, slots=True)
class GitSpec:
    """A repository. ``url`` is what git is given: ``https://``, ``ssh://``, ``user@host:path`` or an absolute path.

    ``http://`` and ``git://``, which anybody on the way can change, are for this very machine only. ``revision`` is
    a branch, a tag, a commit or ``semver:RANGE`` (the newest tag in it); empty for the default branch.
    """

    url: str
    revision: str = ""
    features: Features = None

    @property
    def is_local(self) -> bool:
        """Whether the user typed a path of this machine."""
        return self.url.startswith("/")

    @property
    def origin(self) -> str:
        """The repository in one word, whatever the revision: ``git+https://...``, ``git@HOST:PATH``."""
        if self.is_local:
            return f"git+file://{urllib.parse.quote(self.url)}"
        is_plain = "://" not in self.url or self.url.startswith("git://")
        return self.url if is_plain else f"git+{self.url}"

    @property
    def spec(self) -> str:
        """What can be given to ``install`` again, without the features."""
        return f"{self.origin}#{self.revision}" if self.revision else self.origin


@dataclass(frozen=True, slots=True)
class PathSpec:
    """A directory, a single file or an archive of this machine, by its absolute path."""

    path: Path
    features: Features = None

    @property
    def spec(self) -> str:
        """What can be given to ``install`` again, without the features."""
        # Brackets at the end would be read as features, and a blank would be lost.
        return f"{self.path}/" if str(self.path).endswith(("]", " ")) else str(self.path)


Spec: TypeAlias = NpmSpec | GitSpec | PathSpec


def parse_spec(text: str, cwd: Path) -> Spec:
    """Return what *text* names; a relative path is one beneath *cwd*.

    A bare word is a package of npm, unless it ends as an archive does. Raises InstallError E_SPEC, in one line
    that says what is allowed and shows no password.
    """
    if len(text) > MAX_CHARS:
        raise InstallError("E_SPEC", f"longer than {MAX_CHARS} characters; {ALLOWED}")
    if any(not c.isprintable() for c in text):
        _refuse(text, "holds a character that cannot be typed")
    rest, features = _features(text.strip())
    return replace(_parse(rest, cwd), features=features)


def shown(text: str) -> str:
    """Return *text* for a message: one line, not long, without what may be a name, a password or a token."""
    scheme, mark, rest = text.partition("://" if "://" in text else ":")
    if mark and "@" in rest and scheme != "npm":
        rest = f"***@{rest.rpartition('@')[2]}"
    if mark == "://" and "?" in rest:
        rest = f"{rest.partition('?')[0]}?***"
    line = printable(f"{scheme}{mark}{rest}")
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}..."


def _refuse(text: str, why: str) -> NoReturn:
    raise InstallError("E_SPEC", f"{shown(text) or 'nothing'}: {why}; {ALLOWED}")


def _features(text: str) -> tuple[str, Features]:
    found = _FEATURES.search(text)
    if found is None:
        return text, None
    names = [name.strip() for name in found[1].split(",")]
    if names == [""]:
        names = []
    if "*" in names and len(names) > 1:
        _refuse(text, "[*] means every feature and stands alone")
    for name in names:
        if name != "*" and not _FEATURE.fullmatch(name):
            _refuse(text, "a feature is a word of letters, digits, _ . : / and -")
    if len(names) > _MAX_FEATURES:
        _refuse(text, f"names more than {_MAX_FEATURES} features")
    return text[: found.start()].rstrip(), tuple(dict.fromkeys(names))


def _parse(text: str, cwd: Path) -> Spec:
    scheme, _, rest = text.partition(":")
    match scheme.lower() if _SCHEME.match(text) else "":
        case "npm":
            return _npm(rest, text)
        case "file":
            return PathSpec(_file(rest, cwd, text))
        case "git+file":
            where, revision = _revision(rest, text)
            return GitSpec(str(_file(where, cwd, text)), revision)
        case "github" | "gitlab" | "bitbucket" as known:
            return _short(_HOSTS[known], rest, text)
        case "git" if not rest.startswith("//"):
            return _by_host(rest, text)
        case "git" | "git+https" | "git+ssh" | "git+http" | "git+git" | "ssh":
            return _repository(text.removeprefix("git+"), text)
        case "https" | "http":
            return _web(text)
        case _:
            return _without_scheme(text, cwd)


def _without_scheme(text: str, cwd: Path) -> Spec:
    if text.startswith(("./", "../", "/", "~/")) or text in (".", "..", "~"):
        return PathSpec(_path(text, cwd, text))
    if scp := _SCP.fullmatch(text):
        return _scp(scp, text)
    if _SCHEME.match(text):
        _refuse(text, "is of a kind that is not installed from")
    if text.endswith(ARCHIVES) and ":" not in text:
        return PathSpec(_path(text, cwd, text))
    if text.lower().endswith(_OTHER_ARCHIVES):
        _refuse(text, "is packed in a way that is not read")
    if "/" in text and not text.startswith("@"):
        _refuse(
            text,
            f"may be a path (write ./{shown(text)}) or a repository (write github:{shown(text)})",
        )
    return _npm(text, text)


def _npm(named: str, text: str) -> NpmSpec:
    at = named.find("@", 1)
    name, wanted = (named, "") if at < 0 else (named[:at], named[at + 1 :].strip())
    if not name:
        _refuse(text, "names nothing")
    if not _PACKAGE.fullmatch(name) or len(name) > _MAX_PACKAGE_CHARS or name in _NO_PACKAGE:
        _refuse(text, "a package's name is letters, digits, . _ and -, or @SCOPE/NAME of them")
    if wanted and not _RANGE.fullmatch(wanted):
        _refuse(text, "what follows the @ is a version, a range such as ^1.2 or a tag")
    return NpmSpec(name, wanted)


def _file(rest: str, cwd: Path, text: str) -> Path:
    """What follows ``file:``: a path as it is, or the address of one (``//`` and percent signs)."""
    if rest.startswith("//"):
        host, _, rest = rest[2:].partition("/")
        if host not in ("", "localhost"):
            _refuse(text, "is a file of another machine; file:///PATH is one of this")
        rest = urllib.parse.unquote(f"/{rest}")
    return _path(rest, cwd, text)


def _path(given: str, cwd: Path, text: str) -> Path:
    if not given:
        _refuse(text, "names no path")
    if any(not c.isprintable() for c in given):
        _refuse(text, "holds a character that cannot be typed")
    if given.startswith("~") and given != "~" and not given.startswith("~/"):
        _refuse(text, "of homes only one's own is known, as ~/PATH")
    try:
        path = cwd.absolute() / Path(given).expanduser()
    except RuntimeError:
        _refuse(text, "there is no home directory to begin at")
    # Not resolved: a link that the user maintains may lead elsewhere next time. A .. is taken as written, as npm does.
    return Path(os.path.normpath(path))


def _revision(address: str, text: str) -> tuple[str, str]:
    where, mark, revision = address.partition("#")
    if mark and revision.startswith("semver:"):
        if not _RANGE.fullmatch(revision.removeprefix("semver:")):
            _refuse(text, "what follows semver: is a range such as ^1.2")
    elif mark:
        check_revision(revision, text)
    return where, revision


def check_revision(revision: str, text: str) -> None:
    """Refuse what is no name of a branch or tag, and no commit. *text* is what the message is about."""
    if not _REVISION.fullmatch(revision) or _NO_REVISION.search(revision):
        _refuse(text, "a revision is the name of a branch or tag, or a commit")


def _repository(address: str, text: str) -> GitSpec:
    """A URL that git shall be given."""
    where, revision = _revision(address, text)
    scheme, _, rest = where.partition("://")
    scheme = scheme.lower()
    authority, slash, path = rest.partition("/")
    user, at, place = authority.rpartition("@")
    if at and (scheme != "ssh" or not _USER.fullmatch(user)):
        _refuse(
            text,
            "an address with a name or password is not kept; git's own credential helpers hold those",
        )
    host, port = _host(place, text)
    if scheme == "ssh" and port and not port.isdigit():
        # What npm writes: git+ssh://git@HOST:OWNER/REPOSITORY.
        return replace(_located(user, host, f"{port}/{path}", text), revision=revision)
    if port and not (port.isdigit() and 1 <= int(port) <= 65535):
        _refuse(text, "has no such port")
    if scheme in ("http", "git") and not _is_here(host):
        _refuse(
            text, f"{scheme}:// can be changed by anybody on the way; use https:// or ssh://"
        )
    _check_path(f"{slash}{path}", text)
    return GitSpec(f"{scheme}://{authority}/{path}", revision)


def _host(place: str, text: str) -> tuple[str, str]:
    """Split *place* into a host and what follows its colon."""
    if place.startswith("["):
        host, end, rest = place[1:].partition("]")
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            end = ""
        if not end or "%" in host or (rest and not rest.startswith(":")):
            _refuse(text, "has no host that can be one")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    if not _HOST.fullmatch(host):
        _refuse(text, "has no host that can be one")
    return host, port


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _check_path(path: str, text: str) -> None:
    """Refuse what a server or a credential helper could take for more than a path."""
    if not _URL_PATH.fullmatch(path) or path == "/" or "::" in path:
        _refuse(text, "has no path that can be a repository's")
    if any(part.startswith("-") for part in path.split("/")[:2]) or any(
        not c.isprintable() for c in urllib.parse.unquote(path)
    ):
        _refuse(text, "has no path that can be a repository's")


def _scp(found: re.Match[str], text: str) -> GitSpec:
    path, revision = _revision(found[3], text)
    return replace(_located(found[1], found[2], path, text), revision=revision)


def _located(user: str, host: str, path: str, text: str) -> GitSpec:
    """``user@host:path``, as ssh has it."""
    if not _USER.fullmatch(user) or not _HOST.fullmatch(host) or host.lower() in _NO_HOST:
        _refuse(text, "is no USER@HOST:PATH")
    _check_path(path, text)
    return GitSpec(f"{user}@{host}:{path}")


def _short(host: str, rest: str, text: str) -> GitSpec:
    where, revision = _revision(rest, text)
    owner, slash, repository = where.removesuffix(".git").partition("/")
    if not slash or "/" in repository or not _PACKAGE.fullmatch(f"@{owner}/{repository}"):
        _refuse(text, "is no OWNER/REPOSITORY")
    return GitSpec(f"https://{host}/{owner}/{repository}.git", revision)


def _by_host(rest: str, text: str) -> GitSpec:
    """``git:HOST/PATH[@REVISION]``, the way that pi's packages are written."""
    if scp := _SCP.fullmatch(rest):
        return _scp(scp, text)
    where, at, revision = rest.partition("@")
    if at and "#" not in rest:
        where = f"{where}#{revision}"
    return _repository(f"https://{where}", text)


def _web(text: str) -> GitSpec:
    where, _, _ = text.partition("#")
    host = where.partition("://")[2].partition("/")[0].lower()
    path = where.partition("://")[2].partition("/")[2].strip("/")
    if where.endswith(".git"):
        return _repository(text, text)
    if where.lower().startswith("https:") and host in _HOSTS.values() and path.count("/") == 1:
        return _short(
            host,
            text.partition("://")[2].partition("/")[2].replace("/#", "#").rstrip("/"),
            text,
        )
    if where.endswith(ARCHIVES):
        _refuse(
            text, "archives are installed from this machine; download it, and name the file"
        )
    _refuse(text, "may be a repository (put git+ in front of it)")
