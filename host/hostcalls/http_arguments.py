"""What ``http.request`` is asked for, judged before anything is resolved or sent.

Promises    A :class:`Wanted` can be sent as it is: one URL of http or https in ASCII without a user, a method and headers
            that cannot end a line, and none of the headers that are the connection's own.
"""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urldefrag, urljoin, urlsplit

from host.hostcalls.granted import ArgumentsError
from host.outcome import Json
from policies.capability import HostRequest
from policies.hosts import normalise, redirect_of, request_of

Redirect: TypeAlias = Literal["follow", "error", "manual"]
Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_URL_CHARS: Final = 16 * 1024
MAX_HEADER_CHARS: Final = 64 * 1024
"""Of names and values, in one direction."""
MAX_HEADERS: Final = 256
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_METHODS_REFUSED: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
_OURS: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Of one connection, and told by us: what a plugin says of them is left out, as ``fetch`` does."""
_SECRETS: Final = frozenset({"authorization", "cookie"})
"""Not for whom a redirect leads to."""
# fmt: off
_OTHER_PROTOCOLS: Final = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
    531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190,
    5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on
"""The fetch standard's list: what listens there could be made to take a request for something else."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request, of the first hop or a later one. *body* None: there is none."""

    method: str
    url: str
    headers: Headers
    body: bytes | None
    timeout_s: float | None
    redirect: Redirect

    @property
    def target(self) -> str:
        """Path and query, as they are sent."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def is_secure(self) -> bool:
        """Whether it is https."""
        return urlsplit(self.url).scheme.lower() == "https"


def host_of(args: dict[str, Json]) -> HostRequest:
    """Return whom the first hop goes to; raises :class:`ArgumentsError`."""
    return _host(_url(args))


def _url(args: dict[str, Json]) -> str:
    url = args.get("url")
    if not isinstance(url, str):
        raise ArgumentsError("http.request takes a url")
    return url


def _host(url: str) -> HostRequest:
    if len(url) > MAX_URL_CHARS:
        raise ArgumentsError(f"a URL has at most {MAX_URL_CHARS} characters")
    wanted = request_of(url)
    if wanted is None:
        raise ArgumentsError("only whole URLs of http: and https: are fetched")
    if not url.isascii():
        raise ArgumentsError("a URL is ASCII: other characters of a path are percent-encoded")
    if "@" in urlsplit(url).netloc:
        raise ArgumentsError(
            "a URL with a user in it is not fetched; send an Authorization header"
        )
    if wanted.port in _OTHER_PROTOCOLS:
        raise ArgumentsError(f"port {wanted.port} is another protocol's")
    host = normalise(wanted.host)
    # People are asked about, and rules and the audit name, what is connected to, however a plugin spelt it.
    return wanted if host is None else replace(wanted, host=host.text)


def read(args: dict[str, Json]) -> Wanted:
    """Read all arguments; raises :class:`ArgumentsError`."""
    method = args.get("method", "GET")
    if not isinstance(method, str) or not _TOKEN.fullmatch(method) or len(method) > 32:
        raise ArgumentsError("a method is a word like GET")
    if method.upper() in _METHODS_REFUSED:
        raise ArgumentsError(f"{method} is not sent")
    redirect = args.get("redirect", "follow")
    timeout_ms = args.get("timeout_ms")
    if timeout_ms is not None and (
        isinstance(timeout_ms, bool)
        or not isinstance(timeout_ms, int | float)
        or timeout_ms <= 0
    ):
        raise ArgumentsError("timeout_ms is a number of milliseconds")
    body = _body(args)
    if body is not None and method in ("GET", "HEAD"):
        raise ArgumentsError(f"{method} has no body")
    return Wanted(
        method=method,
        url=urldefrag(_url(args)).url,
        headers=_headers(args.get("headers")),
        body=body,
        # A number of JSON may be larger than any float.
        timeout_s=None if timeout_ms is None else min(timeout_ms, 10**9) / 1000,
        redirect=_redirect(redirect),
    )


def _redirect(value: Json) -> Redirect:
    for known in get_args(Redirect):
        if value == known:
            word: Redirect = known
            return word
    raise ArgumentsError("redirect is follow, error or manual")


def _body(args: dict[str, Json]) -> bytes | None:
    text, coded = args.get("body"), args.get("body_base64")
    if isinstance(coded, str):
        try:
            return base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raise ArgumentsError("body_base64 is not base64") from None
    if isinstance(text, str):
        return text.encode()
    if text is not None or coded is not None:
        raise ArgumentsError("a body is text, or body_base64")
    return None


def _headers(value: Json) -> Headers:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_HEADERS:
        raise ArgumentsError(f"headers is a list of at most {MAX_HEADERS} pairs")
    found: list[tuple[str, str]] = []
    size = 0
    for pair in value:
        name, text = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if not isinstance(name, str) or not isinstance(text, str):
            raise ArgumentsError("a header is a pair of name and value")
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(text):
            raise ArgumentsError("a header holds a line end, or what no header may hold")
        size += len(name) + len(text)
        if name.lower() not in _OURS:
            found.append((name, text.strip("\t ")))
    if size > MAX_HEADER_CHARS:
        raise ArgumentsError(f"headers have at most {MAX_HEADER_CHARS} characters")
    return tuple(found)


def redirected(wanted: Wanted, status: int, location: str) -> tuple[Wanted, HostRequest]:
    """Return the request that a redirect asks for, and whom it goes to; raises :class:`ArgumentsError`."""
    host = redirect_of(wanted.url, location)
    if host is None:
        raise ArgumentsError("it redirects to what is no plain URL of http: or https:")
    url = urldefrag(urljoin(wanted.url, location)).url
    host = _host(url)
    headers = wanted.headers
    method, body = wanted.method, wanted.body
    if (status in (301, 302) and method == "POST") or (
        status == 303 and method not in ("GET", "HEAD")
    ):
        method, body = "GET", None
        headers = tuple(pair for pair in headers if not pair[0].lower().startswith("content-"))
    if _origin(wanted.url) != _origin(url):
        headers = tuple(pair for pair in headers if pair[0].lower() not in _SECRETS)
    return replace(wanted, method=method, url=url, headers=headers, body=body), host


def _origin(url: str) -> tuple[str, HostRequest | None]:
    return urlsplit(url).scheme.lower(), request_of(url)
