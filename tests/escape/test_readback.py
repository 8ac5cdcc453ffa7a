"""The filter in force on a live worker, read back from the kernel and followed to its ends."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import BlockingPluginHost
from host.seccomp_readback import ReadbackError, allowed_calls, allowed_numbers, read_filters
from tests.support import simulate
from tests.support.sweep import CAME_THROUGH, REFUSED
from tests.support.traced import installed_filters
from worker.lockdown.bpf import ALLOW, KILL, assemble, to_bytes
from worker.lockdown.kernel import MACHINE
from worker.lockdown.syscalls import MACHINES, PROFILES, Profile, rules

IS_ROOT = os.getuid() == 0
ROOT = Path(__file__).resolve().parents[2]
SWEEP = ROOT / "tests" / "support" / "sweep.py"
PLUGIN = 'export default (pi) => { pi.on("PreToolUse", () => ({ action: "continue" })); };'
U64 = (1 << 64) - 1
X32_BIT = 0x40000000
ARCHITECTURES = (0xC000003E, 0x40000003, 0xC00000B7, 0x40000028, 0)
ADVERSARIAL = (
    (3, 1, 3, 0x22, U64, 0),
    (4, 1, 1, 0x22, 0xFFFFFFFF, 0),
    (0, 0, 0, 1, 0, 0),
    (3, 129, 3, 1, U64, U64),
    ((1 << 32) | 3, (1 << 32) | 1, (1 << 32) | 3, (1 << 32) | 0x22, U64, U64),
    (U64, U64, U64, U64, U64, U64),
    (0xFFFFFF9C, 0, 0o2000000, 0, 0, 0),
)
EIGHT = {row.name for row in PROFILES["plugins"]}
EVERY = [(name, profile) for name in MACHINES for profile in PROFILES]


def steps_of(program: bytes) -> list[simulate.Instruction]:
    steps = simulate.from_bytes(program)
    simulate.check(steps)
    return steps


def assert_only_the_eight(programs: list[bytes]) -> None:
    """At most ten numbers come through, by two methods that know nothing of each other."""
    machine = MACHINES[MACHINE]
    expected = {machine.numbers[name] for name in EIGHT}
    (program,) = programs
    assert allowed_calls(program) == {(machine.audit_arch, number) for number in expected}
    assert len(allowed_numbers(program)) <= 10

    steps = steps_of(program)
    for arch in ARCHITECTURES:
        for number in (*range(1024), *range(X32_BIT, X32_BIT + 1024), X32_BIT - 1, 1 << 31):
            if arch == machine.audit_arch and number in expected:
                continue
            for args in ADVERSARIAL:
                assert simulate.run(steps, arch, number, args) == KILL, (hex(arch), number)
    # The control: the same machine lets the good calls through.
    good = ADVERSARIAL[0]
    assert simulate.run(steps, machine.audit_arch, machine.numbers["read"], good) == ALLOW


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[BlockingPluginHost, int]]:
    path = tmp_path / "plugin.ts"
    path.write_text(PLUGIN)
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        (pid,) = host.load(path).pids
        yield host, pid


def test_a_live_worker_is_left_with_eight_numbers(
    worker: tuple[BlockingPluginHost, int],
) -> None:
    """Read by a tracer, as root; the worker answers afterwards as if nothing had been."""
    host, pid = worker
    if not IS_ROOT:
        with pytest.raises(ReadbackError, match="root"):
            read_filters(pid)
        return

    assert_only_the_eight(read_filters(pid))
    payload = {"tool_name": "bash", "tool_input": {}, "session_id": "s"}
    assert host.dispatch("PreToolUse", payload).results[0].status.value == "answered"
    assert (Path("/proc") / str(pid) / "status").read_text().count("TracerPid:\t0") == 1


def test_what_a_sibling_hands_to_the_kernel_is_the_same() -> None:
    """Without root the kernel gives no filter back, but a tracer sees the call that installs it."""
    assert_only_the_eight(installed_filters())


UNFILTERED = {335: "uretprobe", 336: "uprobe"} if MACHINE == "x86_64" else {}
"""What the kernel's own probes put into a program passes every filter since Linux 6.13; from elsewhere it is refused."""


