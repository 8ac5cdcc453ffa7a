"""Which registry packages come from, and with which credential: what the user has already told npm.

Order       ``[plugin.install] registry`` of our configuration, ``NPM_CONFIG_REGISTRY`` (any case), the user's npmrc, the
            machine's, and last what ``npm config get registry`` says. There is no built-in one. A scope's own registry
            (``@acme:registry``) goes before all of them: a package of ours must never be looked up with strangers.
Promises    A project's ``.npmrc`` is never read: a checkout does not choose where code comes from. A credential is given
            for the registry it was configured for and for no other host.
"""

import base64
import configparser
import contextlib
import ipaddress
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from host.audit import printable
from host.errors import InstallError
from host.programs.environment import base_environment
from host.programs.lookup import find_program, sane_path
from host.spawn import run_to_end

AskNpm = Callable[[Mapping[str, str]], str | None]

_PREFIX: Final = "npm_config_"
_MAX_BYTES: Final = 256 * 1024
_ASK_S: Final = 20.0
_VARIABLE: Final = re.compile(r"(\\*)\$\{([^${}]+)\}")
_COMMENT: Final = re.compile(r"(?<!\\)[;#].*")
_CREDENTIAL: Final = re.compile(r"(//[^\s]+/):(_authToken|_auth|username|_password)")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_SCOPE: Final = re.compile(r"(@[^/:\s]+):registry")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Said:
    """One value of a configuration, and where it is written."""

    value: str
    where: str


@dataclass(frozen=True, slots=True)
class NpmSettings:
    """Where to ask for which package. Credentials are not shown."""

    registry: str | None
    """With a slash at its end; None when nobody says."""
    scopes: Mapping[str, str] = field(default_factory=dict)
    """``@scope`` -> registry."""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """``//host/path/`` -> value of the header ``authorization``."""
    unset: Mapping[str, str] = field(default_factory=dict)
    """``//host/path/`` -> why its credential cannot be used."""
    ca_files: tuple[str, ...] = ()
    """Certificates of authorities (PEM) that are trusted beside the system's."""

    def registry_for(self, package: str) -> str:
        """Return the registry of *package*, ``name`` or ``@scope/name``. Raises InstallError E_NO_REGISTRY."""
        scope = package.partition("/")[0] if package.startswith("@") else ""
        found = self.scopes.get(scope, self.registry)
        if found is None:
            raise InstallError(
                "E_NO_REGISTRY",
                "no npm registry is configured; set registry under [plugin.install] in config.toml, "
                "NPM_CONFIG_REGISTRY, or registry in ~/.npmrc",
            )
        return found

    def authorization(self, url: str, registry: str) -> str | None:
        """Return the credential for *url*, which *registry* named; None where it leads to another host."""
        return self._nearest(self.credentials, url, registry)

    def why_no_credential(self, registry: str) -> str | None:
        """Return what is wrong with the credential of *registry*, if there is one that cannot be used."""
        return self._nearest(self.unset, registry, registry)

    def _nearest(self, table: Mapping[str, str], url: str, registry: str) -> str | None:
        if not is_same_origin(url, registry):
            return None
        for place in (url, registry):
            parts = urlsplit(place)
            path = parts.path[: parts.path.rfind("/") + 1] or "/"
            while path:
                if (found := table.get(f"//{_authority(parts)}{path}")) is not None:
                    return found
                path = path[: path[:-1].rfind("/") + 1]
        return None


def user_settings(variables: Mapping[str, str]) -> NpmSettings:
    """Return what *variables* and the files of the user whom they describe say. Raises InstallError and ConfigError."""
    from host.config import (
        jcode_home,
        load_config,
    )  # here: pydantic, which whoever has settings does without

    config = load_config(jcode_home(variables), variables=variables)
    where = str(config.source_of("install", "registry"))
    return read_settings(variables, configured=config.install.registry, configured_at=where)


