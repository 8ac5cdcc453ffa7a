"""Requests to a registry: one at a time for its caller, from as many threads as there are.

Promises    Nothing is asked in the clear but of this machine. A credential reaches the host it was given for and no other,
            whatever a redirect or an address in an answer says. No answer is longer than its caller allows, none takes
            longer, and no cookie is kept.
Elsewhere   What the answers mean: ``npm_registry.py``. Which credential: ``npmrc.py``.
"""

import random
import socket
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpcore
import httpx

from host.audit import printable
from host.errors import InstallError
from host.hostcalls.http_connection import tls_context
from host.install.npmrc import NpmSettings, is_loopback, is_same_origin
from host.reactor import now_s

_AGENT: Final = "jcode-plugin"
_ATTEMPTS: Final = 3
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0
_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
_MAX_SHOWN: Final = 200

Moved = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end, after redirects. The body of anything but a success is empty."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class _AgainError(Exception):
    """This attempt failed in a way that another may not."""


class RegistryHttp:
    """Holds connections open until it is closed. *pause* waits between attempts, for so many seconds."""

    def __init__(
        self,
        settings: NpmSettings,
        *,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._settings = settings
        self._stopped = threading.Event()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._sockets_lock = threading.Lock()
        self._pause = pause or self._stopped.wait
        context = _tls(settings.ca_files)
        try:
            self._client = httpx.Client(
                verify=context,
                timeout=_TIMEOUT,
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={"user-agent": _AGENT},
            )
        except (ValueError, ImportError, httpx.InvalidURL):
            raise InstallError(
                "E_NETWORK",
                "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used; it begins with http://",
            ) from None

    def stop(self) -> None:
        """Let whatever threads still ask end soon, with an error, also one that waits for an answer."""
        self._stopped.set()
        with self._sockets_lock:
            for one in self._sockets:
                with suppress(OSError):  # it is closed already
                    # Not the method of a TLS socket, which would take its state from under whoever reads.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)

    def _note_socket(self, event: str, info: Mapping[str, object]) -> None:
        """Hear of every connection that is made, before anything is sent or read on it."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        stream = info.get("return_value")
        found = (
            stream.get_extra_info("socket")
            if isinstance(stream, httpcore.NetworkStream)
            else None
        )
        if isinstance(found, socket.socket):
            with self._sockets_lock:
                self._sockets.add(found)
        if self._stopped.is_set():
            if isinstance(stream, httpcore.NetworkStream):
                stream.close()  # nobody else has it yet
            raise InstallError("E_NETWORK", "it was stopped")

    def close(self) -> None:
        """Close every connection; nobody asks any more."""
        self._client.close()

    def get(
        self,
        url: str,
        registry: str,
        *,
        accept: str,
        max_bytes: int,
        within_s: float,
        moved: Moved | None = None,
    ) -> Answer:
        """Return the answer to a GET of *url*, an address that *registry* named or that is its own.

        *moved* hears how many bytes there are, of how many if that is known. Raises InstallError E_NETWORK for what no
        attempt got through, E_REGISTRY for an answer or an address that cannot be used.
        """
        until = now_s() + within_s
        for attempt in range(1, _ATTEMPTS + 1):
            pause_s = _FIRST_PAUSE_S * 2 ** (attempt - 1) * (1 + random.random())  # noqa: S311 - spreads load
            try:
                answer = self._follow(url, registry, accept, max_bytes, until, moved)
            except _AgainError as failed:
                if attempt == _ATTEMPTS or self._stopped.is_set() or now_s() + pause_s > until:
                    raise InstallError("E_NETWORK", str(failed)) from None
            else:
                if answer.status not in _AGAIN or attempt == _ATTEMPTS:
                    return answer
                if answer.retry_after_s is not None:
                    pause_s = answer.retry_after_s
                if now_s() + pause_s > until:
                    return answer
            self._pause(min(pause_s, _LONGEST_PAUSE_S))
        raise AssertionError("unreachable")  # the last attempt returns or raises

    def _follow(
        self,
        url: str,
        registry: str,
        accept: str,
        max_bytes: int,
        until: float,
        moved: Moved | None,
    ) -> Answer:
        headers = {
            "accept": accept,
            "accept-encoding": "gzip" if "json" in accept else "identity",
        }
        target = _checked(url, registry)
        # As the code that connects reads it: two parsers may differ about where a host ends.
        credential = self._settings.authorization(str(target), registry)
        for _ in range(_MOST_REDIRECTS + 1):
            sent = headers if credential is None else headers | {"authorization": credential}
            with self._open(target, sent) as response:
                if response.status_code not in _REDIRECTS:
                    return self._read(response, max_bytes, until, moved)
                onward = response.headers.get("location", "")
            following = _checked(_joined(target, onward), registry)
            if not is_same_origin(str(target), str(following)):
                # For the rest of the way: it must not come back by a detour that another host chose.
                credential = None
            target = following
        raise InstallError(
            "E_REGISTRY", f"{_host(target)} redirects more than {_MOST_REDIRECTS} times"
        )

    @contextmanager
    def _open(self, url: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream(
                "GET", url, headers=dict(headers), extensions={"trace": self._note_socket}
            ) as response:
                yield response
        except httpx.TransportError as error:
            raise _failure(error, url) from None
        except (httpx.InvalidURL, httpx.DecodingError, UnicodeError) as error:
            raise InstallError(
                "E_REGISTRY", f"{_host(url)}: {_line(error) or 'an answer that cannot be read'}"
            ) from None

    def _read(
        self, response: httpx.Response, max_bytes: int, until: float, moved: Moved | None
    ) -> Answer:
        if not response.is_success:
            return Answer(response.status_code, b"", _retry_after(response))
        stated = response.headers.get("content-length", "")
        total = (
            int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else None
        )
        host = _host(response.url)
        if total is not None and total > max_bytes:
            raise _too_long(host, max_bytes)
        body = bytearray()
        is_plain = response.request.headers["accept-encoding"] == "identity"
        for piece in response.iter_raw() if is_plain else response.iter_bytes():
            body += piece
            if len(body) > max_bytes:
                raise _too_long(host, max_bytes)
            if self._stopped.is_set():
                raise InstallError("E_NETWORK", "it was stopped")
            if now_s() > until:
                raise _AgainError(f"{host} answers too slowly; try again")
            if moved is not None:
                moved(len(body), total if is_plain else None)
        return Answer(response.status_code, bytes(body))


@cache  # reading all authorities takes longer than many an installation
def _tls(ca_files: tuple[str, ...]) -> ssl.SSLContext:
    context = tls_context(None)
    for path in ca_files:
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise InstallError(
                "E_NETWORK",
                f"{printable(path)}: no certificates can be read from it: {_line(error)}",
            ) from None
    return context


def _checked(url: str, registry: str) -> httpx.URL:
    """Return *url* parsed by the very code that connects; raises InstallError unless it may be asked."""
    try:
        parsed = httpx.URL(url)
        _ = parsed.port
    except (httpx.InvalidURL, ValueError):
        parsed = httpx.URL("")
    is_clear = parsed.scheme == "http" and is_loopback(parsed.host)
    # A registry elsewhere does not get to speak to what listens on this machine only.
    may_be_clear = is_clear and is_loopback(httpx.URL(registry).host)
    if not parsed.host or not (parsed.scheme == "https" or may_be_clear):
        raise InstallError(
            "E_REGISTRY",
            f"{printable(url[:_MAX_SHOWN])} is no address that is asked: it must begin with https://",
        )
    if parsed.userinfo:
        raise InstallError(
            "E_REGISTRY", f"{_host(parsed)}: an address with a password is not asked"
        )
    return parsed.copy_with(fragment=None)


def _joined(base: httpx.URL, onward: str) -> str:
    try:
        return str(base.join(onward))
    except (httpx.InvalidURL, ValueError):
        return onward


def _too_long(host: str, max_bytes: int) -> InstallError:
    return InstallError("E_REGISTRY", f"{host} answers with more than {max_bytes >> 20} MiB")


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; a date is not worth a parser."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _failure(error: httpx.TransportError, url: httpx.URL) -> Exception:
    host = _host(url)
    text = _line(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return InstallError(
            "E_NETWORK",
            f"the certificate of {host} is not trusted ({text}); name its authority in SSL_CERT_FILE or npm's cafile",
        )
    if isinstance(error, httpx.UnsupportedProtocol):
        return InstallError("E_NETWORK", f"{host}: {text}")
    if isinstance(error, httpx.TimeoutException):
        return _AgainError(
            f"{host} does not answer; check the connection and the proxy, then try again"
        )
    return _AgainError(
        f"cannot reach {host} ({text or type(error).__name__}); check the connection and the proxy, then try again"
    )


def _host(url: httpx.URL) -> str:
    return printable(url.netloc.decode("ascii", "replace").rpartition("@")[2]) or "the registry"


def _line(error: Exception) -> str:
    return printable(str(error)[:_MAX_SHOWN])
