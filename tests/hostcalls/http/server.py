"""Servers on loopback that do what a test says, well or badly, and know how many connections are open."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from host.hostcalls.http_connection import ClosedSocket

CRLF = b"\r\n"


@dataclass
class Request:
    """What a client sent. *body* is as long as it said."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name]


Handler = Callable[[socket.socket, Request], None]


@dataclass
class Server:
    """``handlers[path]`` answers on the open socket, which is closed when it returns."""

    handlers: dict[str, Handler]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    gone: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released once for each connection that is over."""

    def __enter__(self) -> Self:
        if self.tls is not None:
            self.tls.sslsocket_class = ClosedSocket
        self._stopping = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        # Closing a listener does not wake an accept; a last connection does.
        socket.create_connection(("127.0.0.1", self.port)).close()
        for connection in list(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    def is_left(self, within_s: float = 20) -> bool:
        """Whether every client has gone, or does so soon. One that gave up early may never have come."""
        with self.changed:
            return self.changed.wait_for(lambda: not self._open, within_s)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Where *path* is."""
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopping:
                connection.close()
                return
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        opened = connection
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.add(connection)
            request = _read(connection)
            if request is not None:
                self.requests.append(request)
                path = request.target.partition("?")[0]
                self.handlers.get(path, not_found)(connection, request)
        except OSError:
            pass  # the client is gone, which is often what the test is about
        finally:
            connection.close()
            with self.changed:
                self._open -= {opened, connection}
                self.changed.notify_all()
            self.gone.release()


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
        if not data[:1].isalpha():
            connection.sendall(b"HTTP/1.1 400 That is TLS\r\n\r\n")
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [
        (name, value.strip()) for name, _, value in (line.partition(":") for line in lines)
    ]
    length = next(
        (int(value) for name, value in headers if name.lower() == "content-length"), 0
    )
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return Request(method, target, headers, body)


def answer(
    body: bytes = b"hello",
    status: str = "200 OK",
    headers: tuple[str, ...] = (),
    *,
    length: int | None = None,
) -> Handler:
    """Answer with *body*, of which the header says its length, or *length*."""

    def send(connection: socket.socket, _: Request) -> None:
        said = len(body) if length is None else length
        lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {said}", "Connection: close")
        connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    return send


def raw(data: bytes) -> Handler:
    """Send *data* as it is, and close."""

    def send(connection: socket.socket, _: Request) -> None:
        connection.sendall(data)

    return send


def redirect(location: str, status: int = 302) -> Handler:
    """Send the client elsewhere."""
    return answer(b"", f"{status} Found", (f"Location: {location}",))


def wait_for_end(connection: socket.socket) -> None:
    """Return when the client has closed."""
    while connection.recv(65536):
        pass


def forever(head: bytes, piece: bytes) -> Handler:
    """Send *head*, then *piece* without end, as fast as it is taken."""

    def send(connection: socket.socket, _: Request) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return send


def silent(head: bytes = b"") -> Handler:
    """Send *head* and nothing more, until the client goes away."""

    def send(connection: socket.socket, _: Request) -> None:
        connection.sendall(head)
        wait_for_end(connection)

    return send


not_found: Handler = answer(b"", "404 Not Found")
