"""Files, directories, mounts and roots."""

import errno
from ctypes import addressof

from tests.support.attempts.shape import AT_FDCWD, PAGE, Attempt, called, path, row, steps
from tests.support.attempts.world import SECRET, World

_PASSWD = b"/etc/passwd\0"
_O_TMPFILE = 0o20200002
_CLONE_NEWNS = 0x00020000


def _buffer(world: World) -> object:
    return world.buffer


def _reads(world: World, name: bytes, at: int = 0) -> None:
    fd = called(257, AT_FDCWD, name, 0, 0)
    called(17, fd, world.buffer, 16, at)


def _host_memory(world: World) -> None:
    _reads(world, b"/proc/%d/mem\0" % world.host, addressof(world.secret))
    if world.buffer.raw[:16] != SECRET[:16]:
        raise OSError(errno.EIO, "other bytes")


def _writes_host_memory(world: World) -> None:
    fd = called(257, AT_FDCWD, b"/proc/%d/mem\0" % world.host, 2, 0)
    called(18, fd, b"x", 1, world.spare)


def _in_host(name: str) -> object:
    return lambda world: f"/proc/{world.host}/{name}\0".encode()


def _handle(world: World) -> None:
    world.buffer[:8] = (128).to_bytes(4, "little") + bytes(4)
    called(303, AT_FDCWD, world.at("handle"), world.buffer, world.two, 0)
    mount = called(257, AT_FDCWD, world.folder.encode() + b"\0", 0, 0)
    called(304, mount, world.buffer, 0)


def _pivot(world: World) -> None:
    called(272, _CLONE_NEWNS)
    called(165, b"none\0", world.at("pivot"), b"tmpfs\0", 0, 0)
    called(80, world.at("pivot"))
    called(155, b".\0", b".\0")


def _fsmount(world: World) -> None:
    context = called(430, b"tmpfs\0", 0)
    called(431, context, 6, 0, 0, 0)  # create
    called(432, context, 0, 0)


def _renames(world: World) -> None:
    called(82, world.at("rename"), world.at("renamed"))


def _lists(world: World) -> None:
    fd = called(257, AT_FDCWD, b"/proc\0", 0o200000, 0)
    called(217, fd, world.buffer, PAGE)


