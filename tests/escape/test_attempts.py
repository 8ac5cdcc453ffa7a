"""What native code in a worker could try: with the lockdown nothing comes through, without it nearly everything does.

Everything is tried as root and, where the tests are root, once more as a user who may not make user namespaces.
"""

import errno
import os
from pathlib import Path

import pytest

from tests.support.attempts import ALLOWED, ATTEMPTS, Attempt
from tests.support.attempts.shape import SIGSYS
from tests.support.attempts.world import World
from tests.support.escape_runs import IS_ROOT, Run, basic, succeed
from tests.support.modes import LOCKED, OPEN
from worker.lockdown.kernel import MACHINE, syscall

pytestmark = pytest.mark.skipif(
    MACHINE != "x86_64", reason="the numbers of the attempts are x86_64's"
)

USERS = (False, True) if IS_ROOT else (True,)
"""Whether they are without privileges."""
AT_LEAST = 120
ONLY_ROOT = "only root may"
NOT_BY_THE_FILTER = {
    "a gigabyte of memory": ("answer", -errno.ENOMEM),
    "a secret in the environment": ("answer", -errno.ENOENT),
    "outlive the zygote": ("signal", 9),
}
"""What takes no forbidden system call, and how it ends instead."""


@pytest.fixture(params=USERS, ids=lambda user: "as a user" if user else "as root")
def unprivileged(request: pytest.FixtureRequest) -> bool:
    """Who tries."""
    return bool(request.param)


def reason_for_failing(attempt: Attempt, run: Run, *, unprivileged: bool) -> str:
    """Why the control of *attempt* may fail as it did, or nothing."""
    kind, value = run.outcomes[attempt.name]
    if kind != "answer":
        return ""
    if unprivileged and attempt.for_root:
        return ONLY_ROOT
    return attempt.reason if -value in attempt.refused else ""


def test_there_are_many_and_each_has_its_name() -> None:
    """A name used twice would hide an attempt."""
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= AT_LEAST
    assert {a.name for a in ATTEMPTS if not a.dies} == set(NOT_BY_THE_FILTER)


def test_the_controls_mean_something(
    unprivileged: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unconfined, most come through outright; each that does not has a reason, and the kernel's word for it."""
    run = basic(unprivileged=unprivileged)[OPEN]
    through = succeed(run)
    others = [attempt for attempt in ATTEMPTS if attempt.name not in through]
    with capsys.disabled():
        who = "a user" if unprivileged else "root"
        print(
            f"\n{len(through)} of {len(ATTEMPTS)} attempts come through for {who} without a layer"
        )

    for attempt in others:
        why = reason_for_failing(attempt, run, unprivileged=unprivileged)
        assert why, (attempt.name, run.outcomes[attempt.name])
    assert len(through) >= AT_LEAST


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.name)
def test_only_the_lockdown_stops_it(attempt: Attempt, unprivileged: bool) -> None:
    """Unconfined, it comes through unless the row tells why not; confined, the kernel ends who tries."""
    runs = basic(unprivileged=unprivileged)
    assert runs[OPEN].succeeds(attempt.name) or reason_for_failing(
        attempt, runs[OPEN], unprivileged=unprivileged
    ), runs[OPEN].outcomes[attempt.name]

    expected = NOT_BY_THE_FILTER.get(attempt.name, ("signal", SIGSYS))
    assert runs[LOCKED].outcomes[attempt.name] == expected


@pytest.mark.parametrize("attempt", ALLOWED, ids=lambda a: a.name)
def test_what_a_worker_needs_is_allowed(attempt: Attempt, unprivileged: bool) -> None:
    """The control of the above: a locked process lives up to its attempt, and past an allowed one."""
    assert basic(unprivileged=unprivileged)[LOCKED].succeeds(attempt.name)


def test_a_user_is_told_what_does_not_hold() -> None:
    """Without root and without user namespaces: three layers less, each with its reason, and the rest in force."""
    run = basic(unprivileged=True)[LOCKED]

    missing = {layer for layer, held in run.layers.items() if not held}
    assert missing - {"landlock", "cgroup"} == {"uid", "namespaces", "empty_root"}
    assert run.why["uid"] == "the host is not root, so its workers run as the same user"
    assert "unshare failed: EPERM (needs CAP_SYS_ADMIN)" in run.why["namespaces"]
    assert set(run.why) == missing


def test_root_has_every_layer_that_this_kernel_has() -> None:
    """What a container or an old kernel keeps back is told, too."""
    run = basic(unprivileged=not IS_ROOT)[LOCKED]

    assert {layer for layer, held in run.layers.items() if not held} == set(run.why)
    assert run.layers["uid"] is IS_ROOT
    assert run.layers["capabilities"]


def test_the_user_who_tries_is_one() -> None:
    """The control of the control: no capability, no user namespace, another id than ours if that is root's."""
    run = basic(unprivileged=True)[OPEN]

    assert not run.succeeds("become root")
    if IS_ROOT:
        assert run.outcomes["new namespaces of users"] == ("answer", -errno.EPERM)
        assert basic()[OPEN].succeeds("become root")


def test_a_world_takes_with_it_what_it_made(tmp_path: Path) -> None:
    """Objects of System V and queues outlive processes; a machine full of them would be our doing."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            world = World(str(tmp_path / "world"))
            asked = (
                (31, world.memory, 2),
                (66, world.semaphores, 0, 12),
                (71, world.messages, 2),
            )
            there = [syscall(*call, world.buffer) >= 0 for call in asked]
            world.close()
            gone = [syscall(*call, world.buffer) < 0 for call in asked]
            gone.append(not world.queues or syscall(240, world.queue, 0, 0, 0) == -errno.ENOENT)
            os.write(tell, b"yes" if all(there) and all(gone) else b"no")
        finally:
            os._exit(0)
    os.close(tell)
    with open(told, "rb") as answer:
        assert answer.read() == b"yes"
    os.waitpid(pid, 0)
