"""What native code in a worker could try: with the lockdown the kernel ends it, without it the kernel answers."""

import errno
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.attempts import ALLOWED, ATTEMPTS, Attempt

ROOT = Path(__file__).resolve().parent.parent.parent
SIGSYS = 31
WITHIN_S = 60

Outcome = tuple[str, int]

STOPPED_TWICE = {
    "openat reads a file": (errno.EACCES,),
    "openat2": (errno.EACCES,),
    "own memory as a file": (errno.EACCES,),
    "the host's memory as a file": (errno.EACCES,),
    "the host's environment": (errno.EACCES,),
    "the host's descriptors": (errno.EACCES,),
    "a signal to the host": (errno.EPERM,),
    "tgkill": (errno.EPERM,),
    "ptrace the host": (errno.EPERM,),
    "chroot": (errno.EPERM, errno.ENOENT),
    "dup2": (errno.EBADF,),
    "write to standard error": (errno.EBADF,),
    "mlock": (errno.EPERM,),
    "syslog": (errno.EPERM,),
}
"""Stopped by Landlock, the user id, the capabilities or the limits as well, should the filter ever have a hole."""


@cache
def outcomes(mode: str) -> dict[str, Outcome]:
    """Run all attempts once in *mode*; see ``tests/support/escape_probe.py``."""
    probe = ROOT / "tests" / "support" / "escape_probe.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", probe, ROOT, mode],
        capture_output=True,
        timeout=WITHIN_S,
        check=True,
        env={},
    )
    return {name: (kind, value) for name, (kind, value) in json.loads(done.stdout).items()}


def test_there_are_many_and_each_has_its_name() -> None:
    """A name used twice would hide an attempt."""
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 120


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.name)
def test_only_the_lockdown_stops_it(attempt: Attempt) -> None:
    """Unconfined, the kernel answers, and says yes unless the row tells why not; confined, it kills."""
    kind, value = outcomes("open")[attempt.name]
    assert kind == "answer"
    assert value >= 0 or -value in attempt.refused, errno.errorcode.get(-value, value)

    assert outcomes("locked")[attempt.name] == ("signal", SIGSYS)


@pytest.mark.parametrize("attempt", ALLOWED, ids=lambda a: a.name)
def test_what_a_worker_needs_is_allowed(attempt: Attempt) -> None:
    """The control of the above: a locked process lives up to its attempt, and past an allowed one."""
    kind, value = outcomes("locked")[attempt.name]

    assert (kind, value >= 0) == ("answer", True)


@pytest.mark.parametrize("name", STOPPED_TWICE)
def test_another_layer_stops_it_too(name: str) -> None:
    """Everything in force but the filter."""
    kind, value = outcomes("unfiltered")[name]

    assert kind == "answer"
    assert -value in STOPPED_TWICE[name]
