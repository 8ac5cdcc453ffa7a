"""What the records of the kernel say, and what only looks like one."""

import pytest

from host.kernel_log import KernelLog

SECCOMP = (
    b"5,356,1039797311,-;audit: type=1326 audit(%d.604:148): auid=4294967295 uid=0 gid=0 ses=4294967295 "
    b'pid=%d comm="python" exe="/usr/bin/python3" sig=31 arch=c000003e syscall=%d compat=0 ip=0x7f code=0x80000000\n'
)


@pytest.fixture
def log() -> KernelLog:
    """A log that holds what the test puts into it."""
    made = KernelLog()
    made.close()
    return made


def test_the_record_of_the_kernel_names_the_call(
    log: KernelLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the process, within ten seconds, once."""
    monkeypatch.setattr("host.kernel_log.time", lambda: 1000.0)
    log.take(SECCOMP % (995, 77, 41))
    log.take(SECCOMP % (995, 78, 99999))
    log.take(SECCOMP % (900, 79, 41))

    assert log.forbidden_call(76) == ""
    assert log.forbidden_call(77) == "socket"
    assert log.forbidden_call(77) == ""
    assert log.forbidden_call(78) == "number 99999"
    assert log.forbidden_call(79) == ""  # another process had that number then


@pytest.mark.parametrize(
    "record",
    [
        (SECCOMP % (995, 77, 41)).replace(b"5,356", b"13,356"),  # written by a program
        b"5,1,1,-;" + SECCOMP % (995, 77, 41),
        (SECCOMP % (995, 77, 41)).replace(b"sig=31", b"sig=0"),
        (SECCOMP % (995, 77, 41)).replace(b"pid=77", b"pid=77777777777777"),
        b"",
        b"\xff" * 8192,
        b'5,1,1,-;audit: type=1326 audit(995.1:1): pid=1 comm="' + b"a" * 8000,
    ],
)
def test_what_only_looks_like_a_record_is_none(
    log: KernelLog, record: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that somebody wrote into the log, or that was cut."""
    monkeypatch.setattr("host.kernel_log.time", lambda: 1000.0)
    log.take(record)

    assert log.forbidden_call(77) == ""


def test_the_log_keeps_little(log: KernelLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of other people's processes, too."""
    monkeypatch.setattr("host.kernel_log.time", lambda: 1000.0)
    for pid in range(1000):
        log.take(SECCOMP % (999, pid, 41))
        log.take(b"3,1,1,-;Out of memory: Killed process %d (python) total-vm:1kB\n" % pid)

    assert log.forbidden_call(1) == ""
    assert log.forbidden_call(999) == "socket"
    assert not log.ran_out_of_memory(1)
    assert log.ran_out_of_memory(999)
    assert not log.ran_out_of_memory(999)
