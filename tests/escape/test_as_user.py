"""A real host of a user without privileges and without user namespaces, in a run of the tests that is root's."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from host.seccomp_readback import allowed_calls, read_filters
from ipc.layers import DEFAULT_REQUIRED
from tests.support import as_user
from tests.support.escape_runs import IS_ROOT, ROOT
from tests.support.processes import status_of, wait_gone
from worker.lockdown.kernel import MACHINE
from worker.lockdown.syscalls import MACHINES

SCRIPT = ROOT / "tests" / "support" / "user_host.py"
NOT_TO_BE_HAD = {"uid", "namespaces", "empty_root"}


@pytest.fixture
def host() -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    """The process of the host, and what it tells of its worker."""
    folder = tempfile.mkdtemp()
    with as_user.opened(folder):
        process = subprocess.Popen(
            as_user.command([sys.executable, str(SCRIPT), folder]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder},
        )
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
            process.communicate()
            shutil.rmtree(folder)


def test_a_plugin_runs_for_a_user(
    host: tuple[subprocess.Popen[str], dict[str, object]],
) -> None:
    """Three layers less, each with its reason; what a worker cannot do without is in force."""
    process, told = host
    layers = json.loads(str(told["layers"]))
    why = layers.pop("why")

    assert (told["action"], told["reason"]) == ("block", "no shell here")
    assert {name for name, held in layers.items() if held} >= set(DEFAULT_REQUIRED)
    assert {name for name, held in layers.items() if not held} >= NOT_TO_BE_HAD
    assert set(why) == {name for name, held in layers.items() if not held}
    assert why["uid"] == "the host is not root, so its workers run as the same user"
    assert why["namespaces"].startswith("unshare failed: EPERM")
    assert why["empty_root"].startswith("unshare failed: EPERM")
    if IS_ROOT:
        assert told["uid"] == [as_user.UID] * 3
    assert process.poll() is None


def test_the_kernel_says_the_same_of_its_worker(
    host: tuple[subprocess.Popen[str], dict[str, object]],
) -> None:
    """From /proc and, where the test is root, from the filter itself."""
    _, told = host
    pid = int(str(told["pid"]))
    status = status_of(pid)

    # The stand-in for a container's denial is a filter, too, and we may run under some ourselves.
    ours = int(status_of(os.getpid())["Seccomp_filters"])
    assert int(status["Seccomp_filters"]) == ours + (2 if IS_ROOT else 1)
    assert (status["Seccomp"], status["NoNewPrivs"], status["Threads"]) == ("2", "1", "1")
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    if IS_ROOT:
        machine = MACHINES[MACHINE]
        filters = read_filters(pid)
        assert allowed_calls(filters[-1]) == {
            (machine.audit_arch, machine.numbers[name]) for name in EIGHT
        }


EIGHT = ("read", "write", "mmap", "munmap", "mremap", "brk", "clock_gettime", "exit_group")


def test_a_user_is_told_why_the_filter_cannot_be_read(
    host: tuple[subprocess.Popen[str], dict[str, object]],
) -> None:
    """The worker is not dumpable, so the kernel lets its user not even trace it."""
    _, told = host

    assert "cannot trace process" in str(told["readback"])
    assert "root" in str(told["readback"])


def test_a_hanging_plugin_is_ended_by_its_user(
    host: tuple[subprocess.Popen[str], dict[str, object]],
) -> None:
    """The same user's process, without a capability: still killed, and nothing stays."""
    process, told = host
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()

    assert json.loads(process.stdout.readline()) == {"status": "timed_out"}
    process.wait(30)
    assert wait_gone([int(str(told["pid"]))]) == set()


def test_the_stand_in_denies_user_namespaces_and_nothing_else() -> None:
    """The control: what it keeps from a user, the kernel would have given."""
    code = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True);"
        "print(libc.unshare(0x10000000), ctypes.get_errno(), libc.unshare(0))"
    )
    told = subprocess.run(
        as_user.command([sys.executable, "-I", "-S", "-c", code]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()

    assert told[2] == "0"
    if IS_ROOT:
        assert told[:2] == ["-1", "1"]
