"""What native code in a worker could try, one row each. Numbers are x86_64's.

A row is harmless should it come through: it opens for reading, makes what dies with the process, or passes what
the kernel refuses (and says with which error; the point is that the kernel was reached at all).
"""

import ctypes
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

from worker.lockdown.kernel import syscall

AT_FDCWD = -100
PAGE = 4096
_PASSWD = b"/etc/passwd\0"
_ABSENT = b"/nonexistent/nothing\0"
_BUFFER = ctypes.create_string_buffer(PAGE)
_TWO = (ctypes.c_int * 2)()
HOST = os.getppid()


def in_host(path: str) -> bytes:
    return f"/proc/{HOST}/{path}\0".encode()


@dataclass(frozen=True, slots=True)
class Attempt:
    """``make`` returns the kernel's answer, ``-errno`` if it refused.

    ``refused``: errors that an unconfined process may get; empty, and it must succeed there.
    """

    name: str
    make: Callable[[], int]
    refused: tuple[int, ...] = ()


def _fork(number: int, *args: object) -> int:
    result = syscall(number, *args)
    if result == 0:
        os._exit(0)
    return result


def _call(number: int, *args: object) -> Callable[[], int]:
    return lambda: syscall(number, *args)


def _int80() -> int:
    return int(_I386_GETPID())


