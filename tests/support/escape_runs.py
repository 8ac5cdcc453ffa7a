"""The escape probe's runs, as root and as a user: once in a session, for all tests that look at them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support import as_user
from tests.support.attempts import ATTEMPTS
from tests.support.modes import (
    CONFINING,
    LOCKED,
    OPEN,
    UNFILTERED,
    all_modes,
    alone,
    behind_seccomp,
    without,
)

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.getuid() == 0
WITHIN_S = 240
_JOBS = 4
"""More than processors: a process that waits for its attempt leaves one idle, and other load takes its share."""
_PROBE = ROOT / "tests" / "support" / "escape_probe.py"

_NAMES = frozenset(attempt.name for attempt in ATTEMPTS)

Outcome = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """One mode: what the lockdown said of its layers, and how each attempt ended."""

    layers: Mapping[str, bool]
    why: Mapping[str, str]
    outcomes: Mapping[str, Outcome]

    def succeeds(self, name: str) -> bool:
        """Whether the attempt came through."""
        kind, value = self.outcomes[name]
        return kind == "answer" and value >= 0


Runs = Mapping[str, Run]


def _run(
    modes: Iterable[tuple[str, Iterable[str], Iterable[str]]], *, unprivileged: bool
) -> dict[str, Run]:
    """Run *modes*: name, the layers left out, names of the attempts (none: every one)."""
    asked = [[name, sorted(left_out), sorted(names)] for name, left_out, names in modes]
    # Where every user may look: attempts are made by users of their own.
    folder = tempfile.mkdtemp()
    try:
        with as_user.opened(folder):
            command = [
                sys.executable,
                "-I",
                "-S",
                str(_PROBE),
                str(ROOT),
                f"{folder}/w",
                str(_JOBS),
            ]
            done = subprocess.run(
                as_user.command(command) if unprivileged else command,
                input=json.dumps(asked).encode(),
                stdout=subprocess.PIPE,
                timeout=WITHIN_S,
                check=True,
                env={},
            )
    finally:
        shutil.rmtree(folder)
    told = json.loads(done.stdout)
    return {name: _parse(told[name]) for name, *_ in asked}


def _parse(told: dict[str, dict[str, object]]) -> Run:
    layers = dict(told["layers"])
    why = layers.pop("why", {})
    outcomes = {name: (kind, value) for name, (kind, value) in told["outcomes"].items()}  # type: ignore[misc]
    return Run(layers, why, outcomes)  # type: ignore[arg-type]


def succeed(run: Run) -> set[str]:
    """Names of the attempts that came through."""
    return {name for name in run.outcomes if name in _NAMES and run.succeeds(name)}


def basic(*, unprivileged: bool = False) -> Runs:
    """No layer, every layer, and every layer but the filter; with every attempt."""
    return _basic(unprivileged)


@cache
def _basic(unprivileged: bool) -> Runs:
    modes = all_modes(is_root=IS_ROOT and not unprivileged)
    chosen = [(name, modes[name], ()) for name in (OPEN, LOCKED, UNFILTERED)]
    return _run(chosen, unprivileged=unprivileged)


def single(*, unprivileged: bool = False, full: bool = False) -> Runs:
    """Each layer alone and, for the first user that there is, each left out and each left out with the filter.

    Only attempts that come through where there is no layer; in the last, those that are stopped where only the
    filter is left out. Unless *full*, a part of them where the answer follows from others: the filter in force
    judges a call before any other layer does, and two layers act on what takes no call at all.
    """
    return _single(unprivileged, full)


_PART = 8
_NO_CALL = ("environment", "pdeathsig")


@cache
def _single(unprivileged: bool, full: bool) -> Runs:
    known = basic(unprivileged=unprivileged)
    possible = succeed(known[OPEN])
    stopped = possible - succeed(known[UNFILTERED])
    modes = all_modes(is_root=IS_ROOT and not unprivileged)
    # Alone, a layer that is not to be had is no layer at all.
    tried = {alone(layer): possible for layer in CONFINING if known[LOCKED].layers[layer]}
    if not (unprivileged and IS_ROOT):
        for layer in CONFINING:
            if layer != "seccomp":
                tried[without(layer)] = possible
                tried[behind_seccomp(layer)] = stopped
    if not full:
        filtered = {without(layer) for layer in CONFINING if layer != "no_new_privs"}
        for mode in tried:
            if mode in filtered or any(layer in mode for layer in _NO_CALL):
                tried[mode] = tried[mode] & _part()
    asked = [(name, modes[name], names) for name, names in tried.items()]
    return _run(asked, unprivileged=unprivileged)


def _part() -> set[str]:
    """Every eighth attempt, and those that take no forbidden call."""
    return {a.name for at, a in enumerate(ATTEMPTS) if at % _PART == 0 or not a.dies}
