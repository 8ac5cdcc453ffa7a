"""The small process that stands over one program and ends with everything that the program started.

Run as a script, isolated, with its own session: ``supervise.py CONTROL HOST REQUEST``. CONTROL is a SOCK_SEQPACKET
socket, HOST a pidfd of the host, REQUEST a file of fields that end in NUL: the file to execute, the working
directory, the number of arguments, the arguments, and ``NAME=value`` for each variable. 0, 1 and 2 are the program's.

From the host      ``T`` asks every process to end, ``K`` ends them, ``S`` and a number signal the program itself.
To the host        ``P`` and a pid; or ``E``, an errno and what failed; ``X`` and a wait status once the program ended.
Promises    It is the subreaper of all that the program starts: who changes session or group, or loses its parent, is
            still its descendant. It leaves when told to, or when the host is gone, and only after the last of them.
            They gain no privileges by executing a file, and dump no core.
Gap         A program that kills this very process is free of it. Running a program is the user's full authority.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_STABLE_WITHIN = 32
_LOOK_AGAIN_MS = 20
_RECEIVE = 16


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _stat_of(pid: int) -> "tuple[int, bytes, bytes] | None":
    """Parent, start time and state of *pid*."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[19], fields[0]


def descendants(ancestor: int) -> "dict[int, bytes]":
    """Return every process below *ancestor*, by pid, with the time it started."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat_of(int(name))
            if stat is not None:
                parents[int(name)] = stat
    below: dict[int, bytes] = {}
    found = {ancestor}
    while found:
        found = {
            pid for pid, (parent, _, _) in parents.items() if parent in found
        } - below.keys()
        below.update({pid: parents[pid][1] for pid in found})
    return below


def _signal_all(whom: "dict[int, bytes]", number: int) -> None:
    for pid, started in whom.items():
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            stat = _stat_of(pid)
            if stat is not None and stat[1] == started:  # not another that got its number
                signal.pidfd_send_signal(pidfd, number)
        except OSError:
            pass  # it ended meanwhile
        finally:
            os.close(pidfd)


class Supervisor:
    """See the module's text."""

    def __init__(self, control: socket.socket, host: int) -> None:
        self._control = control
        self._host = host
        self._program = 0
        self._is_ending = False
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._failed, self._fail = os.pipe2(os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGQUIT,
            signal.SIGUSR1,
            signal.SIGUSR2,
        ):
            # A script that ends its group or its parent must not end us; we end with what it leaves.
            signal.signal(number, signal.SIG_IGN)

    def start(self, fields: "list[bytes]") -> None:
        """Fork, and execute what *fields* say."""
        us = os.getpid()
        self._program = os.fork()
        if self._program == 0:
            try:
                self._become(fields, us)
            finally:
                os._exit(127)
        os.close(self._fail)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)  # its pipes are its own: their end is seen when it ends
        os.close(null)

    def _become(self, fields: "list[bytes]", parent: int) -> None:
        what = "start"
        try:
            os.setsid()  # no terminal to ask at; and kill(0) is its own affair
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                return
            signal.set_wakeup_fd(-1)
            for number in range(1, 32):
                if number not in (signal.SIGKILL, signal.SIGSTOP):
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            what = "cwd"
            os.chdir(fields[1])
            what = "program"
            count = int(fields[2])
            arguments = fields[3 : 3 + count]
            variables = dict(field.split(b"=", 1) for field in fields[3 + count :])
            os.execve(fields[0], arguments, variables)  # noqa: S606 - what this process is for
        except OSError as error:
            os.write(self._fail, f"{error.errno} {what}".encode())

    def serve(self) -> None:
        """Return when nothing is left."""
        poll = select.poll()
        for fd in (self._control.fileno(), self._host, self._wake, self._failed):
            poll.register(fd, select.POLLIN)
        while True:
            ready = dict(poll.poll(_LOOK_AGAIN_MS if self._is_ending else None))
            if self._failed in ready:
                poll.unregister(self._failed)
                told = os.read(self._failed, 64)
                os.close(self._failed)
                self._tell(b"E" + told if told else b"P%d" % self._program)
                self._is_ending = self._is_ending or bool(told)
            if self._wake in ready:
                os.read(self._wake, 4096)
            if self._control.fileno() in ready and not self._obey():
                poll.unregister(self._control.fileno())
                self._is_ending = True
            if self._host in ready:
                self._is_ending = True
                poll.unregister(self._host)
            is_empty = self._reap()
            if self._is_ending and is_empty:
                return
            if self._is_ending:
                self._end_all()

    def _tell(self, message: bytes) -> None:
        try:
            self._control.send(message)
        except OSError:
            self._is_ending = True  # nobody is there any more

    def _obey(self) -> bool:
        try:
            message = self._control.recv(_RECEIVE)
        except OSError:
            message = b""
        if message == b"T":
            _signal_all(descendants(os.getpid()), signal.SIGTERM)
        elif message == b"K":
            self._is_ending = True
        elif message.startswith(b"S") and self._program:
            with contextlib.suppress(
                OSError
            ):  # it is a zombie of ours at most, never another process
                os.kill(self._program, int(message[1:]))
        return bool(message)

    def _reap(self) -> bool:
        """Take in who ended; whether nobody is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._program:
                self._program = 0
                self._tell(b"X%d" % status)

    def _end_all(self) -> None:
        """Stop them first, so that none can start another meanwhile, then end them."""
        us = os.getpid()
        stopped: dict[int, bytes] = {}
        for _ in range(_STABLE_WITHIN):
            found = descendants(us)
            new = {pid: at for pid, at in found.items() if stopped.get(pid) != at}
            if not new:
                break
            _signal_all(new, signal.SIGSTOP)
            stopped.update(new)
        _signal_all(stopped, signal.SIGKILL)


def main(arguments: "list[str]") -> None:
    """Stand over one program."""
    control, host, request = (int(argument) for argument in arguments)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for fd in (control, host):
        os.set_inheritable(fd, False)  # every other but 0, 1 and 2 never is
    with open(request, "rb") as file:
        fields = file.read().split(b"\0")[:-1]
    supervisor = Supervisor(socket.socket(fileno=control), host)
    supervisor.start(fields)
    supervisor.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
