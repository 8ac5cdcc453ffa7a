"""One request of a plugin, from its decision to the last byte of its answer.

Promises    Each hop is decided: the host by the chain, then every address that its name has, in the reactor's turn. One
            that may not be reached ends the request, whatever the others are. The connection is made to those addresses;
            nothing is resolved again. A body is read when the plugin pulls it, one piece at a time, and counted as it
            comes and as it unfolds. All of it has one deadline.
Elsewhere   What blocks: ``http_connection.py``, in threads of ``http_hub.py``.
"""

import base64
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from host.hostcalls.granted import ArgumentsError, Granted, decide, decided
from host.hostcalls.http_arguments import Wanted, redirected
from host.hostcalls.http_failure import Failure
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.reactor import Timer, now_s
from policies.addresses import judge
from policies.capability import HostRequest, target
from policies.decision import Decision
from policies.hosts import Address, normalise

if TYPE_CHECKING:
    from host.hostcalls.http_connection import Connection, Head, Line
    from host.hostcalls.http_hub import HttpHub
    from host.instance import Instance
    from host.link import Link

T = TypeVar("T")

MAX_REDIRECTS: Final = 5
MAX_ADDRESSES: Final = 32
"""Of a name that are judged, and tried one after another."""
UNREAD_S: Final = 60.0
"""How long an answer waits for the plugin to read more of its body."""
_LOOK_AFTER_BYTES: Final = 256 * 1024
_REDIRECTS: Final = (301, 302, 303, 307, 308)


