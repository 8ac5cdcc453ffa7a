"""A daemon of a test: its process, its home, clients and raw sockets for it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from host.outcome import Json, JsonObject
from jcode_plugins import Client
from jcode_plugins.connecting import Connection, make_context

ROOT = Path(__file__).resolve().parents[2]
HANG_S = 60.0
_HANDS_ON = """
import socket, sys
made = socket.socket(socket.AF_UNIX)
made.connect(sys.argv[1])
socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b"x"], [made.fileno()])
"""


def until(holds: Callable[[], bool]) -> None:
    """Return when *holds* does; asked again now and then, so that whoever is waited for has the processor."""
    end = time.monotonic() + HANG_S
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


class Daemon:
    """See the module's text."""

    def __init__(self, home: Path, project: Path) -> None:
        self.home = home
        self.project = project
        self.path = home / "run" / "daemon.sock"
        self.process: subprocess.Popen[bytes] | None = None
        for directory in (home, project):
            directory.mkdir(parents=True, exist_ok=True)

    def write(self, config: str, plugins: Mapping[str, str]) -> None:
        """Write the configuration, and each plugin of *plugins*, by name."""
        if config:
            (self.home / "config.toml").write_text(config)
        (self.home / "plugins").mkdir(exist_ok=True)
        for name, source in plugins.items():
            (self.home / "plugins" / f"{name}.js").write_text(source)

    def environment(self, **more: str) -> dict[str, str]:
        """Of the daemon, and of its clients."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "JCODE_HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def popen(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Run ``jcode-plugin serve`` with *words*."""
        return subprocess.Popen(
            [sys.executable, "-m", "host", "serve", *words],
            cwd=ROOT,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def start(self, *words: str, **env: str) -> None:
        """Start it, and return when it listens."""
        self.process = self.popen(*words, **env)
        self.log_until("listening at")

    def log_until(self, text: str) -> str:
        """Read the log up to the line that holds *text*, which is returned."""
        assert self.process is not None
        assert self.process.stderr is not None
        seen = b""
        for line in self.process.stderr:
            seen += line
            if text.encode() in line:
                return line.decode()
        raise AssertionError(f"no line with {text!r} in {seen.decode()}")

    @property
    def pid(self) -> int:
        """Of the daemon's process."""
        assert self.process is not None
        return self.process.pid

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=HANG_S)
        assert b"Traceback" not in err, err.decode()
        return process.returncode

    def kill(self) -> None:
        """End it as nothing can be prepared for."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate(timeout=HANG_S)
        self.process = None

    def client(self, project: Path | None = None, **more: str) -> Client:
        """Return a client in *project*, whose environment has *more*."""
        return Client(
            project_dir=project or self.project,
            environment=self.environment(**more),
            timeout_s=HANG_S,
        )

    def connection_of_the_dead(self) -> Connection:
        """Return a connection that a process made, which is gone since."""
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        with ours, theirs:
            subprocess.run(
                [sys.executable, "-c", _HANDS_ON, str(self.path), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                check=True,
                timeout=HANG_S,
            )
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        return Connection(socket.socket(fileno=descriptors[0]))

    def ask(self, connection: Connection, method: str, **params: Json) -> JsonObject:
        """Ask something about this daemon's project over *connection*, and return the line that answers."""
        context = make_context(self.project, self.environment(), None, None)
        request: JsonObject = {"method": method, "params": params, **context}
        connection.send(request, HANG_S)
        return connection.receive(time.monotonic() + HANG_S)

    def raw(self) -> "Raw":
        """Return a bare connection."""
        return Raw(self.path, self.project)


class Raw:
    """A connection that sends what it is told to."""

    def __init__(self, path: Path, project: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(HANG_S)
        self.socket.connect(str(path))
        self._file = self.socket.makefile("rb")
        self._project = project

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def request(self, id_: int, method: str, **params: object) -> None:
        """Send a request of the test's project."""
        what = {"id": id_, "method": method, "params": params, "cwd": str(self._project)}
        self.send(json.dumps(what).encode() + b"\n")

    def answer(self) -> JsonObject:
        """Return the next line."""
        line = self._file.readline()
        assert line, "the daemon closed the connection"
        value: object = json.loads(line)
        assert isinstance(value, dict)
        return value

    def error(self) -> JsonObject:
        """Return the error of the next line."""
        answer = self.answer()
        error = answer["error"]
        assert isinstance(error, dict)
        return {"id": answer["id"], **error}

    def is_closed(self) -> bool:
        """Whether nothing more comes: waits for it."""
        try:
            return self._file.readline() == b""
        except ConnectionResetError:
            return True