def _machine_code(code: bytes) -> Callable[[], int]:
    """Return *code* as a function, in memory made executable before the lockdown."""
    address = syscall(9, 0, PAGE, 7, 0x22, -1, 0)
    ctypes.memmove(address, code, len(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)


_I386_GETPID = _machine_code(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
_SPARE = syscall(9, 0, 4 * PAGE, 3, 0x22, -1, 0)

_EFAULT, _EPERM, _EINVAL, _ENOENT = errno.EFAULT, errno.EPERM, errno.EINVAL, errno.ENOENT
_ENOSYS, _EBADF, _ESRCH, _EACCES = errno.ENOSYS, errno.EBADF, errno.ESRCH, errno.EACCES
_NO_KEY = 0x6A636F64  # of no object: one that was made would outlive the test
_NO_FAMILY = (errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EPROTONOSUPPORT, _EPERM)


def _row(name: str, number: int, *args: object, refused: tuple[int, ...] = ()) -> Attempt:
    return Attempt(name, _call(number, *args), refused)


ATTEMPTS = (
    # Files.
    _row("openat reads a file", 257, AT_FDCWD, _PASSWD, 0, 0),
    _row("openat close-on-exec", 257, AT_FDCWD, _PASSWD, 0o2000000, 0),
    _row("open reads a file", 2, _PASSWD, 0, 0),
    _row("openat makes a nameless file", 257, AT_FDCWD, b"/tmp\0", 0o20200002, 0o600),
    _row("creat where there is no directory", 85, _ABSENT, 0o600, refused=(_ENOENT,)),
    _row("openat2", 437, AT_FDCWD, _PASSWD, bytes(24), 24),
    _row("own memory as a file", 257, AT_FDCWD, b"/proc/self/mem\0", 2, 0),
    _row("the host's memory as a file", 257, AT_FDCWD, in_host("mem"), 0, 0),
    _row("the host's environment", 257, AT_FDCWD, in_host("environ"), 0, 0),
    _row("the host's descriptors", 257, AT_FDCWD, in_host("fd"), 0, 0),
    _row("stat", 4, _PASSWD, _BUFFER),
    _row("newfstatat", 262, AT_FDCWD, _PASSWD, _BUFFER, 0),
    _row("statx", 332, AT_FDCWD, _PASSWD, 0, 0xFFF, _BUFFER),
    _row("fstat of the channel", 5, 3, _BUFFER),
    _row("access", 21, _PASSWD, 4),
    _row("readlink", 89, b"/proc/self/exe\0", _BUFFER, PAGE),
    _row("getcwd", 79, _BUFFER, PAGE),
    _row("chdir", 80, b"/\0"),
    _row("chmod", 90, _ABSENT, 0o777, refused=(_ENOENT,)),
    _row("chown", 92, _ABSENT, 0, 0, refused=(_ENOENT,)),
    _row("unlink", 87, _ABSENT, refused=(_ENOENT,)),
    _row("rename", 82, _ABSENT, _ABSENT, refused=(_ENOENT,)),
    _row("mkdir", 83, _ABSENT, 0o700, refused=(_ENOENT,)),
    _row("symlink", 88, _PASSWD, _ABSENT, refused=(_ENOENT,)),
    _row("truncate", 76, _ABSENT, 0, refused=(_ENOENT,)),
    _row("utimensat", 280, AT_FDCWD, _ABSENT, 0, 0, refused=(_ENOENT,)),
    _row("setxattr", 188, _ABSENT, b"user.a\0", b"a", 1, 0, refused=(_ENOENT,)),
    _row("inotify", 294, 0),
    _row("fanotify", 300, 0, 0, refused=(_EPERM, _ENOSYS)),
    _row("name_to_handle_at", 303, AT_FDCWD, _ABSENT, _BUFFER, _TWO, 0, refused=(_ENOENT,)),
    # Mounts and roots.
    _row("mount", 165, 0, 0, 0, 0, 0, refused=(_EFAULT, _EPERM, _EINVAL)),
    _row("umount", 166, _ABSENT, 0, refused=(_ENOENT, _EPERM)),
    _row("chroot", 161, _ABSENT, refused=(_ENOENT, _EPERM)),
    _row("pivot_root", 155, _ABSENT, _ABSENT, refused=(_ENOENT, _EPERM)),
    _row("fsopen", 430, b"tmpfs\0", 0, refused=(_EPERM,)),
    _row("open_tree", 428, AT_FDCWD, b"/\0", 0),
    # Descriptors.
    _row("dup", 32, 3),
    _row("dup2", 33, 3, 1000),
    _row("fcntl", 72, 3, 3, 0),
    _row("ioctl", 16, 3, 0x541B, _BUFFER),
    _row("pipe2", 293, _TWO, 0),
    _row("close of the channel", 3, 3),
    _row("memfd_create", 319, b"x\0", 0),
    _row("memfd_secret", 447, 0, refused=(_ENOSYS,)),
    _row("eventfd", 290, 0, 0),
    _row("epoll_create", 291, 0),
    _row("splice", 275, 3, 0, 4, 0, 1, 2, refused=(_EINVAL, errno.EAGAIN)),
    _row("sendfile", 40, 4, 3, 0, 1, refused=(_EINVAL, errno.ESPIPE)),
    _row("read of another descriptor", 0, 999, _BUFFER, 1, refused=(_EBADF,)),
    _row("read of the standard input", 0, 0, _BUFFER, 0),
    _row("read of the writing end", 0, 4, _BUFFER, 1, refused=(_EBADF,)),
    _row("read of 3 with a high bit", 0, (1 << 32) | 3, _BUFFER, 0),
    _row("write to standard error", 1, 2, b"", 0),
    _row("write to the reading end", 1, 3, b"", 0, refused=(_EBADF,)),
    _row("write to 1023", 1, 1023, b"", 0, refused=(_EBADF,)),
    _row("writev", 20, 4, 0, 0),
    _row("readv", 19, 3, 0, 0),
    _row("pread", 17, 3, _BUFFER, 1, 0, refused=(errno.ESPIPE,)),
    # Sockets.
    _row("TCP", 41, 2, 1, 0),
    _row("UDP", 41, 2, 2, 0),
    _row("TCP over IPv6", 41, 10, 1, 0, refused=_NO_FAMILY),
    _row("raw IP", 41, 2, 3, 1, refused=_NO_FAMILY),
    _row("unix socket", 41, 1, 1, 0),
    _row("netlink", 41, 16, 3, 0),
    _row("packet socket", 41, 17, 3, 0, refused=_NO_FAMILY),
    _row("vsock", 41, 40, 1, 0, refused=_NO_FAMILY),
    _row("crypto socket", 41, 38, 5, 0, refused=_NO_FAMILY),
    _row("socketpair", 53, 1, 1, 0, _TWO),
    _row("connect", 42, 3, 0, 0, refused=(errno.ENOTSOCK, _EFAULT)),
    _row("sendmsg", 46, 4, 0, 0, refused=(errno.ENOTSOCK, _EFAULT)),
    # Processes and signals.
    Attempt("fork", lambda: _fork(57)),
    Attempt("clone", lambda: _fork(56, 17, 0, 0, 0, 0)),
    _row("clone3", 435, 0, 0, refused=(_EINVAL, _ENOSYS)),
    _row("execve", 59, _ABSENT, 0, 0, refused=(_ENOENT,)),
    _row("execveat", 322, AT_FDCWD, _ABSENT, 0, 0, 0, refused=(_ENOENT,)),
    _row("a signal to the host", 62, HOST, 0),
    _row("a signal to everyone", 62, -1, 0),
    _row("tgkill", 234, HOST, HOST, 0),
    _row("rt_sigqueueinfo", 129, HOST, 0, _BUFFER, refused=(_EPERM,)),
    _row("pidfd_open of the host", 434, HOST, 0),
    _row("pidfd_send_signal", 424, -1, 0, 0, 0, refused=(_EBADF,)),
    _row("pidfd_getfd", 438, -1, 0, 0, refused=(_EBADF,)),
    _row("ptrace the host", 101, 0x4206, HOST, 0, 0, refused=(_EPERM,)),
    _row("be traced", 101, 0, 0, 0, 0),
    _row("read the host's memory", 310, HOST, 0, 0, 0, 0, 0),
    _row("write the host's memory", 311, HOST, 0, 0, 0, 0, 0),
    _row("kcmp", 312, HOST, HOST, 0, 0, 0, refused=(_ENOSYS, _EPERM)),
    _row("wait", 61, -1, 0, 1, 0, refused=(errno.ECHILD,)),
    _row("setsid", 112, refused=(_EPERM,)),
    _row("setpriority", 141, 0, 0, 0),
    _row("sched_setaffinity", 203, 0, 128, b"\1" + bytes(127)),
    _row("sched_yield", 24),
    _row("sigaction", 13, 10, 0, _BUFFER, 8),
    _row("pause the world by SIGSTOP to nobody", 62, 1 << 30, 19, refused=(_ESRCH,)),
    # The kernel's large surfaces.
    _row("io_uring_setup", 425, 8, _BUFFER, refused=(_ENOSYS, _EPERM)),
    _row("bpf", 321, 0, 0, 0, refused=(_EPERM, _EINVAL, _ENOSYS)),
    _row("perf_event_open", 298, _BUFFER, 0, -1, -1, 0, refused=(_EACCES, _EPERM, _ENOENT)),
    _row("userfaultfd", 323, 1, refused=(_EPERM, _ENOSYS)),
    _row("keyctl", 250, 0, -3, 0, refused=(_ENOSYS, errno.ENOKEY)),
    _row("add_key", 248, 0, 0, 0, 0, 0, refused=(_ENOSYS, _EFAULT)),
    _row("unshare", 272, 0),
    _row("unshare of the user namespace", 272, 0x10000000, refused=(_EPERM, errno.ENOSPC)),
    _row("setns", 308, -1, 0, refused=(_EBADF,)),
    _row("init_module", 175, 0, 0, 0, refused=(_EPERM, _EFAULT, errno.ENOEXEC, _ENOSYS)),
    _row("kexec_load", 246, 0, 99, 0, 0, refused=(_EPERM, _EINVAL, _ENOSYS)),
    _row("reboot", 169, 0, 0, 0, 0, refused=(_EPERM, _EINVAL)),
    _row("syslog", 103, 10, 0, 0, refused=(_EPERM, _ENOSYS)),
    # IPC.
    _row("System V memory", 29, _NO_KEY, 1, 0, refused=(_ENOENT, _ENOSYS)),
    _row("System V messages", 68, _NO_KEY, 0, refused=(_ENOENT, _ENOSYS)),
    _row("System V semaphores", 64, _NO_KEY, 1, 0, refused=(_ENOENT, _ENOSYS)),
    _row("POSIX message queue", 240, b"nothing\0", 0, 0, 0, refused=(_ENOENT, _ENOSYS)),
    _row("futex", 202, _BUFFER, 129, 1, 0, 0, 0),
    # Memory.
    _row("executable memory", 9, 0, PAGE, 7, 0x22, -1, 0),
    _row("memory to run only", 9, 0, PAGE, 4, 0x22, -1, 0),
    _row("shared memory", 9, 0, PAGE, 3, 0x21, -1, 0),
    _row("memory at a fixed address", 9, _SPARE, PAGE, 3, 0x32, -1, 0),
    _row("memory of a descriptor", 9, 0, PAGE, 1, 0x02, 3, 0, refused=(errno.ENODEV, _EACCES)),
    _row("anonymous, but with a descriptor", 9, 0, PAGE, 3, 0x22, 3, 0),
    _row("make memory executable", 10, _SPARE, PAGE, 7),
    _row("mprotect", 10, _SPARE, PAGE, 1),
    _row("pkey_mprotect", 329, _SPARE, PAGE, 7, -1),
    _row("mremap to a fixed address", 25, _SPARE, PAGE, PAGE, 3, _SPARE + PAGE),
    _row("madvise", 28, _SPARE, PAGE, 4),
    _row("mlock", 149, _SPARE, PAGE),
    # Identity, limits, this process.
    _row("become root", 117, 0, 0, 0, refused=(_EPERM,)),
    _row("setgroups", 116, 0, 0, refused=(_EPERM,)),
    _row("capset", 126, 0, 0, refused=(_EFAULT,)),
    _row("getuid", 102),
    _row("getpid", 39),
    _row("raise a limit", 302, 0, 7, 0, _BUFFER),
    _row("setrlimit", 160, 4, bytes(16)),
    _row("be dumpable", 157, 4, 1, 0, 0, 0),
    _row("forget the parent's death", 157, 1, 0, 0, 0, 0),
    _row("another filter", 317, 1, 0, 0, refused=(_EFAULT,)),
    _row("personality", 135, 0xFFFFFFFF),
    _row("arch_prctl", 158, 0x1004, _BUFFER),
    _row("getrandom", 318, _BUFFER, 8, 0),
    _row("uname", 63, _BUFFER),
    # Time.
    _row("set the clock", 227, 99, 0, refused=(_EINVAL,)),
    _row("a timer", 222, 1, 0, _BUFFER),
    _row("an alarm", 37, 0),
    _row("sleep", 35, bytes(16), 0),
    # Other doors into the kernel.
    _row("x32 getpid", 0x40000000 | 39, refused=(_ENOSYS,)),
    _row("x32 read", 0x40000000, 3, _BUFFER, 0, refused=(_ENOSYS,)),
    _row("a number that is none", 9999, refused=(_ENOSYS,)),
    Attempt("int 0x80", _int80),
)

ALLOWED = (
    _row("plain memory", 9, 0, PAGE, 3, 0x22, -1, 0),
    _row("memory to reserve", 9, 0, PAGE, 0, 0x22, -1, 0),
    _row("giving memory back", 11, _SPARE, PAGE),
    _row("growing memory", 25, _SPARE, PAGE, 2 * PAGE, 1),
    _row("the end of the heap", 12, 0),
    _row("the clock", 228, 1, _BUFFER),
    _row("nothing from the channel", 0, 3, _BUFFER, 0),
    _row("nothing to the channel", 1, 4, b"", 0),
)
"""What a worker may do: the other half of the proof, that it was the attempt that a death was for."""
