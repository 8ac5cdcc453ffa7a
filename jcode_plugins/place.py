"""Where the daemon listens, whether that place is ours, and connecting to it.

Promises    Nothing is sent to a socket whose directory another user could change, or whose other end is another
            user's process. The directory is opened once and used by its descriptor, so it cannot be exchanged between
            the look and the use; a long path is no trouble, either.
Relies on   ``_socket``, which ``socket`` wraps, and ``posix``, which ``os`` wraps: the first wrapper costs 5 ms, as much
            as all of a hook's own work, the second one a tenth of a bare interpreter.
"""

import _socket
import posix
import sys

from jcode_plugins.errors import DeadlineError, NotRunningError, PlaceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

SOCKET_VARIABLE = "JCODE_PLUGIN_SOCKET"
NAME = "daemon.sock"
_PEER_CREDENTIALS = 17  # SO_PEERCRED; three ints: pid, uid, gid
_OPEN = posix.O_PATH | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC


def socket_path(variables: "Mapping[str, str]") -> str:
    """Return the absolute path of the socket.

    ``JCODE_PLUGIN_SOCKET``, else beneath ``JCODE_HOME``, else beneath ``XDG_RUNTIME_DIR``, else ``~/.jcode/run``: two
    homes are two daemons.
    """
    given = variables.get(SOCKET_VARIABLE)
    if given:
        return _absolute(given)
    home = variables.get("JCODE_HOME")
    if home:
        return _beneath(_absolute(home), f"run/{NAME}")
    runtime = variables.get("XDG_RUNTIME_DIR")
    if runtime and runtime.startswith("/"):
        return _beneath(runtime, f"jcode-plugins/{NAME}")
    return _beneath(variables.get("HOME") or _absolute("~"), f".jcode/run/{NAME}")


def _absolute(path: str) -> str:
    if (
        path.startswith("/")
        and not path.endswith("/")
        and "//" not in path
        and "/." not in path
    ):
        return path
    import os  # only for a path that is not yet as it is to be

    return os.path.abspath(os.path.expanduser(path))


def _beneath(directory: str, rest: str) -> str:
    return directory + rest if directory.endswith("/") else f"{directory}/{rest}"


def open_directory(path: str, *, create: bool = False) -> int:
    """Return a descriptor of the directory *path*, which is this user's own and closed to all others.

    Raises :class:`PlaceError`, FileNotFoundError when it does not exist and is not to be made.
    """
    if create:
        _make(path)
    try:
        fd = posix.open(path, _OPEN)
    except FileNotFoundError:
        raise
    except NotADirectoryError:
        raise PlaceError(
            f"{path} is a link or no directory; remove it, or set {SOCKET_VARIABLE} to a path elsewhere"
        ) from None
    except OSError as error:
        raise PlaceError(f"{path}: {error.strerror}; it must be your own directory") from None
    try:
        _check(path, posix.fstat(fd))
    except BaseException:
        posix.close(fd)
        raise
    return fd


def _make(path: str) -> None:
    import os

    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass  # looked at next, whoever made it
    except OSError as error:
        raise PlaceError(
            f"{path} cannot be made: {error.strerror}; set {SOCKET_VARIABLE} to a path elsewhere"
        ) from None


def _check(path: str, found: "os.stat_result") -> None:
    if found.st_uid != posix.geteuid():
        raise PlaceError(
            f"{path} belongs to user {found.st_uid}, not to you ({posix.geteuid()}); "
            f"remove it, or set {SOCKET_VARIABLE} to a path elsewhere"
        )
    if found.st_mode & 0o077:
        raise PlaceError(f"{path} is open to other users; close it: chmod 700 {path}")


def connect(path: str, timeout_s: float) -> "_socket.socket":
    """Return a connected socket whose reads and writes take *timeout_s* at most. Raises NotRunningError, DeadlineError, PlaceError."""
    directory, slash, name = path.rpartition("/")
    try:
        fd = open_directory(directory or slash)
    except FileNotFoundError:
        raise NotRunningError(_not_running(path)) from None
    try:
        found = _connected(f"/proc/self/fd/{fd}/{name}", path, timeout_s)
    finally:
        posix.close(fd)
    _, uid = peer_of(found)
    if uid not in (posix.geteuid(), 0):  # a manager of services that is root may listen for us
        found.close()
        raise PlaceError(f"{path}: user {uid} listens there, not you; nothing was sent")
    found.settimeout(timeout_s)
    return found


def _connected(short: str, path: str, timeout_s: float) -> "_socket.socket":
    found = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        # Not settimeout: a socket that does not block is refused at once while the daemon's queue is full.
        found.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, _timeval(timeout_s))
        found.connect(short)
    except (FileNotFoundError, ConnectionRefusedError):
        found.close()
        raise NotRunningError(_not_running(path)) from None
    except BlockingIOError:
        found.close()
        # Whoever listens there is not to be replaced by another one.
        raise DeadlineError(
            f"the daemon at {path} took no connection within {timeout_s:.0f} s"
        ) from None
    except OSError as error:
        found.close()
        raise PlaceError(f"{path}: {error.strerror}") from None
    return found


def peer_of(connected: "_socket.socket") -> tuple[int, int]:
    """Return the process and the user at the other end, as the kernel noted them when it connected or listened."""
    told = connected.getsockopt(_socket.SOL_SOCKET, _PEER_CREDENTIALS, 12)
    order = sys.byteorder
    return int.from_bytes(told[:4], order), int.from_bytes(told[4:8], order)


def _timeval(seconds: float) -> bytes:
    whole, rest = divmod(max(seconds, 0.001), 1)
    order = sys.byteorder
    return int(whole).to_bytes(8, order) + int(rest * 1e6).to_bytes(8, order)


def _not_running(path: str) -> str:
    return f"no daemon listens at {path}; start one with jcode-plugin serve"
