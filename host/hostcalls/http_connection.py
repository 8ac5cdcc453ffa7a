"""One connection of a plugin's request, as a thread of the host sees it: connect, send, take the head, then pieces.

Promises    It connects to an address that was judged and to no other: nothing here resolves a name, but that of the
            operator's proxy. TLS is verified for the name of the URL. No cookie, netrc or variable of the environment has
            a part in it. :meth:`Line.abort` ends whatever a thread waits for, at any time.
Elsewhere   Whose turn it is, how long it may take, and what may be reached: ``http_exchange.py``.
"""

import os
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

import certifi
import h11
import httpcore

from host.hostcalls.http_arguments import MAX_HEADER_CHARS, Headers, Wanted
from host.hostcalls.http_decoding import ACCEPTED, DecodingError, decoded
from host.hostcalls.http_failure import Failure
from host.reactor import now_s
from policies.hosts import Address

_READ_BYTES: Final = 64 * 1024
_MAX_HEAD_BYTES: Final = MAX_HEADER_CHARS + _READ_BYTES
"""What may come before the head is whole, which is looked at after each read."""
_NEXT_ADDRESS_S: Final = 5.0
"""How long one of several addresses is waited for."""
_USUAL: Final = {False: 80, True: 443}
_AGENT: Final = "jcode-plugin"


@dataclass(frozen=True, slots=True)
class Head:
    """What came before the body. ``length`` is the body's on the wire where that is known."""

    status: int
    reason: str
    headers: Headers
    length: int | None

    def get(self, name: str) -> str:
        """Return the values of the header *name*, joined; empty when there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


@dataclass(frozen=True, slots=True)
class Route:
    """How *host* is reached: at one of *addresses*, or through the *proxy*, which connects to it by itself."""

    host: str
    port: int
    addresses: tuple[Address, ...]
    tls: ssl.SSLContext | None
    proxy: str | None = None


class Line:
    """The socket of one request, wherever it is at the moment. :meth:`abort` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self.is_aborted = False

    def hold(self, held: socket.socket | None) -> None:
        """From now on *held* is what an abort ends."""
        with self._lock:
            self._socket = held
            if self.is_aborted and held is not None:
                _shut(held)

    def abort(self) -> None:
        """End the socket under whoever uses it, who gets an error and closes it."""
        with self._lock:
            self.is_aborted = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(held: socket.socket) -> None:
    try:
        # Not SSLSocket's own, which would take TLS off beneath a thread that reads.
        socket.socket.shutdown(held, socket.SHUT_RDWR)
    except OSError:
        return  # not connected yet, or no more


class ClosedSocket(ssl.SSLSocket):
    """One that closes itself when nobody has it: Python leaves it open where the peer reset before TLS began."""

    def __del__(self) -> None:
        self.close()


class _Stream(httpcore.NetworkStream):
    def __init__(self, held: socket.socket, backend: "_Backend") -> None:
        self._socket = held
        self._backend = backend
        backend.stream = self
        backend.line.hold(held)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._backend.left_s())
        data = self._socket.recv(max_bytes)
        self._backend.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        try:
            while view:
                self._socket.settimeout(self._backend.left_s())
                view = view[self._socket.send(view) :]
        except TimeoutError:
            raise
        except OSError as error:
            # The server may have answered before it closed.
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._backend.line.hold(None)
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        raw = self._socket
        try:
            wrapped = ssl_context.wrap_socket(
                raw, server_hostname=server_hostname, do_handshake_on_connect=False
            )
        except BaseException:
            self.close()
            raise
        stream = _Stream(wrapped, self._backend)
        try:
            wrapped.settimeout(self._backend.left_s())
            wrapped.do_handshake()
        except BaseException:
            stream.close()
            raise
        return stream

    def get_extra_info(self, info: str) -> object:
        return None


