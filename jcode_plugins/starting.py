"""Starting a daemon when none listens.

Promises    However many clients find none at once, they start one. It belongs to no client: a session of its own, no
            terminal, none of the client's descriptors, and of its environment only what every daemon has.
"""

import fcntl
import os
import sys
import time

from jcode_plugins.errors import NotRunningError, StartError
from jcode_plugins.place import connect, open_directory, socket_path
from jcode_plugins.surroundings import for_a_daemon

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Mapping

IDLE_EXIT_S = 900
"""How long a daemon that a client started waits for another one."""
_PAUSE_S = 0.02
_MOST_TOLD = 4096


def connect_or_start(
    path: str, environment: "Mapping[str, str]", timeout_s: float
) -> "_socket.socket":
    """Return a connected socket, of a daemon started for it if none listens. Raises StartError, PlaceError."""
    try:
        return connect(path, timeout_s)
    except NotRunningError:
        pass
    until = time.monotonic() + timeout_s
    directory = open_directory(os.path.dirname(path), create=True)
    try:
        lock = os.open(
            f"/proc/self/fd/{directory}/start.lock",
            os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
        )
    finally:
        os.close(directory)
    try:
        _lock(lock, until)
        try:
            return connect(path, timeout_s)  # whoever had the lock may have started it
        except NotRunningError:
            _start(path, environment, until)
        return _connect_soon(path, until)
    finally:
        os.close(lock)


def _connect_soon(path: str, until: float) -> "_socket.socket":
    """It may be that another one had begun, and takes a moment more."""
    while True:
        try:
            return connect(path, max(until - time.monotonic(), _PAUSE_S))
        except NotRunningError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)  # noqa: TID251 - nothing to wait on: a socket that is not there


def _lock(fd: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise StartError("another client is still starting the daemon") from None
            time.sleep(_PAUSE_S)  # noqa: TID251 - nothing to wait on: flock has no deadline
        else:
            return


def _start(path: str, environment: "Mapping[str, str]", until: float) -> None:
    told, tell = os.pipe()
    variables = for_a_daemon(environment)
    if socket_path(variables) != path:
        variables["JCODE_PLUGIN_SOCKET"] = path
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, tell, 1)]
    actions.append((os.POSIX_SPAWN_DUP2, tell, 2))
    words = [*command(environment), "serve", "--background", "--idle-exit", str(IDLE_EXIT_S)]
    try:
        # The process that this starts ends as soon as the daemon, its child, listens: no zombie is left.
        pid = os.posix_spawn(words[0], words, variables, file_actions=actions, setsid=True)
    except OSError as error:
        os.close(told)
        raise StartError(f"{words[0]} cannot be run: {error.strerror}") from None
    finally:
        os.close(tell)
        os.close(null)
    try:
        said = _read(told, until)
    finally:
        os.close(told)
    code = _reap(pid, until)
    if code:
        lines = said.decode(errors="replace").strip().splitlines()
        what = ascii(lines[-1])[1:-1] if lines else f"it ended with {code}"
        raise StartError(f"the daemon did not start: {what}")


def _read(fd: int, until: float) -> bytes:
    from select import POLLIN, poll  # not select, which knows no descriptor above 1,023

    told = poll()
    told.register(fd, POLLIN)
    said = b""
    while (left := until - time.monotonic()) > 0 and len(said) < _MOST_TOLD:
        if not told.poll(left * 1000):
            break
        data = os.read(fd, _MOST_TOLD)
        if not data:
            return said
        said += data
    return said


def _reap(pid: int, until: float) -> int:
    while True:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0  # the program ignores its children: connecting will tell
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            raise StartError(
                "the daemon did not start in time; start one with jcode-plugin serve"
            )
        time.sleep(_PAUSE_S)  # noqa: TID251 - a pidfd would need a poll of its own, for a few milliseconds


def command(environment: "Mapping[str, str]") -> list[str]:
    """Return how ``jcode-plugin`` is run: of this installation if there is one, else what ``PATH`` has."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.executable and os.path.exists(os.path.join(root, "jcode_plugin_start.py")):
        # Isolated: no variable and no directory of a client's decides what a daemon is made of.
        code = f"import sys; sys.path.insert(0, {root!r}); from jcode_plugin_start import main; sys.exit(main())"
        return [sys.executable, "-I", "-c", code]
    for directory in environment.get("PATH", os.defpath).split(os.pathsep):
        found = os.path.join(directory, "jcode-plugin")
        if os.path.isabs(found) and os.access(found, os.X_OK):
            return [found]
    raise StartError("there is no jcode-plugin on PATH; install jcode-plugins")