class Exchange:
    """See the module's text. Its methods belong to the reactor's turn."""

    def __init__(
        self, hub: "HttpHub", instance: "Instance", link: "Link", wanted: Wanted
    ) -> None:
        self._hub = hub
        self._instance = instance
        self._link = link
        self._wanted = wanted
        most_s = hub.options.max_time_ms / 1000
        self._until = now_s() + min(wanted.timeout_s or most_s, most_s)
        self._hops = 0
        self._given = 0
        self._request: HostcallRequest | None = None
        self._connection: Connection | None = None
        self._line: Line | None = None
        self._is_working = False
        self._ended: Failure | None = None
        self._unread: Timer | None = None
        self._label = ""
        self._id = hub.open(link, self) or 0
        self._late = hub.reactor.at(self._until, self._on_late)

    @property
    def is_open(self) -> bool:
        """Whether there was room for it."""
        return bool(self._id)

    # Asking.

    def start(self, granted: Granted, request: HostcallRequest) -> None:
        """Begin the first hop; *request* is answered with the head."""
        self._take(request)
        self._go(granted)

    def read(self, request: HostcallRequest, *, is_stream: bool) -> None:
        """Answer *request* with the next piece of the body: ``{"data": base64, "done"}``."""
        if self._ended is not None:
            refuse(request, self._ended.code, f"{self._label}: {self._ended}")
            return
        if self._is_working or self._request is not None:
            refuse(request, "E_INVALID", "this body is being read already")
            return
        self._take(request)
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        connection = self._connection
        options = self._hub.options
        most = options.max_stream_bytes if is_stream else options.max_body_bytes

        def job() -> tuple[bytes, bool]:
            if connection is None:
                raise Failure("E_NETWORK", "the connection is closed")
            piece = connection.next_piece()
            at = connection.received
            # What came in may give nothing yet; a turn of the reactor for each such piece would be too much.
            while piece == b"" and connection.received - at < _LOOK_AFTER_BYTES:
                piece = connection.next_piece()
            return (b"", True) if piece is None else (piece, False)

        def done(result: tuple[bytes, bool] | Failure) -> None:
            if self._is_over(result):
                return
            assert not isinstance(result, Failure)  # noqa: S101 - for the type checker
            assert connection is not None  # noqa: S101
            piece, is_end = result
            self._given += len(piece)
            if max(self._given, connection.received) > most:
                self.end(Failure("E_TOO_LARGE", f"its body exceeds {most} bytes"))
                return
            if not piece and not is_end:
                self._work(job, done)
                return
            self._answer(
                {"data": base64.b64encode(piece).decode(), "done": is_end}, is_last=is_end
            )

        self._work(job, done)

    def _take(self, request: HostcallRequest) -> None:
        self._request = request
        self._hub.reactor.demand += 1
        request.on_cancel(self._on_cancelled)

    def _on_cancelled(self) -> None:
        self.end(Failure("E_CANCELLED", "it was cancelled"))

    def _on_late(self) -> None:
        self.end(Failure("E_TIMEOUT", "it took too long"))

    # Hops.

    def _go(self, granted: Granted) -> None:
        request = granted.request
        assert isinstance(request, HostRequest)  # noqa: S101 - the row needs http_hosts
        host = normalise(request.host)
        if host is None:
            self.end(Failure("E_INVALID", "that is no host"))
            return
        self._label = target(request)
        name, port, lookup = host.text, request.port, self._hub.lookup
        if host.is_address:
            self._resolved(granted, (ip_address(name),))
        elif self._hub.options.proxy is not None:
            # The proxy resolves it, and answers for what it connects to.
            self._connect(name, port, ())
        else:

            def resolve() -> tuple[Address, ...]:
                try:
                    return lookup(name, port)
                except (OSError, UnicodeError, ValueError) as error:
                    why = getattr(error, "strerror", None) or str(error)
                    raise Failure("E_NETWORK", f"its name does not resolve: {why}") from error

            def done(result: tuple[Address, ...] | Failure) -> None:
                if not self._is_over(result):
                    assert not isinstance(result, Failure)  # noqa: S101
                    self._resolved(granted, result[:MAX_ADDRESSES])

            self._work(resolve, done)

    def _resolved(self, granted: Granted, addresses: tuple[Address, ...]) -> None:
        request = granted.request
        assert isinstance(request, HostRequest)  # noqa: S101
        host = normalise(request.host)
        assert host is not None  # noqa: S101 - _go has looked
        for address in addresses:
            by_address = decide(
                self._instance.plugin, HostRequest(_plain(address), request.port)
            )
            is_own = self._hub.is_own(address)
            decision = judge(host, granted.decision, address, by_address, is_own=is_own)
            if not decision.allowed:
                self._deny(request, decision)
                return
        if not addresses:
            self.end(Failure("E_NETWORK", "its name has no address"))
            return
        self._connect(host.text, request.port, addresses)

    def _deny(self, request: HostRequest, decision: Decision) -> None:
        plugin = self._instance.plugin
        plugin.runtime.decisions.note(plugin.name, request, decision)
        self.end(
            Failure(
                "E_DENIED",
                f"it leads to this machine, its network or a metadata service ({decision.code})",
            )
        )

    def _connect(self, name: str, port: int, addresses: tuple[Address, ...]) -> None:
        hub, wanted, until = self._hub, self._wanted, self._until

        def job() -> "tuple[Connection, Head]":
            from host.hostcalls.http_connection import Connection, Line, Route

            line = Line()
            self._line = line  # the reactor's turn only aborts it
            if self._ended is not None:
                raise self._ended
            tls = hub.tls() if wanted.is_secure else None
            route = Route(name, port, addresses, tls, hub.options.proxy)
            connection = Connection(wanted, route, line, until)
            return connection, connection.open()

        def done(result: "tuple[Connection, Head] | Failure") -> None:
            if not isinstance(result, Failure):
                self._connection = result[0]
            if not self._is_over(result):
                assert not isinstance(result, Failure)  # noqa: S101
                self._on_head(result[1])

        self._work(job, done)

    def _on_head(self, head: "Head") -> None:
        wanted = self._wanted
        location = head.get("location")
        if head.status in _REDIRECTS and location and wanted.redirect != "manual":
            self._follow(head.status, location)
            return
        url = wanted.url
        is_empty = head.length == 0
        most = self._hub.options.max_stream_bytes
        if head.length is not None and head.length > most:
            self.end(Failure("E_TOO_LARGE", f"its body exceeds {most} bytes"))
            return
        self._answer(
            {
                "id": self._id,
                "status": head.status,
                "status_text": head.reason,
                "url": url,
                "headers": [list(pair) for pair in head.headers],
                "redirected": self._hops > 0,
                "done": is_empty,
            },
            is_last=is_empty,
        )

    def _follow(self, status: int, location: str) -> None:
        self._hops += 1
        if self._wanted.redirect == "error":
            self.end(Failure("E_NETWORK", "it redirects, which was not wanted"))
            return
        if self._hops > MAX_REDIRECTS:
            self.end(Failure("E_NETWORK", f"it redirects more than {MAX_REDIRECTS} times"))
            return
        try:
            self._wanted, request = redirected(self._wanted, status, location)
        except ArgumentsError as error:
            self.end(Failure("E_DENIED", str(error)))
            return
        self._close()
        waiting = self._request
        if waiting is None:
            return
        self._label = target(request)
        decided(
            self._instance,
            request,
            waiting,
            self._go_on,
            lambda told: self.end(Failure("E_DENIED", f"redirected there: {told}")),
            self._on_cancelled,
        )

    def _go_on(self, granted: Granted) -> None:
        """Follow, if nothing ended meanwhile: a person may have been asked."""
        if self._request is not None:
            self._request.on_cancel(self._on_cancelled)
            self._go(granted)

    # Work and answers.

    def _work(self, job: Callable[[], T], done: Callable[[T | Failure], None]) -> None:
        self._is_working = True
        self._hub.run(self._instance.plugin.name, job, done)

    def _is_over(self, result: object) -> bool:
        """Whether the request has ended, by *result* or before it."""
        self._is_working = False
        if self._ended is not None:
            self._release()
            return True
        if isinstance(result, Failure):
            self.end(result)
            return True
        return False

    def _answer(self, value: dict[str, object], *, is_last: bool) -> None:
        request, self._request = self._request, None
        if request is not None:
            self._hub.reactor.demand -= 1
            request.answer(msgspec.json.encode(value).decode())
        if is_last:
            self.end(Failure("E_NETWORK", "its body was read to the end"))
        else:
            self._unread = self._hub.reactor.at(now_s() + UNREAD_S, self._on_unread)

    def _on_unread(self) -> None:
        self.end(Failure("E_TIMEOUT", f"its body was not read for {UNREAD_S:.0f} s"))

    def end(self, why: Failure) -> None:
        """Close the connection; whoever waits is told *why*. Only the first reason counts."""
        if self._ended is not None:
            return
        self._ended = why
        self._late.cancel()
        if self._unread is not None:
            self._unread.cancel()
        request, self._request = self._request, None
        if request is not None:
            self._hub.reactor.demand -= 1
            refuse(request, why.code, f"{self._label}: {why}" if self._label else str(why))
        if self._line is not None:
            self._line.abort()
        if not self._is_working:
            self._release()

    def _release(self) -> None:
        self._hub.forget(self._link, self._id)
        self._close()

    def _close(self) -> None:
        # Does not block: nobody is told goodbye.
        connection, self._connection, self._line = self._connection, None, None
        if connection is not None:
            connection.close()


def _plain(address: Address) -> str:
    """*address* without a scope, and as IPv4 where it carries one that way."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address).partition("%")[0]