class _Backend(httpcore.NetworkBackend):
    """Connects to what it was given, whatever it is asked for."""

    def __init__(self, route: Route, line: Line, until: float) -> None:
        self._route = route
        self._until = until
        self._head_bytes: int | None = 0
        self.line = line
        self.stream: _Stream | None = None

    def left_s(self) -> float:
        # Never 0, which would mean: do not wait. The reactor's timer has the last word.
        return max(self._until - now_s(), 0.001)

    def count(self, size: int) -> None:
        """Bound what comes before the head is whole: a server can send interim answers without end."""
        if self._head_bytes is not None:
            self._head_bytes += size
            if self._head_bytes > _MAX_HEAD_BYTES:
                raise Failure("E_TOO_LARGE", f"its headers exceed {MAX_HEADER_CHARS} bytes")

    def has_head(self) -> None:
        """What comes from now on is the body, which is counted elsewhere."""
        self._head_bytes = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        route = self._route
        addresses = list(map(str, route.addresses))
        if route.proxy is not None:
            addresses = [
                str(info[4][0])
                for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            ]
        else:
            port = route.port
        failure: OSError = OSError("it has no address")
        while addresses:
            address = addresses.pop(0)
            try:
                return self._connect(address, port, is_last=not addresses)
            except OSError as error:
                failure = error
                if self.line.is_aborted:
                    break
        raise failure

    def _connect(self, address: str, port: int, *, is_last: bool) -> "_Stream":
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.line.hold(opened)
            left = self.left_s()
            opened.settimeout(left if is_last else min(left, _NEXT_ADDRESS_S))
            opened.connect((address, port))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.line.hold(None)
            opened.close()
            raise
        return _Stream(opened, self)


class Connection:
    """One request on one connection. Each method blocks; one thread at a time."""

    def __init__(self, wanted: Wanted, route: Route, line: Line, until: float) -> None:
        """*until*: the monotonic time at which all of it must be over."""
        self._wanted = wanted
        self._route = route
        self._line = line
        self._backend = _Backend(route, line, until)
        self._pool: httpcore.ConnectionPool | httpcore.HTTPConnection | None = None
        self._response: httpcore.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._raw = 0

    def open(self) -> Head:
        """Send the request and return the head of the answer; raises :class:`Failure`."""
        try:
            head = self._open()
        except Exception as error:
            self.close()
            raise self._failure(error) from error
        if self._line.is_aborted:
            self.close()
            raise Failure("E_CANCELLED", "it was cancelled")
        return head

    def _open(self) -> Head:
        wanted, route = self._wanted, self._route
        scheme = "https" if wanted.is_secure else "http"
        origin = httpcore.Origin(scheme.encode(), route.host.encode(), route.port)
        connection: httpcore.HTTPConnection | httpcore.ConnectionPool
        if route.proxy is None:
            connection = httpcore.HTTPConnection(
                origin, ssl_context=route.tls, network_backend=self._backend
            )
        else:
            connection = _through(route, self._backend)
        self._pool = connection
        response = connection.handle_request(
            httpcore.Request(
                wanted.method,
                httpcore.URL(
                    scheme=scheme,
                    host=route.host,
                    port=None if route.port == _USUAL[wanted.is_secure] else route.port,
                    target=wanted.target,
                ),
                headers=_headers(wanted, route),
                content=wanted.body,
            )
        )
        self._response = response
        self._backend.has_head()
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers)
        if sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEADER_CHARS:
            raise Failure("E_TOO_LARGE", f"its headers exceed {MAX_HEADER_CHARS} bytes")
        if response.status < 200:
            raise Failure(
                "E_NETWORK", f"it answered {response.status}, which was not asked for"
            )
        reason = response.extensions.get("reason_phrase")
        head = Head(
            response.status,
            reason.decode("latin-1") if isinstance(reason, bytes) else "",
            headers,
            _length(wanted.method, response.status, headers),
        )
        self._pieces = decoded(self._counted(response), head.get("content-encoding"))
        return head

    def _counted(self, response: httpcore.Response) -> Iterator[bytes]:
        for chunk in response.iter_stream():
            self._raw += len(chunk)
            yield chunk

    def next_piece(self) -> bytes | None:
        """Return the next piece of the body, of at most 64 KiB, or None at its end; raises :class:`Failure`."""
        try:
            piece = next(self._pieces, None)
        except Exception as error:
            self.close()
            raise self._failure(error) from error
        if piece is None:
            self.close()
        return piece

    @property
    def received(self) -> int:
        """Bytes of the body that came over the wire."""
        return self._raw

    def close(self) -> None:
        """Close the connection; in the thread that has it, or when none has."""
        self._pieces = iter(())
        pool, self._pool, self._response = self._pool, None, None
        if pool is not None:
            pool.close()
        if self._backend.stream is not None:
            self._backend.stream.close()
        self._line.hold(None)

    def _failure(self, error: Exception) -> Failure:
        if isinstance(error, Failure):
            return error
        if self._line.is_aborted:
            return Failure("E_CANCELLED", "it was cancelled")
        match error:
            case TimeoutError() | httpcore.TimeoutException():
                return Failure("E_TIMEOUT", "it took too long")
            case ssl.SSLCertVerificationError():
                return Failure(
                    "E_NETWORK", f"its certificate is not trusted: {error.verify_message}"
                )
            case ssl.SSLError():
                return Failure("E_NETWORK", f"TLS failed: {error.reason}")
            case DecodingError():
                return Failure("E_NETWORK", str(error))
            case httpcore.RemoteProtocolError() if _is_too_long(error):
                return Failure(
                    "E_TOO_LARGE", "its headers, or what stands for them, are too long"
                )
            case httpcore.RemoteProtocolError() | h11.ProtocolError():
                return Failure("E_NETWORK", f"it does not speak HTTP as it should: {error}")
            case OSError():
                where = "" if self._route.proxy is None else "through the proxy: "
                return Failure("E_NETWORK", f"{where}{error.strerror or error}")
            case _:
                return Failure("E_NETWORK", f"{type(error).__name__}: {error}")


