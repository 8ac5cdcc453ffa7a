"""The shape of an attempt, and short ways to write one down.

A row is harmless should it come through: what it changes belongs to the test, dies with the process, or is set
to what it was.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.lockdown.kernel import syscall

if TYPE_CHECKING:
    from tests.support.attempts.world import World

AT_FDCWD = -100
PAGE = 4096
SIGSYS = 31


@dataclass(frozen=True, slots=True)
class Attempt:
    """``make`` returns the kernel's answer, ``-errno`` if it refused.

    ``reason``: why an unconfined root may fail at it, with the errors it then gets, ``refused``. ``for_root``: any
    other user is refused. ``dies`` is False for what takes no system call, so that the filter has no say in it.
    ``is_orphan``: made by a process whose zygote has died.
    """

    name: str
    make: "Callable[[World], int]"
    reason: str = ""
    refused: tuple[int, ...] = ()
    for_root: bool = False
    dies: bool = True
    is_orphan: bool = False


def row(
    name: str,
    number: int,
    *args: object,
    reason: str = "",
    refused: tuple[int, ...] = (),
    for_root: bool = False,
) -> Attempt:
    """One system call. An argument that is a function is given the world first."""

    def make(world: "World") -> int:
        return syscall(number, *[arg(world) if callable(arg) else arg for arg in args])

    return Attempt(name, make, reason, refused, for_root)


def steps(
    name: str,
    run: "Callable[[World], object]",
    *,
    reason: str = "",
    refused: tuple[int, ...] = (),
    for_root: bool = False,
    dies: bool = True,
) -> Attempt:
    """Several calls by Python's names; *run* raises ``OSError`` or returns what counts if it is a number."""

    def make(world: "World") -> int:
        try:
            result = run(world)
        except OSError as error:
            return -(error.errno or 1)
        return result if isinstance(result, int) else 0

    return Attempt(name, make, reason, refused, for_root, dies)


def called(number: int, *args: object) -> int:
    """Make a system call that must work for the attempt to go on; raise ``OSError`` if it does not."""
    result = syscall(number, *args)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result


def path(name: str) -> "Callable[[World], bytes]":
    """The world's file *name*, for a row's argument."""
    return lambda world: world.at(name)
