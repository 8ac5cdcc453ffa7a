"""The network hostcalls as a worker makes them, and names that resolve to what a test says."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from host.config import Config
from host.hostcalls.http_hub import Lookup
from host.outcome import Json, JsonObject
from ipc.messages import ANSWER, STATUS_VALUE
from policies.hosts import Address
from tests.support.scripted import ScriptedWorker, Stage


class Names:
    """A resolver: for each name the answers of the first look-up, the second, ...; the last one stays."""

    def __init__(self, names: Mapping[str, list[list[str]]]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, name: str, port: int) -> tuple[Address, ...]:
        self.asked.append(name)
        answers = self._names.get(name)
        if answers is None:
            raise OSError(-2, "Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return tuple(map(ip_address, found))


class Client:
    """One worker, in the middle of an event."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.worker: ScriptedWorker = stage.load()
        self.waiting, self.call = stage.deliver(self.worker)
        self.worker.end()
        self._last = 0

    def _speak(self) -> None:
        """Get an entry, which is what a worker speaks in."""
        self.stage.runtime.reactor.run_once(0)
        link = self.stage.plugin.all_instances()[0].link
        assert link is not None
        if not link.watchdog.has_entry:
            link.wake()

    def forget(self, number: int) -> None:
        """Say that the answer of hostcall *number* is not needed any more."""
        self._speak()
        self.worker.cast("cancel", json.dumps({"id": number}))
        self.worker.end()

    def send(self, name: str, args: JsonObject) -> int:
        """Make a hostcall; its number."""
        self._last += 1
        self._speak()
        self.worker.hostcall(self._last, name, json.dumps(args), call=self.call)
        self.worker.end()
        return self._last

    def take(self) -> tuple[bool, JsonObject]:
        """Wait for an answer; whether it is a value, and what it is."""
        self.stage.until(lambda: self.worker.has(ANSWER))
        message = self.worker.take(ANSWER)
        self.worker.end()
        value: Json = json.loads(str(message[3]))
        assert isinstance(value, dict)
        return message[2] == STATUS_VALUE, value

    def ask(self, name: str, args: JsonObject) -> tuple[bool, JsonObject]:
        """Make a hostcall and wait for its answer."""
        self.send(name, args)
        return self.take()

    def request(self, url: str, **more: Json) -> tuple[bool, JsonObject]:
        """``http.request``."""
        return self.ask("http.request", {"url": url, **more})

    def get(self, url: str, **more: Json) -> JsonObject:
        """``http.request`` that must succeed."""
        ok, value = self.request(url, **more)
        assert ok, value
        return value

    def refused(self, url: str, **more: Json) -> tuple[str, str]:
        """``http.request`` that must fail: the code and the message."""
        ok, value = self.request(url, **more)
        assert not ok, value
        return str(value["code"]), str(value["message"])

    def read(
        self, head: JsonObject, *, stream: bool = False
    ) -> tuple[bytes, JsonObject | None]:
        """The whole body, and the error it ended with, if it did."""
        body = b""
        is_done = head["done"]
        while not is_done:
            ok, value = self.ask("http.read", {"id": head["id"], "stream": stream})
            if not ok:
                return body, value
            body += base64.b64decode(str(value["data"]))
            is_done = value["done"]
        return body, None


@contextmanager
def client(
    folder: Path,
    *allow: str,
    names: Lookup | None = None,
    deny: tuple[str, ...] = (),
    **http: Json,
) -> Iterator[Client]:
    """A host whose configuration allows the hosts *allow*, and a worker in it."""
    config = Config.model_validate(
        {
            "allow": {"http_hosts": allow},
            "deny": {"http_hosts": deny},
            "http": http,
            # What is done from within one event; a slow machine takes long over it.
            "timeouts": {"actionable_ms": 600_000},
        }
    )
    folder.mkdir(exist_ok=True)
    with Stage(folder, config) as stage:
        if names is not None:
            stage.runtime.http.lookup = names
        yield Client(stage)