ATTEMPTS: tuple[Attempt, ...] = (
    row("read a file of everyone's", 257, AT_FDCWD, _PASSWD, 0, 0),
    row("openat with close-on-exec", 257, AT_FDCWD, _PASSWD, 0o2000000, 0),
    row("open", 2, _PASSWD, 0, 0),
    row("read a secret file of the user's", 257, AT_FDCWD, path("secret"), 0, 0),
    row("write to a file of the user's", 257, AT_FDCWD, path("write"), 1, 0),
    row("a new file", 257, AT_FDCWD, path("new"), 0o102, 0o600),
    row("creat", 85, path("created"), 0o600),
    row("a nameless file", 257, AT_FDCWD, b"/tmp\0", _O_TMPFILE, 0o600),
    row("a file in shared memory", 257, AT_FDCWD, b"/dev/shm\0", _O_TMPFILE, 0o600),
    row("openat2", 437, AT_FDCWD, _PASSWD, bytes(24), 24),
    row("a device", 257, AT_FDCWD, b"/dev/full\0", 2, 0),
    row("a kernel setting", 257, AT_FDCWD, b"/proc/sys/kernel/core_pattern\0", 1, 0, for_root=True),
    row("the kernel's emergency keys", 257, AT_FDCWD, b"/proc/sysrq-trigger\0", 1, 0, for_root=True, reason="where the kernel was built without them", refused=(errno.ENOENT,)),
    row("own memory as a file", 257, AT_FDCWD, b"/proc/self/mem\0", 2, 0),
    steps("read the host's memory as a file", _host_memory),
    steps("write the host's memory as a file", _writes_host_memory),
    row("the host's environment", 257, AT_FDCWD, _in_host("environ"), 0, 0),
    row("the host's descriptors", 257, AT_FDCWD, _in_host("fd"), 0, 0),
    row("the host's root", 257, AT_FDCWD, _in_host("root"), 0o200000, 0),
    steps("a list of processes", _lists),
    row("stat", 4, _PASSWD, _buffer),
    row("lstat", 6, _PASSWD, _buffer),
    row("newfstatat", 262, AT_FDCWD, _PASSWD, _buffer, 0),
    row("statx", 332, AT_FDCWD, _PASSWD, 0, 0xFFF, _buffer),
    row("statfs", 137, b"/\0", _buffer),
    row("fstat of the channel", 5, 3, _buffer),
    row("access", 21, _PASSWD, 4),
    row("readlink", 89, b"/proc/self/exe\0", _buffer, PAGE),
    row("getcwd", 79, _buffer, PAGE),
    row("chdir", 80, b"/\0"),
    row("umask", 95, 0o77),
    row("chmod", 90, path("chmod"), 0o666),
    row("chown", 92, path("chown"), 65534, 65534, for_root=True),
    row("unlink", 87, path("unlink")),
    steps("rename", _renames),
    row("link", 86, path("link"), path("linked")),
    row("symlink", 88, _PASSWD, path("symbolic")),
    row("mkdir", 83, path("made"), 0o700),
    row("rmdir", 84, path("rmdir")),
    row("mknod of a pipe", 133, path("piped"), 0o010600, 0),
    row("mknod of a device", 133, path("device"), 0o020600, (1 << 8) | 3, for_root=True),
    row("truncate", 76, path("truncate"), 0),
    row("utimensat", 280, AT_FDCWD, path("utimes"), 0, 0),
    row("setxattr", 188, path("xattr"), b"user.a\0", b"a", 1, 0,
        reason="where the file system of the temporary directory has no attributes",
        refused=(errno.EOPNOTSUPP,)),
    row("listxattr", 194, path("xattr"), 0, 0),
    row("inotify", 294, 0),
    row("fanotify", 300, 0, 0, for_root=True),
    row("name_to_handle_at, as a question", 303, AT_FDCWD, path("handle"), _buffer,
        lambda world: world.two, 0,
        reason="asks with room for nothing, and the kernel says how much it takes",
        refused=(errno.EOVERFLOW,)),
    steps("open a file by its handle", _handle, for_root=True,
          reason="where the file system of the temporary directory has no handles",
          refused=(errno.EOPNOTSUPP, errno.ESTALE)),
    row("mount", 165, b"none\0", path("mount"), b"tmpfs\0", 0, 0, for_root=True),
    row("umount", 166, path("mount"), 0,
        reason="nothing is mounted there: the mount of the row above went with its process's namespace",
        refused=(errno.EINVAL, errno.EPERM)),
    row("chroot", 161, path("chroot"), for_root=True),
    steps("pivot_root", _pivot, for_root=True),
    row("fsopen", 430, b"tmpfs\0", 0, for_root=True),
    steps("fsmount", _fsmount, for_root=True),
    row("open_tree", 428, AT_FDCWD, b"/\0", 0),
    row("open_tree of a copy", 428, AT_FDCWD, b"/\0", 1, for_root=True),
    row("swapon", 167, path("secret"), 0,
        reason="the file holds no swap area: a success would change the machine",
        refused=(errno.EINVAL, errno.EPERM)),
    row("accounting", 163, path("nothing"),
        reason="there is no such file: a success would change the machine",
        refused=(errno.ENOENT, errno.EPERM, errno.ENOSYS)),
    row("sync of everything", 306, 3, reason="a pipe belongs to no file system that could be synced; others would be slow",
        refused=(errno.EBADF, errno.EINVAL, errno.ENOSYS)),
    row("landlock_create_ruleset", 444, 0, 0, 1, reason="where the kernel has no Landlock",
        refused=(errno.ENOSYS, errno.EOPNOTSUPP)),
)  # fmt: skip
