"""The rows as a set: names, payload, floors, peers."""

import json
import subprocess

import pytest

from benchmarks import __main__ as program
from benchmarks.budgets import PROMISES, Promise
from benchmarks.catalogue import all_gauges, all_rows
from benchmarks.families import commands, in_process
from benchmarks.names import (
    CONSOLE_BUSY,
    CROWD_KEY_P99,
    FLOOR_PINNED,
    FLOOR_UNPINNED,
    HOOK_BLOCKING,
    IDLE_PSS,
    IDLE_USS,
)
from benchmarks.payload import PAYLOAD, PAYLOAD_BYTES, PAYLOAD_JSON, PEERS
from benchmarks.row import Row


def test_the_payload_has_the_floors_size() -> None:
    """Both send so many bytes."""
    assert json.loads(PAYLOAD_JSON) == PAYLOAD
    assert len(PAYLOAD_JSON) == PAYLOAD_BYTES


def test_names_are_unique_and_every_floor_is_a_row() -> None:
    """A result is found by its name."""
    rows = all_rows()
    names = [row.name for row in rows]

    assert len(set(names)) == len(names)
    assert {row.floor for row in rows} <= {row.name for row in rows if row.family == "floor"}
    assert rows[0].name == FLOOR_PINNED


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_every_budget_is_about_a_real_row(promise: Promise) -> None:
    """A renamed row would otherwise turn a budget into "not measured" for ever."""
    names = {row.name for row in all_rows()} | {IDLE_USS, IDLE_PSS, CONSOLE_BUSY, CROWD_KEY_P99}

    assert set(promise.uses) <= names


def test_a_filter_brings_the_floors_along() -> None:
    """A row alone would have nothing to be a multiple of."""
    rows, gauges = program.select(all_rows(), all_gauges(), "blocking, unpinned")

    names = [row.name for row in rows]
    assert names[:2] == [FLOOR_PINNED, FLOOR_UNPINNED]
    assert HOOK_BLOCKING not in names
    assert "one hook, one plugin, blocking, unpinned" in names
    assert gauges == []


@pytest.mark.parametrize(
    "row", [*in_process.rows(), commands.rows()[0]], ids=lambda row: row.name
)
def test_a_peer_does_the_same_work(row: Row) -> None:
    """Rows check their own answers, so a sample is proof."""
    row.setup()
    try:
        assert all(sample > 0 for sample in row.sample(3))
    finally:
        row.teardown()


def test_the_sh_hook_blocks_what_it_should() -> None:
    """Exit 2 for the tool it guards against."""
    never = PAYLOAD_JSON.replace(b'"bash"', b'"never"')

    assert (
        subprocess.run(["/bin/sh", PEERS / "hook.sh"], input=never, check=False).returncode == 2
    )