def read_settings(
    variables: Mapping[str, str],
    *,
    configured: str | None = None,
    configured_at: str = "[plugin.install] registry",
    ask: AskNpm | None = None,
) -> NpmSettings:
    """Return what *variables*, the user's npmrc and the machine's say; *configured* is our own configuration's word.

    *ask* is asked when none of them names a registry. Raises InstallError for what cannot be a registry or a
    credential, with the place that says it.
    """
    said: dict[str, _Said] = {}
    for path in _files(variables):
        said.update(_read(path, variables))
    said.update(_of_environment(variables))
    if configured:
        said["registry"] = _Said(configured, configured_at)
    if "registry" not in said and (told := (ask or ask_npm)(variables)) is not None:
        said["registry"] = _Said(told, "npm config get registry")
    registry = said.get("registry")
    scopes = {
        found[1]: registry_url(value.value, value.where)
        for key, value in said.items()
        if (found := _SCOPE.fullmatch(key))
    }
    credentials, unset = _credentials(said)
    return NpmSettings(
        registry_url(registry.value, registry.where) if registry else None,
        scopes,
        credentials,
        unset,
        _authorities(said, variables),
    )


def registry_url(text: str, where: str) -> str:
    """Return the address of a registry as it is used: checked, with a slash at its end. Raises InstallError."""
    try:
        parts = urlsplit(text.strip())
        _authority(parts)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    problem = None
    if parts.scheme not in _PORTS or not parts.hostname or not text.isprintable():
        problem = "is no address of a registry; it begins with https://"
    elif parts.username is not None or parts.password is not None:
        host = _authority(parts)
        raise InstallError(
            "E_NO_REGISTRY",
            f"{where}: an address with a name or password is not used; write //{host}/:_authToken into ~/.npmrc",
        )
    elif parts.query or parts.fragment:
        problem = "ends in a query or a fragment; take it away"
    elif parts.scheme == "http" and not is_loopback(parts.hostname):
        problem = "can be read and changed on the way; use https://"
    if problem is not None:
        raise InstallError("E_NO_REGISTRY", f"{where}: {printable(text[:200])} {problem}")
    return f"{parts.scheme}://{_authority(parts)}{parts.path.rstrip('/')}/"


def is_loopback(host: str) -> bool:
    """Whether *host* is this machine, by a name or number that cannot mean another."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_same_origin(one: str, two: str) -> bool:
    """Whether two addresses have scheme, host and port in common."""
    first, second = urlsplit(one), urlsplit(two)
    return (first.scheme, _authority(first)) == (second.scheme, _authority(second))


def _authority(parts: SplitResult) -> str:
    """Host and port, without the usual port; raises ValueError for a port that is none."""
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return host if port in (None, _PORTS.get(parts.scheme)) else f"{host}:{port}"


def ask_npm(variables: Mapping[str, str]) -> str | None:
    """Return what npm says, None without npm. It runs where no project's file can have a part in the answer."""
    path = _path(variables)
    try:
        npm = find_program("npm", path, "/")
    except (FileNotFoundError, PermissionError):
        return None
    with tempfile.TemporaryDirectory(prefix="jcode-npm-") as empty:
        # npm looks for a project in the directories above, of which one may be everybody's; globally it does not.
        done = run_to_end(
            [npm, "config", "get", "registry", "--location=global"],
            env=base_environment(variables, path),
            cwd=empty,
            within_s=_ASK_S,
        )
    lines = done.stdout.decode(errors="replace").split() if done.code == 0 else []
    return lines[-1] if lines and lines[-1] not in ("undefined", "null") else None


def _files(variables: Mapping[str, str]) -> list[Path]:
    """The machine's npmrc, then the user's, whose word goes before."""
    named = _of_environment(variables)
    found = []
    if "globalconfig" in named:
        found.append(Path(named["globalconfig"].value))
    else:
        prefix = named["prefix"].value if "prefix" in named else _prefix_of_node(variables)
        # Distributions keep it beneath /etc.
        found += [Path("/etc/npmrc")] if prefix in (None, "/usr") else []
        found += [Path(prefix) / "etc" / "npmrc"] if prefix else []
    if "userconfig" in named:
        found.append(Path(named["userconfig"].value))
    elif home := variables.get("HOME"):
        found.append(Path(home) / ".npmrc")
    return found


def _path(variables: Mapping[str, str]) -> str:
    """Where programs are looked for: not in the working directory, which may be a stranger's, or gone."""
    try:
        here = os.getcwd()
    except FileNotFoundError:
        here = ""
    return sane_path(variables.get("PATH", ""), (here,))


def _prefix_of_node(variables: Mapping[str, str]) -> str | None:
    for directory in _path(variables).split(":"):
        node = Path(directory) / "node"
        if node.exists():
            return str(Path(os.path.realpath(node)).parent.parent)
    return None


