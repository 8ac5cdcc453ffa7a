"""Key-value spaces at work: one thread that writes, and the mirrors that hear of it.

Promises    An acknowledged write is on the disk. Everything that waits when the thread gets its turn goes into
            few transactions; callbacks run in the reactor's turn.
Elsewhere   The store itself: ``kv.py``. The mirror: ``worker/js``.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from host.kv import KvError, KvStore
from host.reactor import Reactor

_REVALIDATE_EVERY_S = 0.25
MAX_WAITING_CHARS: Final = 16 * 1024 * 1024
"""What may wait for the disk, of one space; a plugin can send as much every second."""
WEIGHT_CHARS: Final = 1000
"""What a write that waits counts for beside its text. One that its plugin cancels waits all the same."""


class Mirror(Protocol):
    """Who holds a copy of a space's entries."""

    def push(self, data: object) -> None:
        """Take a change that another writer made."""


WriteDone = Callable[[KvError | None], None]
LoadDone = Callable[[tuple[dict[str, str], int] | KvError], None]


class KvHub:
    """All spaces of one runtime."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._spaces: dict[Path, KvSpace] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def space(self, path: Path, max_bytes: int) -> "KvSpace":
        """Return the space in the database *path*, opened when it is first used."""
        if path not in self._spaces:
            self._spaces[path] = KvSpace(self, path, max_bytes)
        return self._spaces[path]

    def submit(self, job: Callable[[], Callable[[], None]]) -> None:
        """Run *job* in the thread, then what it returns in the reactor's turn."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._work, name="jcode-plugins-kv", daemon=True
            )
            self._thread.start()
        self._jobs.put(lambda: self._reactor.post(job()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def close(self) -> None:
        """Finish what was submitted and close every database."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        for space in self._spaces.values():
            space.close()
        self._spaces.clear()


class KvSpace:
    """One plugin's entries in one workspace. Store access happens in the hub's thread only."""

    def __init__(self, hub: KvHub, path: Path, max_bytes: int) -> None:
        self._hub = hub
        self._path = path
        self._max_bytes = max_bytes
        self._store: KvStore | None = None
        self._mirrors: dict[Mirror, None] = {}
        # A deque: appended to in the reactor's turn, emptied in the hub's thread.
        self._waiting: deque[tuple[Mirror, str, str | None, WriteDone]] = deque()
        self._waiting_chars = 0
        self._loading = 0
        self._checked_at = 0.0
        self._version = -1
        self._known: dict[str, str] = {}

    def load(self, mirror: Mirror, done: LoadDone) -> None:
        """Give all entries to *done* and later changes to *mirror*."""
        self._loading += 1  # changed in the reactor's turn only

        def job() -> Callable[[], None]:
            try:
                entries, version = self._open().get_all()
            except KvError as error:
                failure = error

                def fail() -> None:
                    self._loading -= 1
                    done(failure)

                return fail
            news = self._take(entries, version)

            def finish() -> None:
                news()  # the other mirrors have to hear of it now: nobody will look again
                self._loaded(mirror, done, entries, version)

            return finish

        self._hub.submit(job)

    def _loaded(
        self, mirror: Mirror, done: LoadDone, entries: dict[str, str], version: int
    ) -> None:
        self._loading -= 1
        self._mirrors[mirror] = None
        done((entries, version))

    def write(self, mirror: Mirror, key: str, text: str | None, done: WriteDone) -> None:
        """Set *key* to the JSON *text*, or delete it; *done* hears when that is durable."""
        if self._waiting_chars > MAX_WAITING_CHARS:
            done(KvError("E_BUSY", "too much waits for the disk already"))
            return
        self._waiting_chars += WEIGHT_CHARS + len(key) + len(text or "")
        self._waiting.append((mirror, key, text, done))
        if len(self._waiting) == 1:  # one job takes all that came until it runs
            self._hub.submit(self._write_waiting)

    def _write_waiting(self) -> Callable[[], None]:
        waiting = []
        while self._waiting:
            waiting.append(self._waiting.popleft())
        errors: list[KvError | None]
        try:
            errors = self._open().apply([(key, text) for _, key, text, _ in waiting])
        except KvError as error:
            errors = [error] * len(waiting)
        for (_, key, text, _), failed in zip(waiting, errors, strict=True):
            if failed is None and text is not None:
                self._known[key] = text
            elif failed is None:
                self._known.pop(key, None)

        def finish() -> None:
            for (mirror, key, text, done), error in zip(waiting, errors, strict=True):
                self._waiting_chars -= WEIGHT_CHARS + len(key) + len(text or "")
                done(error)
                if error is None:
                    self._tell_others(mirror, key, text)

        return finish

    def _tell_others(self, writer: Mirror, key: str, text: str | None) -> None:
        for mirror in list(self._mirrors):
            if mirror is not writer:
                mirror.push(
                    _change(
                        {key: text} if text is not None else {},
                        [] if text is not None else [key],
                    )
                )

    def revalidate(self, now: float) -> None:
        """Look, at most four times a second, whether another process has written."""
        if self._mirrors and now - self._checked_at >= _REVALIDATE_EVERY_S:
            self._checked_at = now
            self._hub.submit(self._look)

    def _look(self) -> Callable[[], None]:
        try:
            store = self._open()
            if not store.was_changed_elsewhere():
                return _nothing
            entries, version = store.get_all()
        except KvError:
            return _nothing
        return self._take(entries, version)

    def _take(self, entries: dict[str, str], version: int) -> Callable[[], None]:
        """Make *entries* what is known, in the hub's thread; return what tells the mirrors of the difference."""
        before, self._known, self._version = self._known, dict(entries), version
        changed = {key: text for key, text in entries.items() if before.get(key) != text}
        deleted = [key for key in before if key not in entries]

        def finish() -> None:
            for mirror in list(self._mirrors):  # one that cannot take it is forgotten meanwhile
                mirror.push(_change(changed, deleted))

        return finish if changed or deleted else _nothing

    def forget(self, mirror: Mirror) -> None:
        """*mirror* is gone. With the last one goes what we hold of the entries: it is as much as the plugin's quota."""
        self._mirrors.pop(mirror, None)
        if not self._mirrors:
            self._hub.submit(self._rest)

    def _rest(self) -> Callable[[], None]:
        if not (self._mirrors or self._loading or self._waiting):
            self._known = {}
            self.close()
        return _nothing

    def _open(self) -> KvStore:
        if self._store is None:
            self._store = KvStore(self._path, self._max_bytes)
        return self._store

    def close(self) -> None:
        """Close the database, in the hub's thread or after its end."""
        if self._store is not None:
            self._store.close()
            self._store = None


def _change(entries: dict[str, str], deleted: list[str]) -> dict[str, object]:
    values = {key: msgspec.Raw(text.encode()) for key, text in entries.items()}
    return {"topic": "kv", "set": values, "delete": deleted}


def _nothing() -> None:
    """No news."""
