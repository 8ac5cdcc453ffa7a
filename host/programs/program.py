"""One program that runs for a plugin: its pipes, its end, and how it is made to end.

Promises    Used from the reactor's turn only, and never blocks. Everything that the program started is gone when it
            :attr:`is_gone`. Output is read only as far as there is room: a program that floods waits for its reader,
            or is ended, as its starter chose.
Elsewhere   Who stands over it: ``supervise.py``. What may run at all: ``hostcalls/exec.py``.
"""

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from host.reactor import Reactor, Timer, now_s
from host.spawn import Supervisor, start_supervisor

READ_BYTES: Final = 64 * 1024
GRACE_S: Final = 2.0
"""From the wish that it may end to its end."""
MAX_STDIN_BYTES: Final = 8 * 1024 * 1024
"""What may wait for a program that does not read."""

StreamName = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be executed. ``file`` is absolute and without links; all else is as the program sees it.

    ``most_bytes``: output of each stream after which it is ended. ``hold_bytes``: how much of each may wait for a reader.
    ``takes_input``: its stdin is a pipe, else it is empty.
    """

    file: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    takes_input: bool = False
    most_bytes: int | None = None
    hold_bytes: int | None = None

    def encode(self) -> bytes:
        """The request of ``supervise.py``."""
        variables = [f"{name}={value}" for name, value in self.env.items()]
        fields = (self.file, self.cwd, str(len(self.argv)), *self.argv, *variables)
        return b"".join(os.fsencode(text) + b"\0" for text in fields)


@dataclass
class Output:
    """One of its output streams: what came and was not taken yet."""

    fd: int
    data: bytearray = field(default_factory=bytearray)
    came: int = 0
    is_done: bool = False
    is_paused: bool = False


class Program:
    """See the module's text. *on_change* hears of output, of the exit and of the end, and looks for itself."""

    def __init__(
        self, reactor: Reactor, launch: Launch, on_change: "Callable[[Program], None]"
    ) -> None:
        self._reactor = reactor
        self._launch = launch
        self.on_change = on_change
        self.pid = 0
        self.code: int | None = None
        """Its exit code, once it exited."""
        self.signal = 0
        """The signal that ended it."""
        self.failed: tuple[int, str] | None = None
        """errno and what failed (``cwd``, ``program``, ``start``), if it could not be executed."""
        self.has_exited = False
        self.is_gone = False
        self.was_killed = False
        """Whether it was we who ended it."""
        self.was_late = False
        self.is_truncated = False
        self._timer: Timer | None = None
        self._input = bytearray()
        self._input_ends = not launch.takes_input
        self._stdin = -1
        self._taken: list[Callable[[], None]] = []
        fds: list[int] = []
        try:
            stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            fds.append(stdin)
            if launch.takes_input:
                os.close(fds.pop())
                stdin, self._stdin = os.pipe2(os.O_CLOEXEC)
                fds.extend((stdin, self._stdin))
            out, to_out = os.pipe2(os.O_CLOEXEC)
            fds.extend((out, to_out))
            err, to_err = os.pipe2(os.O_CLOEXEC)
            fds.extend((err, to_err))
            self._supervisor: Supervisor = start_supervisor(
                launch.encode(), stdin, to_out, to_err
            )
        except BaseException:
            for fd in fds:
                os.close(fd)
            raise
        for fd in (stdin, to_out, to_err):
            os.close(fd)
        self.outputs: dict[StreamName, Output] = {"stdout": Output(out), "stderr": Output(err)}
        reactor.demand += 1
        for output in self.outputs.values():
            os.set_blocking(output.fd, False)
            self._watch(output)
        if self._stdin >= 0:
            os.set_blocking(self._stdin, False)
        reactor.add(self._supervisor.control.fileno(), self._on_control)
        reactor.add(self._supervisor.pidfd, self._on_gone)

    @property
    def is_over(self) -> bool:
        """Whether it ended and nothing more will come: what else it started is being ended."""
        return self.is_gone or (
            self.has_exited and all(output.is_done for output in self.outputs.values())
        )

    # Ending it.

    def end_at(self, when: float) -> None:
        """End it at *when* (``now_s``) if it still runs."""
        self._set_timer(when, self._on_late)

    def _on_late(self) -> None:
        self.was_late = True
        self.terminate()

    def terminate(self) -> None:
        """Ask everything to end, and end it a moment later."""
        if not self.is_gone:
            self.was_killed = True
            self._command(b"T")
            self._set_timer(now_s() + GRACE_S, self.kill)

    def kill(self) -> None:
        """End everything now."""
        if not self.is_gone:
            self.was_killed = self.was_killed or not self.has_exited
            self._command(b"K")

    def send_signal(self, number: int) -> None:
        """Send *number* to the program itself."""
        if not (self.has_exited or self.is_gone):
            self._command(b"S%d" % number)

    def _command(self, message: bytes) -> None:
        try:
            # It may have been stopped by the very program that it watches.
            signal.pidfd_send_signal(self._supervisor.pidfd, signal.SIGCONT)
            self._supervisor.control.send(message)
        except OSError:
            return  # it is gone, and its end is on its way to us

    def _set_timer(self, when: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._reactor.at(when, callback, demand=True)

    # Its input.

    def write(self, data: bytes, taken: Callable[[], None]) -> bool:
        """Write *data* to its stdin; *taken* hears when there is room for more. False when there is no room now."""
        if len(self._input) + len(data) > MAX_STDIN_BYTES:
            return False
        self._input += data
        self._taken.append(taken)
        self._write()
        return True

    def end_input(self) -> None:
        """Nothing more is written to it."""
        self._input_ends = True
        self._write()

    def _write(self) -> None:
        if self._stdin < 0:
            self._input.clear()
            self._tell_taken()
            return
        try:
            while self._input:
                del self._input[: os.write(self._stdin, self._input[:READ_BYTES])]
        except BlockingIOError:
            self._wait_to_write()
            return
        except OSError:
            self._input_ends = (
                True  # it closed its end: what it does not want is lost, as for everybody
            )
            self._input.clear()
        if self._input_ends:
            self._close_stdin()
        else:
            self._reactor.remove(self._stdin)
        self._tell_taken()

    def _wait_to_write(self) -> None:
        self._reactor.remove(self._stdin)
        self._reactor.add_for_writing(self._stdin, lambda _: self._write())

    def _tell_taken(self) -> None:
        taken, self._taken = self._taken, []
        for told in taken:
            told()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            self._reactor.remove(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    # Its output.

    def _watch(self, output: Output) -> None:
        self._reactor.add(output.fd, lambda _: self._on_output(output))

    def take(self, stream: StreamName, most: int) -> bytes:
        """Take up to *most* bytes of what came; room is made for more."""
        output = self.outputs[stream]
        data = bytes(output.data[:most])
        del output.data[: len(data)]
        if output.is_paused and not output.is_done:
            output.is_paused = False
            self._watch(output)
        return data

    def _on_output(self, output: Output) -> None:
        if self._read(output):
            self._look()

    def _read(self, output: Output) -> bool:
        """Read once; whether anything changed."""
        if output.is_done:
            return False
        room = READ_BYTES
        if self._launch.hold_bytes is not None:
            room = min(room, self._launch.hold_bytes - len(output.data))
            if room <= 0:
                # Out of the set, not only unwatched: a hang-up would be told again and again.
                output.is_paused = True
                self._reactor.remove(output.fd)
                return False
        try:
            data = os.read(output.fd, room)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close(output)
            return True
        output.came += len(data)
        most = self._launch.most_bytes
        if most is not None and output.came > most:
            data = data[: max(most - (output.came - len(data)), 0)]
            if not self.is_truncated:
                self.is_truncated = True
                self.terminate()
        output.data += data
        return True

    def close_outputs(self) -> None:
        """Nobody reads what is left."""
        for output in self.outputs.values():
            self._close(output)

    def _close(self, output: Output) -> None:
        if not output.is_done:
            output.is_done = True
            self._reactor.remove(output.fd)
            os.close(output.fd)

    # Its end.

    def _on_control(self, _: int) -> None:
        while True:
            try:
                message = self._supervisor.control.recv(64)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self._reactor.remove(self._supervisor.control.fileno())
                return
            self._on_message(message)

    def _on_message(self, message: bytes) -> None:
        kind, rest = message[:1], message[1:]
        if kind == b"P":
            self.pid = int(rest)
            self.on_change(self)
        elif kind == b"E":
            number, _, what = rest.partition(b" ")
            self.failed = (int(number), what.decode())
        elif kind == b"X" and not self.has_exited:
            self.has_exited = True
            code = os.waitstatus_to_exitcode(int(rest))
            self.code, self.signal = (code, 0) if code >= 0 else (None, -code)
            self._look()

    def _look(self) -> None:
        if self.is_over and not self.is_gone:
            self._command(b"K")  # whatever it left behind has no business any more
        self.on_change(self)

    def _on_gone(self, _: int) -> None:
        """The supervisor ended, and before it everything else."""
        self._on_control(0)
        self._supervisor.process.wait()
        if self._launch.hold_bytes is None:
            for output in self.outputs.values():
                while self._read(output):
                    pass
            self.close_outputs()
        self._finish()

    def _finish(self) -> None:
        if self.is_gone:
            return
        self.is_gone = True
        if not self.has_exited and self.failed is None:
            self.signal = signal.SIGKILL
        self.has_exited = True
        if self._timer is not None:
            self._timer.cancel()
        self._close_stdin()
        for fd in (self._supervisor.control.fileno(), self._supervisor.pidfd):
            self._reactor.remove(fd)
        self._supervisor.control.close()
        os.close(self._supervisor.pidfd)
        self._reactor.demand -= 1
        self._tell_taken()
        self.on_change(self)


def describe(failed: tuple[int, str], launch: Launch) -> tuple[str, str]:
    """Return code and message of an errno and what failed."""
    number, what = failed
    name = errno.errorcode.get(number, "EIO")
    about = launch.cwd if what == "cwd" else launch.file
    return name, f"{what} {about}: {os.strerror(number)}"
