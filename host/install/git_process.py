"""Running git for an installation: in the thread that installs, in a configuration that runs nothing of anybody's repository.

Promises    git works in a bare repository of ours without hooks or configuration. It speaks only the transports that
            the address needs, asks nobody anything, and is gone, with all that it started, when we are: after its
            time, after an interruption, after our own end.
Relies on   What the user configured for himself (``~/.gitconfig``: helpers that hold passwords, proxies, addresses
            instead of others) holds; what the system did does not.
Elsewhere   The settings: ``host/programs/git.py``. Who stands over it: ``host/programs/supervise.py``.
"""

import contextlib
import os
import re
import select
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from host.audit import printable
from host.errors import InstallError
from host.programs.environment import base_environment
from host.programs.git import FIXED, git_environment
from host.programs.lookup import find_program, sane_path
from host.programs.program import Launch
from host.reactor import now_s
from host.spawn import start_supervisor

_READ: Final = 64 * 1024
_TAIL: Final = 8 * 1024
_TICK_S: Final = 0.25
_MAX_SAID: Final = 300

_USERS: Final = (
    "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_CONFIG_GLOBAL", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
)  # fmt: skip
"""Of the user's environment: how his machine reaches others. What says where a repository lies is not among it."""

_SETTINGS: Final[Mapping[str, str]] = {
    **FIXED,
    "core.bigFileThreshold": "16m",  # larger ones are not held in memory as a whole
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "transfer.bundleURI": "false",
}
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C.UTF-8",
}
_USERINFO: Final = re.compile(r"(?<=//)[^/\s@]*@")
_NOISE: Final = re.compile(r"askpass|^Please make sure|^and the repository exists|^warning:")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of git gave: its exit code, what it printed, and in one line what it said went wrong."""

    code: int
    out: bytes
    said: str


class LateError(Exception):
    """git took longer than it had."""


class Git:
    """git in the bare repository *directory*, once it has begun. *protocols* are the transports it may speak.

    Raises InstallError (E_STATE) when there is no git on this machine or no room.
    """

    def __init__(
        self, directory: Path, protocols: str, variables: Mapping[str, str] = os.environ
    ) -> None:
        self.directory = directory
        here = os.getcwd()
        home = variables.get("HOME", "/")
        # A program called git in the project at hand is not git.
        without = () if f"{home}/".startswith(f"{here}/") else (here,)
        path = sane_path(variables.get("PATH", ""), without)
        try:
            self._file = find_program("git", path, "/")
        except OSError:
            raise InstallError(
                "E_STATE",
                "there is no git on this machine; install it to install from repositories",
            ) from None
        self._env = {
            **base_environment(variables, path),
            **{name: variables[name] for name in _USERS if name in variables},
            **git_environment(_SETTINGS),
            **_ENVIRONMENT,
            "GIT_DIR": str(directory),
            "GIT_ALLOW_PROTOCOL": protocols,
        }

    def begin(self, *, is_sha256: bool = False) -> None:
        """Make the repository; of a kind that names objects by SHA-256 if that is what will be fetched."""
        form = "sha256" if is_sha256 else "sha1"
        self.need("init", "--quiet", "--bare", "--template=", f"--object-format={form}")

    def run(
        self,
        *arguments: str,
        within_s: float = 60.0,
        most: int = 32 * 1024 * 1024,
        check: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Run git to its end. Raises :class:`LateError`, and InstallError for more than *most* bytes of output."""
        with self.start(*arguments, within_s=within_s, check=check) as process:
            out = bytearray()
            while piece := process.read():
                out += piece
                if len(out) > most:
                    raise InstallError("E_NETWORK", f"git {arguments[0]}: endless output")
            code = process.wait()
            return Answer(code, bytes(out), process.said)

    def need(self, *arguments: str) -> bytes:
        """Run what cannot fail but for want of room; return its output."""
        answer = self.run(*arguments)
        if answer.code:
            raise InstallError("E_STATE", f"git {arguments[0]} failed: {answer.said}")
        return answer.out

    def start(
        self,
        *arguments: str,
        within_s: float = 300.0,
        stdin: bytes = b"",
        check: Callable[[], None] = lambda: None,
    ) -> "GitProcess":
        """Start git. *check* is called some times a second while it is waited for, and may raise."""
        launch = Launch(self._file, ("git", *arguments), str(self.directory.parent), self._env)
        return GitProcess(launch, stdin, now_s() + within_s, check)


