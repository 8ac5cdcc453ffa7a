"""What all requests of plugins over the network share: threads, connections that are open, certificates.

Promises    Threads do what blocks; everything else happens in the reactor's turn. A plugin has at most
            :data:`THREADS_EACH` of the threads at once, so that one which waits for a slow server leaves some to the
            others. A worker that is gone leaves no connection behind.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from host.config import HttpOptions
from host.hostcalls.http_failure import Failure
from host.reactor import Reactor, now_s
from policies.hosts import Address

if TYPE_CHECKING:
    import ssl

    from host.hostcalls.http_exchange import Exchange
    from host.link import Link

T = TypeVar("T")
Lookup: TypeAlias = Callable[[str, int], tuple[Address, ...]]
"""A name and a port -> addresses, in the order in which they are tried; raises OSError. It may block."""

THREADS: Final = 32
THREADS_EACH: Final = 8
_JOIN_S: Final = 2.0


def resolve(name: str, port: int) -> tuple[Address, ...]:
    """Ask the system's resolver; raises OSError."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) stays on: such an address is judged as one of this network.
    return tuple(dict.fromkeys(ip_address(info[4][0]) for info in found))


def is_own(address: Address) -> bool:
    """Whether *address* is one of this machine's, by the source that the kernel would take to go there. Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((str(address), 9))
            source = ip_address(asking.getsockname()[0])
    except OSError:
        return False  # there is no way to it, so a connection finds none either
    return source == address


class HttpHub:
    """See the module's text. All methods belong to the reactor's turn, but for what a job does."""

    def __init__(
        self, reactor: Reactor, options: HttpOptions, lookup: Lookup = resolve
    ) -> None:
        self.reactor = reactor
        self.options = options
        self.lookup = lookup
        self.is_own: Callable[[Address], bool] = is_own
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._running: dict[str, int] = {}
        self._busy = 0
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._exchanges: dict[Link, dict[int, Exchange]] = {}
        self._last_id = 0
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()
        self._is_closed = False

    # Threads.

    def run(
        self, plugin: str, job: Callable[[], T], done: Callable[[T | Failure], None]
    ) -> None:
        """Run *job* in a thread when it is *plugin*'s turn, then *done* with what it gave or raised."""

        def work() -> None:
            result: T | Failure
            try:
                result = job()
            except Failure as failure:
                result = failure
            except Exception as error:  # noqa: BLE001 - a thread must not end, nor the request hang
                result = Failure("E_INTERNAL", f"{type(error).__name__}: {error}")
            given = result

            def finish() -> None:
                self._busy -= 1
                self._running[plugin] -= 1
                done(given)
                self._pump()

            self.reactor.post(finish)

        if self._is_closed:
            return
        self._waiting.setdefault(plugin, deque()).append(work)
        self._pump()

    def _pump(self) -> None:
        for plugin in list(self._waiting):
            queue = self._waiting[plugin]
            while (
                queue and self._busy < THREADS and self._running.get(plugin, 0) < THREADS_EACH
            ):
                self._busy += 1
                self._running[plugin] = self._running.get(plugin, 0) + 1
                self._start(queue.popleft())
            del self._waiting[plugin]
            if queue:
                self._waiting[plugin] = queue  # last: the others come first next time
            elif not self._running.get(plugin):
                self._running.pop(plugin, None)

    def _start(self, work: Callable[[], None]) -> None:
        if self._busy > len(self._threads):
            # A daemon: a resolver can hang beyond any bound of ours.
            thread = threading.Thread(target=self._work, name="jcode-plugins-http", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(work)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def tls(self) -> "ssl.SSLContext":
        """Return what verifies servers; in a thread, as it reads files. Raises :class:`Failure`."""
        from host.hostcalls.http_connection import tls_context

        with self._tls_lock:
            if self._tls is None:
                try:
                    self._tls = tls_context(self.options.ca_file)
                except OSError as error:
                    where = f"http.ca_file = {self.options.ca_file}"
                    raise Failure(
                        "E_NETWORK", f"no certificates to verify with: {where}: {error}"
                    ) from error
            return self._tls

    # Requests.

    def open(self, link: "Link", exchange: "Exchange") -> int | None:
        """Return a number for *exchange*, or None when that worker has too many open."""
        opened = self._exchanges.setdefault(link, {})
        if len(opened) >= self.options.max_open:
            return None
        self._last_id += 1
        opened[self._last_id] = exchange
        return self._last_id

    def find(self, link: "Link", id_: object) -> "Exchange | None":
        """Return the open exchange *id_* of a worker."""
        return self._exchanges.get(link, {}).get(id_) if type(id_) is int else None

    def forget(self, link: "Link", id_: int) -> None:
        """The exchange is over."""
        opened = self._exchanges.get(link)
        if opened is not None and opened.pop(id_, None) is not None and not opened:
            del self._exchanges[link]

    def leave(self, link: "Link") -> None:
        """A worker is gone: end what it left open."""
        for exchange in list(self._exchanges.get(link, {}).values()):
            exchange.end(Failure("E_CANCELLED", "its worker is gone"))

    def close(self) -> None:
        """End every request and every thread that can be ended."""
        self._is_closed = True
        for link in list(self._exchanges):
            self.leave(link)
        for _ in self._threads:
            self._jobs.put(None)
        until = now_s() + _JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - now_s()))
        self._threads.clear()