def _read(path: Path, variables: Mapping[str, str]) -> dict[str, _Said]:
    text = _text(path)
    parser = configparser.ConfigParser(
        delimiters=("=",),
        comment_prefixes=(";", "#"),
        strict=False,
        interpolation=None,
        allow_no_value=True,
        default_section="",
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of scopes and paths are kept as written
    lines = [line.strip() for line in text.splitlines()]
    try:
        parser.read_string("\n".join(["[npmrc]", *(line for line in lines if line)]))
    except configparser.Error:
        raise InstallError("E_NO_REGISTRY", f"{path} cannot be read as an npmrc") from None
    return {
        key: _Said(_expanded(_unquoted(value), variables), str(path))
        for key, value in parser.items("npmrc")
        if value
    }


def _text(path: Path) -> str:
    """The content of *path*; empty when there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise InstallError(
            "E_NO_REGISTRY", f"{path} cannot be read: {error.strerror}"
        ) from None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return ""
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InstallError("E_NO_REGISTRY", f"{path} is larger than {_MAX_BYTES >> 10} KiB")
    return data.decode(errors="replace")


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    value = _COMMENT.sub("", value).strip()
    return value.replace("\\;", ";").replace("\\#", "#")


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    """*value* with ``${NAME}`` replaced; a name that is not set stays as written."""

    def replaced(found: re.Match[str]) -> str:
        escapes, name = found[1], found[2]
        if len(escapes) % 2:
            return found[0][(len(escapes) + 1) // 2 :]
        optional = name.endswith("?")
        given = variables.get(
            name.removesuffix("?"), "" if optional else found[0][len(escapes) :]
        )
        return escapes[len(escapes) // 2 :] + given

    return _VARIABLE.sub(replaced, value)


def _of_environment(variables: Mapping[str, str]) -> dict[str, _Said]:
    found = {}
    for name in sorted(variables):
        if name.lower().startswith(_PREFIX) and variables[name]:
            key = name[len(_PREFIX) :]
            if key and not key.startswith("//"):
                key = key[0].lower() + key[1:].replace("_", "-").lower()
            found[key] = _Said(_expanded(variables[name], variables), name)
    return found


def _credentials(said: Mapping[str, _Said]) -> tuple[dict[str, str], dict[str, str]]:
    by_place: dict[str, dict[str, _Said]] = {}
    for key, value in said.items():
        if found := _CREDENTIAL.fullmatch(key):
            host, slash, path = found[1][2:].partition("/")
            by_place.setdefault(f"//{host.lower()}{slash}{path}", {})[found[2]] = value
    credentials, unset = {}, {}
    for place, parts in by_place.items():
        if missing := _missing(parts.values()):
            unset[place] = missing
        elif header := _header(parts):
            if not all(_TOKEN.fullmatch(word) for word in header.split(" ", 1)):
                where = next(iter(parts.values())).where
                raise InstallError(
                    "E_AUTH", f"{where}: the credential of {printable(place)} is not one line"
                )
            credentials[place] = header
    return credentials, unset


def _missing(values: Iterable[_Said]) -> str | None:
    for value in values:
        if found := _VARIABLE.search(value.value):
            return f"{value.where} takes it from {printable(found[2][:60])}, which is not set"
    return None


def _header(parts: Mapping[str, _Said]) -> str | None:
    if token := parts.get("_authToken"):
        return f"Bearer {token.value}"
    if pair := parts.get("_auth"):
        return f"Basic {pair.value}"
    name, password = parts.get("username"), parts.get("_password")
    if name is None or password is None:
        return None
    plain = b""
    with contextlib.suppress(ValueError):  # then it is no password, and the registry says so
        plain = base64.b64decode(password.value)
    return f"Basic {base64.b64encode(name.value.encode() + b':' + plain).decode()}"


def _authorities(said: Mapping[str, _Said], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Files of authorities; what npm is told must be there, what node is told counts if it is."""
    found = []
    if named := said.get("cafile"):
        if not os.path.isfile(named.value):
            raise InstallError(
                "E_NETWORK", f"{named.where}: cafile {printable(named.value)} is no file"
            )
        found.append(named.value)
    if (extra := variables.get("NODE_EXTRA_CA_CERTS")) and os.path.isfile(extra):
        found.append(extra)
    return tuple(dict.fromkeys(found))