def _is_too_long(error: Exception) -> bool:
    cause = error.__cause__ or error.__context__
    return isinstance(cause, h11.ProtocolError) and cause.error_status_hint == 431


def _through(route: Route, backend: _Backend) -> httpcore.HTTPProxy:
    parts = urlsplit(route.proxy or "")
    auth = None
    if parts.username is not None:
        auth = (parts.username, parts.password or "")
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return httpcore.HTTPProxy(
        where,
        proxy_auth=auth,
        ssl_context=route.tls,
        proxy_ssl_context=tls_context(None) if parts.scheme == "https" else None,
        max_connections=1,
        max_keepalive_connections=0,
        network_backend=backend,
    )


def _headers(wanted: Wanted, route: Route) -> list[tuple[str, str]]:
    host = f"[{route.host}]" if ":" in route.host else route.host
    usual = _USUAL[wanted.is_secure]
    headers = [
        ("Host", host if route.port == usual else f"{host}:{route.port}"),
        ("Connection", "close"),
        *wanted.headers,
    ]
    given = {name.lower() for name, _ in wanted.headers}
    for name, value in (
        ("Accept", "*/*"),
        ("Accept-Encoding", ACCEPTED),
        ("User-Agent", _AGENT),
    ):
        if name.lower() not in given:
            headers.append((name, value))
    if wanted.body is not None:
        headers.append(("Content-Length", str(len(wanted.body))))
    elif wanted.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", "0"))
    return headers


def _length(method: str, status: int, headers: Headers) -> int | None:
    if method == "HEAD" or status in (204, 304):
        return 0
    names = {name.lower(): value for name, value in headers}
    length = names.get("content-length", "")
    if "transfer-encoding" in names or not (length.isascii() and length.isdigit()):
        return None
    return int(length[:20])


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return what verifies servers: the system's certificates, or certifi's where it has none, and *ca_file*'s.

    Raises OSError and ssl.SSLError for a file that cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name
    context.sslsocket_class = ClosedSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    paths = ssl.get_default_verify_paths()
    has_own = os.path.isfile(paths.cafile or "")
    if not has_own and os.path.isdir(paths.capath or ""):
        has_own = bool(os.listdir(paths.capath))
    context.set_default_verify_paths()
    if not has_own:
        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