def test_the_kernel_reads_the_filter_as_we_do() -> None:
    """Every number to 511, called in a locked process of its own: death, but for the eight."""
    numbers = MACHINES[MACHINE].numbers
    spared = {numbers[name] for name in EIGHT}
    brk = numbers["brk"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", SWEEP, ROOT, *map(str, {*range(512)} - spared | {brk})],
        stdout=subprocess.PIPE,
        check=True,
        timeout=100,
        env={},
    )
    ends = {int(number): tuple(end) for number, end in json.loads(done.stdout).items()}

    # The control: it was the call that the others died of.
    assert ends.pop(brk) == (0, CAME_THROUGH)
    for number, end in ends.items():
        passed = ((4, 0), (0, REFUSED)) if number in UNFILTERED else ()
        assert end == (31, 0) or end in passed, number
    assert len(ends) == 512 - len(EIGHT)


def test_an_unconfined_process_has_none() -> None:
    """The control: an empty answer is not what every process gets."""
    pid = os.fork()
    if pid == 0:
        os.read(os.pipe()[0], 1)
        os._exit(0)
    try:
        if IS_ROOT:
            assert read_filters(pid) == []
        else:
            with pytest.raises(ReadbackError, match="root"):
                read_filters(pid)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_a_process_that_is_gone_is_said_to_be() -> None:
    """One line, with the number."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

    with pytest.raises(ReadbackError, match=f"process {pid}: there is no such process"):
        read_filters(pid)


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_following_every_path_finds_what_the_table_says(name: str, profile: Profile) -> None:
    """For both architectures and both profiles."""
    machine = MACHINES[name]
    program = to_bytes(assemble(machine.audit_arch, rules(machine, profile)))

    assert allowed_calls(program) == {
        (machine.audit_arch, machine.numbers[row.name]) for row in PROFILES[profile]
    }


def test_following_every_path_leaves_nothing_out() -> None:
    """Random programs: whatever a simulated call gets through, it foretold."""
    random_ = random.Random("paths")  # noqa: S311 - the same cases every time
    seen = 0
    for _ in range(400):
        length = random_.randrange(2, 14)
        steps = [_random_step(random_, length - at - 1) for at in range(length - 1)]
        program = [*FEW, *steps, (0x06, 0, 0, random_.choice((ALLOW, KILL, 0x7FFC0000)))]
        simulate.check(program)
        foretold = allowed_calls(to_bytes(program))
        for arch in (1, 2, 5):
            for number in (0, 1, 2, 3, 4, 5, 6, 7, 9, 4097):
                args = [random_.choice((0, 1, 2, 3, 5)) for _ in range(6)]
                if simulate.run(program, arch, number, args) != KILL:
                    seen += 1
                    assert (arch, number) in foretold, program
    assert seen > 1000


FEW = [(0x20, 0, 0, 4), (0x35, 0, 1, 6), (0x06, 0, 0, KILL),
       (0x20, 0, 0, 0), (0x35, 0, 1, 8), (0x06, 0, 0, KILL)]  # fmt: skip
"""Bounds what is left to a list: architectures below 6, numbers below 8."""


def _random_step(random_: random.Random, left: int) -> simulate.Instruction:
    code = random_.choice((0x20, 0x15, 0x15, 0x35, 0x45, 0x06))
    if code == 0x20:
        return code, 0, 0, random_.choice((0, 4, 16, 20))
    if code == 0x06:
        return code, 0, 0, random_.choice((KILL, KILL, KILL, ALLOW))
    return code, random_.randrange(left), random_.randrange(left), random_.randrange(6)


ALLOW_ALL = [(0x06, 0, 0, ALLOW)]
LOGS_ONE = [(0x20, 0, 0, 4), (0x15, 0, 3, 9), (0x20, 0, 0, 0), (0x15, 0, 1, 7),
            (0x06, 0, 0, 0x7FFC0000), (0x06, 0, 0, KILL)]  # fmt: skip
ERROR_FOR_ALL = [(0x06, 0, 0, 0x00050001)]
RETURNS_ACCUMULATOR = [(0x20, 0, 0, 16), (0x16, 0, 0, 0)]


def test_a_filter_that_lets_everything_through_is_not_taken_for_one() -> None:
    """Nor one that returns what a caller chose."""
    for steps in (ALLOW_ALL, RETURNS_ACCUMULATOR):
        with pytest.raises(ReadbackError, match="lets through all numbers"):
            allowed_calls(to_bytes(steps))


def test_to_log_is_to_let_through_and_an_error_is_not() -> None:
    """What counts is whether the call is made."""
    assert allowed_calls(to_bytes(LOGS_ONE)) == {(9, 7)}
    assert allowed_calls(to_bytes(ERROR_FOR_ALL)) == frozenset()


def test_a_program_without_an_end_is_an_error() -> None:
    """The kernel loads none; bytes that claim to be one do not loop here."""
    with pytest.raises(ReadbackError, match="no end"):
        allowed_calls(to_bytes([(0x20, 0, 0, 0)]))