class GitProcess:
    """One git that runs: a context manager, at whose end it is gone."""

    def __init__(
        self, launch: Launch, stdin: bytes, until: float, check: Callable[[], None]
    ) -> None:
        self._until = until
        self._check = check
        self._code: int | None = None
        self._errors = b""
        self._poll = select.poll()
        fds: list[int] = []
        try:
            # A file, not a pipe: git reads it whenever it likes, and nobody waits for anybody.
            source = os.memfd_create("stdin", os.MFD_CLOEXEC)
            fds.append(source)
            with open(source, "wb", closefd=False) as file:
                file.write(stdin)
            os.lseek(source, 0, os.SEEK_SET)
            self._out, to_out = os.pipe2(os.O_CLOEXEC)
            fds.extend((self._out, to_out))
            self._err, to_err = os.pipe2(os.O_CLOEXEC)
            fds.extend((self._err, to_err))
            self._supervisor = start_supervisor(launch.encode(), source, to_out, to_err)
        except OSError as error:
            for fd in fds:
                os.close(fd)
            raise InstallError("E_STATE", f"git cannot be started: {error.strerror}") from error
        for fd in (source, to_out, to_err):
            os.close(fd)
        os.set_blocking(self._err, False)
        for watched in (self._err, self._supervisor.control.fileno(), self._supervisor.pidfd):
            self._poll.register(watched, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._supervisor.pidfd, signal.SIGCONT)
            self._supervisor.control.send(b"K")
        self._supervisor.process.wait()
        self._supervisor.control.close()
        for fd in (self._supervisor.pidfd, self._out, self._err):
            os.close(fd)

    @property
    def said(self) -> str:
        """What it wrote of its failure, for people: one line without names and passwords of addresses."""
        text = _USERINFO.sub("***@", self._errors.decode("utf-8", "replace"))
        lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
        lines = [line for line in lines if line and not _NOISE.search(line)]
        return printable(" ".join(lines[:2])[:_MAX_SAID]) or "it does not say why"

    def read(self) -> bytes:
        """Return the next piece of its output, nothing at the end. Raises :class:`LateError`."""
        self._poll.register(self._out, select.POLLIN)
        try:
            while self._out not in self._turn():
                pass
            return os.read(self._out, _READ)
        finally:
            self._poll.unregister(self._out)

    def wait(self) -> int:
        """Return its exit code, below zero for a signal, once it ended. Its output is to be read before."""
        while self._code is None:
            self._turn()
        with contextlib.suppress(OSError):
            while data := os.read(self._err, _READ):
                self._errors = (self._errors + data)[-_TAIL:]
        return self._code

    def _turn(self) -> list[int]:
        """Wait for something to happen; return which descriptors are ready."""
        left = self._until - now_s()
        if left <= 0:
            raise LateError
        ready = [fd for fd, _ in self._poll.poll(min(left, _TICK_S) * 1000)]
        if self._err in ready:
            data = os.read(self._err, _READ)
            self._errors = (self._errors + data)[-_TAIL:]
            if not data:
                self._poll.unregister(self._err)
        if self._supervisor.control.fileno() in ready:
            self._hear()
        if self._supervisor.pidfd in ready and self._code is None:
            self._hear()
            if self._code is None:
                self._code = -signal.SIGKILL
        self._check()
        return ready

    def _hear(self) -> None:
        while True:
            try:
                message = self._supervisor.control.recv(64)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(self._supervisor.control.fileno())
                return
            if message.startswith(b"X"):
                self._code = os.waitstatus_to_exitcode(int(message[1:]))
            elif message.startswith(b"E"):
                self._code = 127
