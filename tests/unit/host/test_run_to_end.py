"""Programs that a command waits for: whole output, no terminal, and an end in any case."""

import os
from pathlib import Path

import pytest

from host.spawn import run_to_end

SHELL = ["/bin/sh", "-c"]


def test_what_it_says_and_how_it_ended() -> None:
    """Both streams whole, in the directory and the environment that were given."""
    script = "echo $NAME; pwd; head -c 200000 /dev/zero >&2; exit 3"
    done = run_to_end([*SHELL, script], env={"NAME": "x"}, cwd="/usr", within_s=60)

    assert (done.code, done.stdout, len(done.stderr)) == (3, b"x\n/usr\n", 200_000)


def test_nothing_can_be_typed_into_it() -> None:
    """A program that asks gets the end of its input."""
    assert run_to_end([*SHELL, "cat"], env={}, cwd="/", within_s=60).code == 0


def test_it_is_killed_with_what_it_started() -> None:
    """Otherwise the grandchild, which holds the pipe, would be waited for."""
    done = run_to_end(
        [*SHELL, "sleep 1000 & echo $!; wait"], env=dict(os.environ), cwd="/", within_s=0.5
    )

    assert done.code == -9
    while state_of(int(done.stdout)) not in ("", "Z"):
        continue  # it was killed, and the kernel is at it


def state_of(pid: int) -> str:
    """The letter for it in /proc; Z where nobody reaps orphans, none when it is gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return status.rpartition(")")[2].split()[0]


def test_a_program_that_is_not_there() -> None:
    """The caller says what was wanted of it."""
    with pytest.raises(FileNotFoundError):
        run_to_end(["/nonexistent"], env={}, cwd="/", within_s=1)
