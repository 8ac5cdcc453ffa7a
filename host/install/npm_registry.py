"""What a registry says: which versions there are, which of them is meant, and the archive of one.

Promises    What is answered for one name is about that name and the version that was asked for; an archive is handed out
            only after its hash, and where there is one its signature, was found right.
Elsewhere   Which registry: ``npmrc.py``. How it is asked: ``npm_http.py``. Whose dependencies go where: ``npm_resolve.py``.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from urllib.parse import quote

import msgspec

from host.audit import printable
from host.errors import InstallError
from host.install.npm_http import Moved, RegistryHttp
from host.install.npm_package import (
    Published,
    Wanted,
    clean,
    highest_first,
    is_in,
    is_name,
    is_range,
    is_version,
    published,
)
from host.install.npm_signature import Key, check_archive, check_signatures, moment, read_keys
from host.install.npmrc import NpmSettings

MAX_PACKUMENT_BYTES: Final = 64 * 1024 * 1024
MAX_PACKUMENTS_BYTES: Final = 256 * 1024 * 1024
"""Of all descriptions together, which stay in memory while a tree is resolved."""
MAX_ARCHIVE_BYTES: Final = 64 * 1024 * 1024
MAX_KEYS_BYTES: Final = 1024 * 1024
_PACKUMENT_S: Final = 120.0
_ARCHIVE_S: Final = 300.0
_KEYS_S: Final = 60.0
_SHORT: Final = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"
_WHOLE: Final = "application/json"
_ANY: Final = "application/octet-stream, */*"
_THREADS: Final = 8
_MANY: Final = 5
"""Versions that a message names."""
_LATEST: Final = 1000
"""Versions of which these are the highest; registries list them in the order in which they came."""


class _Described(msgspec.Struct):
    name: str
    dist_tags: dict[str, str] = msgspec.field(name="dist-tags", default_factory=dict)
    versions: dict[str, msgspec.Raw] = {}


class _Times(msgspec.Struct):
    time: dict[str, msgspec.Raw] = {}


@dataclass(frozen=True, slots=True)
class Packument:
    """What a registry knows of one package: its tags, and its versions, each still to be decoded."""

    name: str
    registry: str
    tags: Mapping[str, str]
    versions: Mapping[str, msgspec.Raw] = field(repr=False)

    def version(self, version: str) -> Published:
        """Return *version*, which is one of ``versions``. Raises InstallError E_REGISTRY for one that lies."""
        try:
            given: object = msgspec.json.decode(self.versions[version])
        except (msgspec.DecodeError, UnicodeDecodeError):
            given = None
        data = given if isinstance(given, dict) else {}
        name, stated = data.get("name", self.name), data.get("version", version)
        if name != self.name or stated != version:
            raise InstallError(
                "E_REGISTRY",
                f"{printable(f'{self.name}@{version}')}: the registry describes it as "
                f"{printable(f'{str(name)[:100]}@{str(stated)[:40]}')}; it is not installed",
            )
        return published(self.name, version, data)

    def pick(self, wanted: str) -> Published:
        """Return what npm would take for *wanted*, a version, a range or a tag; empty for the tag ``latest``.

        That is: of a range what ``latest`` names if it is in it, else the highest that is not deprecated. Raises
        InstallError E_NOT_FOUND, which says what there is.
        """
        exact = clean(wanted) if wanted else ""
        if exact and exact in self.versions:
            return self.version(exact)
        if wanted in self.tags and not is_range(wanted):
            return self._tagged(wanted)
        if not wanted:
            return self._tagged("latest") if "latest" in self.tags else self._highest("*")
        if is_range(wanted):
            return self._highest(wanted)
        raise self._nothing(wanted)

    def _tagged(self, tag: str) -> Published:
        version = self.tags[tag]
        if version not in self.versions or not is_version(version):
            raise self._nothing(tag)
        return self.version(version)

    def _highest(self, wanted: str) -> Published:
        latest = self.tags.get("latest", "")
        if (
            is_version(latest)
            and latest in self.versions
            and (wanted in ("", "*") or is_in(latest, wanted))
        ):
            found = self.version(latest)
            if not found.deprecated:
                return found
        fitting = highest_first(self.versions, wanted)
        for version in fitting:
            found = self.version(version)
            if not found.deprecated:
                return found
        if not fitting:
            raise self._nothing(wanted)
        return self.version(fitting[0])

    def _nothing(self, wanted: str) -> InstallError:
        count = len(self.versions)
        newest = highest_first(list(self.versions)[-_LATEST:])[:_MANY]
        there = ", ".join(newest) + (
            f" and {count - len(newest)} more" if count > len(newest) else ""
        )
        tags = ", ".join(
            f"{tag} = {version}" for tag, version in list(self.tags.items())[:_MANY]
        )
        told = f"there are {there or 'none'}" + (f"; tags: {tags}" if tags else "")
        return InstallError(
            "E_NOT_FOUND",
            printable(f"{self.name} has no version {wanted[:100]!r}; {told}"[:600]),
        )


class Registry:
    """The registries of one installation; from as many threads as there are. A context manager."""

    def __init__(
        self,
        settings: NpmSettings,
        *,
        pause: Callable[[float], object] | None = None,
        most_lookups: int = 1000,
    ) -> None:
        self._settings = settings
        self._http = RegistryHttp(settings, pause=pause)
        self._packuments: dict[str, Packument | InstallError] = {}
        self._keys: dict[str, Mapping[str, Key]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, "registry")
        self._lookups_left = most_lookups
        self._bytes_left = MAX_PACKUMENTS_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def stop(self) -> None:
        """Let whatever threads still ask end soon, with an error."""
        self._http.stop()

    def prefetch(self, names: Iterable[str]) -> None:
        """Ask for several packages at once. What goes wrong is told to whoever asks for that one."""
        missing = [name for name in dict.fromkeys(names) if name not in self._packuments]
        for name, found in zip(missing, self._threads.map(self._asked, missing), strict=True):
            self._packuments[name] = found

    def packument(self, name: str) -> Packument:
        """Return what is known of the package *name*. Raises InstallError."""
        self.prefetch([name])
        found = self._packuments[name]
        if isinstance(found, InstallError):
            raise found
        return found

    def pick(self, wanted: Wanted) -> Published:
        """Return the version that a dependency means. Raises InstallError."""
        return self.packument(wanted.name).pick(wanted.text)

    def archive(self, package: Published, moved: Moved | None = None) -> bytes:
        """Return the archive of *package*, which is the one described. Raises InstallError."""
        registry = self._settings.registry_for(package.name)
        answer = self._http.get(
            _as_safe_as(registry, package.tarball),
            registry,
            accept=_ANY,
            max_bytes=MAX_ARCHIVE_BYTES,
            within_s=_ARCHIVE_S,
            moved=moved,
        )
        if answer.status != 200:
            raise self._refused(f"the archive of {package.id}", registry, answer.status)
        check_archive(package, answer.body)
        return answer.body

    def check_signature(self, package: Published) -> bool | None:
        """Return True for a signature that holds, False for a version without one, None for a registry without keys.

        Raises InstallError E_SIGNATURE for one that does not hold.
        """
        if not package.signatures:
            return False
        registry = self._settings.registry_for(package.name)
        keys = self._keys_of(registry)
        if not keys:
            return None
        check_signatures(package, keys, published_at=lambda: self._published_at(package))
        return True

    def _asked(self, name: str) -> Packument | InstallError:
        try:
            return self._ask(name)
        except InstallError as error:
            return error

    def _ask(self, name: str) -> Packument:
        if not is_name(name):
            raise InstallError(
                "E_SPEC", f"{printable(name[:80])}: a package cannot have that name"
            )
        with self._lock:
            self._lookups_left -= 1
            if self._lookups_left < 0:
                raise InstallError(
                    "E_DEPENDENCY", "it asks for too many packages to look them all up"
                )
        registry = self._settings.registry_for(name)
        body = self._document(name, registry, _SHORT)
        with self._lock:
            self._bytes_left -= len(body)
            if self._bytes_left < 0:
                raise InstallError(
                    "E_DEPENDENCY",
                    f"the descriptions of all that it needs are larger than {MAX_PACKUMENTS_BYTES >> 20} MiB",
                )
        try:
            found = msgspec.json.decode(body, type=_Described)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InstallError(
                "E_REGISTRY",
                f"{_shown(registry)} answers for {name} with what is no description of a package; is it an npm registry?",
            ) from None
        if found.name != name:
            raise InstallError(
                "E_REGISTRY",
                f"{_shown(registry)} answers for {name} with {printable(found.name[:100])}; nothing is installed",
            )
        if not found.versions:
            raise InstallError("E_NOT_FOUND", f"{name} has no versions: all were taken back")
        return Packument(name, registry, found.dist_tags, found.versions)

    def _document(self, name: str, registry: str, accept: str) -> bytes:
        answer = self._http.get(
            registry + quote(name, safe="@"),
            registry,
            accept=accept,
            max_bytes=MAX_PACKUMENT_BYTES,
            within_s=_PACKUMENT_S,
        )
        if answer.status != 200:
            raise self._refused(name, registry, answer.status)
        return answer.body

    def _refused(self, what: str, registry: str, status: int) -> InstallError:
        shown = _shown(registry)
        if status in (404, 410):
            hint = "check the spelling"
            if "@" in what[:1] and self._settings.authorization(registry, registry) is None:
                hint += f", or write a token that may read it into ~/.npmrc, as //{shown}/:_authToken=TOKEN"
            return InstallError(
                "E_NOT_FOUND", f"{printable(what)} is not in the registry at {shown}; {hint}"
            )
        if status in (401, 403):
            why = self._settings.why_no_credential(registry) or (
                f"write a token that may read it into ~/.npmrc, as //{shown}/:_authToken=TOKEN"
            )
            return InstallError(
                "E_AUTH", f"{shown} does not give {printable(what)} ({status}): {why}"
            )
        return InstallError(
            "E_NETWORK", f"{shown} answers {status} for {printable(what)}; try again later"
        )

    def _keys_of(self, registry: str) -> Mapping[str, Key]:
        with self._lock:
            if registry not in self._keys:
                answer = self._http.get(
                    f"{registry}-/npm/v1/keys",
                    registry,
                    accept=_WHOLE,
                    max_bytes=MAX_KEYS_BYTES,
                    within_s=_KEYS_S,
                )
                if answer.status >= 500 or answer.status == 429:
                    raise self._refused("its keys", registry, answer.status)
                self._keys[registry] = read_keys(answer.body)
            return self._keys[registry]

    def _published_at(self, package: Published) -> datetime | None:
        registry = self._settings.registry_for(package.name)
        body = self._document(package.name, registry, _WHOLE)
        try:
            raw = msgspec.json.decode(body, type=_Times).time.get(package.version)
            return None if raw is None else moment(msgspec.json.decode(raw, type=str))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            return None


def _as_safe_as(registry: str, url: str) -> str:
    """Return *url*, by https if *registry* is and this is the same host: behind a proxy it may not know what it is."""
    host, is_clear = registry.partition("://")[2].partition("/")[0], url.startswith("http://")
    if registry.startswith("https://") and is_clear and url[7:].partition("/")[0] == host:
        return f"https://{url[7:]}"
    return url


def _shown(registry: str) -> str:
    return printable(registry.partition("://")[2].rstrip("/"))
