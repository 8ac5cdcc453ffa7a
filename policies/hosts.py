"""Host patterns, compared with the hosts of URLs.

A pattern is ``name``, ``*.suffix`` (not the suffix itself) or ``*``, and may end in ``:port``.

Promises    A host is brought to the form to which a URL parser brings it before it is compared: ASCII (IDNA),
            lower case, no trailing dot, one way to write an address. What has no such form is no host.
            A permission with a wildcard never covers an address of this machine, of the local network or of a
            cloud's metadata service, nor a name of such, unless its suffix says so (``*.svc.internal``); a
            metadata service takes its whole name.
Elsewhere   A name can resolve to such an address. Whoever connects asks :func:`is_inner` about the address
            that it is about to use, and connects to that one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from policies.capability import HostRequest
from policies.decision import Rule

Address: TypeAlias = IPv4Address | IPv6Address

MAX_HOST_CHARS: Final = 253
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
"""What a URL parser accepts in no host."""
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS: Final = {"http": 80, "https": 443}

_CARRIERS: Final[tuple[tuple[IPv6Network, int], ...]] = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated
    (IPv6Network("::/96"), 0),  # compatible
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
"""IPv6 that carries an IPv4 address, and by how many bits it is shifted."""

_INNER_NETWORKS: Final = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata service lives here, too
        "168.63.129.16/32",  # public in form; inside Azure it is the platform's own service
        "192.0.0.0/24",
        "198.18.0.0/15",
        "fd00:ec2::/32",
        "fec0::/10",
        "64:ff9b:1::/48",
    )
)
_METADATA_NETWORKS: Final = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "fe80::/10",
        "fd00:ec2::/32",
    )
)
_INNER_NAMES: Final = frozenset(
    {
        "localhost",
        "local",
        "internal",
        "localdomain",
        "lan",
        "home.arpa",
        "intranet",
        "corp",
        "home",
    }
)
"""Names, and what ends in them, that mean this machine, its network or a metadata service."""
_METADATA_NAMES: Final = frozenset(
    {
        "metadata.google.internal",
        "metadata.goog",
        "instance-data.ec2.internal",
        "metadata.tencentyun.com",
    }
)


class HostPatternError(ValueError):
    """A host pattern that cannot be read. The message says what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host in the one form in which hosts are compared. ``inner``: see :func:`is_inner`."""

    text: str
    is_address: bool
    inner: bool


def is_inner(host: "Address | str") -> bool:
    """Whether *host* is of this machine, the local network or a cloud's metadata service.

    A name is judged by its form only: without a dot, or under a suffix that is never public.
    """
    if isinstance(host, str):
        labels = host.split(".")
        return (
            len(labels) == 1
            or host in _METADATA_NAMES
            or any(".".join(labels[at:]) in _INNER_NAMES for at in range(len(labels)))
        )
    if isinstance(host, IPv6Address):
        for network, shift in _CARRIERS:
            if host in network and is_inner(IPv4Address((int(host) >> shift) & 0xFFFFFFFF)):
                return True
    if not host.is_global or host.is_multicast:
        return True
    return any(
        host.version == network.version and host in network for network in _INNER_NETWORKS
    )


def is_metadata(address: Address) -> bool:
    """Whether *address* is where clouds hand out credentials: link-local, and the few that are elsewhere."""
    if isinstance(address, IPv6Address):
        for network, shift in _CARRIERS:
            if address in network and is_metadata(
                IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
            ):
                return True
    return any(
        address.version == network.version and address in network
        for network in _METADATA_NETWORKS
    )


def normalise(host: str) -> Host | None:
    """Return *host*, as written in a URL, in the form in which hosts are compared; None when it is no host.

    ``EXAMPLE.com.`` is ``example.com``, ``0x7f.1`` is ``127.0.0.1``, ``[::ffff:7f00:1]`` too. Credentials
    are never part of a host.
    """
    if not host or len(host) > 4 * MAX_HOST_CHARS:
        return None
    if host.startswith("[") or host.count(":") > 1:
        if host.startswith("[") != host.endswith("]"):
            return None
        return _ipv6(host.removeprefix("[").removesuffix("]"))
    if "%" in host:
        try:
            host = unquote_to_bytes(host).decode()
        except (UnicodeDecodeError, UnicodeEncodeError):
            return None
    if not host.isascii():
        mapped = _to_ascii(host)
        if mapped is None:
            return None
        host = mapped
    host = host.lower().removesuffix(".")
    if not host or len(host) > MAX_HOST_CHARS or _FORBIDDEN.search(host):
        return None
    labels = host.split(".")
    if not all(0 < len(label) <= 63 for label in labels):
        return None
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        address = _ipv4(labels)
        return None if address is None else Host(str(address), True, is_inner(address))
    return Host(host, False, is_inner(host))


def _to_ascii(host: str) -> str | None:
    import idna  # 10 ms, and few hosts need it

    try:
        return idna.encode(host, uts46=True, transitional=False).decode()
    except (idna.IDNAError, UnicodeError):
        return None


def _ipv4(labels: list[str]) -> IPv4Address | None:
    """The URL standard's reading: 1 to 4 numbers, each octal, decimal or hexadecimal, the last one filling up."""
    if len(labels) > 4:
        return None
    numbers: list[int] = []
    for label in labels:
        try:
            if label.startswith("0x"):
                numbers.append(int(label[2:] or "0", 16))
            elif label.startswith("0") and len(label) > 1:
                numbers.append(int(label, 8))
            elif label.isdigit():
                numbers.append(int(label))
            else:
                return None
        except ValueError:
            return None
    last = numbers.pop()
    if any(number > 255 for number in numbers) or last >= 256 ** (4 - len(numbers)):
        return None
    return IPv4Address(sum(n << 8 * (3 - at) for at, n in enumerate(numbers)) + last)


def _ipv6(text: str) -> Host | None:
    # A zone names an interface of this machine; it is no part of the address.
    text, percent, _ = text.partition("%")
    try:
        address = IPv6Address(text)
    except (AddressValueError, ValueError):
        return None
    mapped = address.ipv4_mapped
    if mapped is not None:
        return Host(str(mapped), True, is_inner(mapped))
    return Host(str(address), True, bool(percent) or is_inner(address))


def request_of(url: str) -> HostRequest | None:
    """Return whom a request for *url* would connect to; None for anything but a plain http or https URL.

    Refused rather than repaired: blanks, control characters and backslashes, about which parsers differ.
    """
    if _ODD.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.netloc:
        return None
    where = parts.netloc.rpartition("@")[2]
    host, port = _split_port(where)
    if port == "" or (port is not None and not _is_port(port)) or normalise(host) is None:
        return None
    return HostRequest(host, int(port) if port is not None else _PORTS[scheme])


def redirect_of(url: str, location: str) -> HostRequest | None:
    """Return whom a redirect from *url* to *location* would connect to."""
    # Whether "https:a" and "///a" name a host is another thing about which parsers differ.
    if re.match(r"(?i)https?:(?!//[^/])|//(?![^/])", location) or _ODD.search(location):
        return None
    try:
        return request_of(urljoin(url, location))
    except ValueError:
        return None


def _split_port(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, closed, rest = text.partition("]")
        if not rest:
            return host + closed, None
        return host + closed, rest[1:] if rest.startswith(":") else ""
    if text.count(":") > 1:  # an address without its brackets
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A pattern that was read: *text* is a host or, under a wildcard, the suffix with its dot."""

    wild: bool
    text: str
    port: int | None


def read(pattern: str) -> HostPattern:
    """Read a host pattern; raises :class:`HostPatternError`."""
    if "/" in pattern:
        raise HostPatternError(
            "a host pattern is only the host; leave out the scheme and the path"
        )
    if "@" in pattern:
        raise HostPatternError("a host pattern has no user in it; write only the host")
    text, port = _split_port(pattern)
    if port == "*":
        port = None
    if port is not None and not _is_port(port):
        raise HostPatternError("a port is a number from 1 to 65535")
    number = None if port is None else int(port)
    if text == "*":
        return HostPattern(True, "", number)
    wild = text.startswith("*.")
    host = normalise(text.removeprefix("*.")) if "*" not in text[2 if wild else 0 :] else None
    if host is None or (wild and host.is_address):
        raise HostPatternError("a host pattern is a host, *.suffix or *, and may end in :port")
    return HostPattern(wild, f".{host.text}" if wild else host.text, number)


class HostSet:
    """The host patterns of one list."""

    __slots__ = ("_any", "_denies", "_exact", "_rules", "_wild")

    def __init__(self, rules: Iterable[Rule], *, denies: bool) -> None:
        self._rules = tuple(rules)
        self._denies = denies
        self._exact: dict[str, list[tuple[int, int | None]]] = {}
        self._wild: list[tuple[int, str, int | None]] = []
        self._any: int | None = None
        for index, rule in enumerate(self._rules):
            try:
                pattern = read(rule.pattern)
            except HostPatternError:
                if denies and self._any is None:
                    self._any = index
                continue
            if pattern.wild:
                self._wild.append((index, pattern.text, pattern.port))
            else:
                self._exact.setdefault(pattern.text, []).append((index, pattern.port))

    def find(self, host: Host, port: int) -> Rule | None:
        """Return the first rule that covers *port* of *host*."""
        best = self._any
        for index, wanted in self._exact.get(host.text, ()):
            if wanted in (None, port) and (best is None or index < best):
                best = index
        for index, suffix, wanted in self._wild:
            if best is not None and best <= index:
                break
            if wanted in (None, port) and self._is_wild_for(suffix, host):
                best = index
                break
        return None if best is None else self._rules[best]

    def _is_wild_for(self, suffix: str, host: Host) -> bool:
        if self._denies or not host.inner:
            return not suffix or (not host.is_address and host.text.endswith(suffix))
        return (
            not host.is_address
            and host.text.endswith(suffix)
            and host.text not in _METADATA_NAMES
            and bool(suffix)
            and is_inner(suffix[1:])
        )
