"""What those who look on are told of a view that changes in any way, however slowly they read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.config import Config
from host.daemon import viewing
from host.daemon.viewing import Stage, Viewer
from host.outcome import Json, JsonObject
from host.runtime import Runtime
from host.view.model import View
from host.workspace import Workspace
from tests.daemon.looking import Mirror

PIECE: Final = 300
MAX_TOLD: Final = 2_200
"""A piece, one value more, and the state of an interface; all entries together are more than twice of it."""
OP: Final = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 9), st.integers(0, 400)),
    st.tuples(st.just("drop"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("turn"), st.just(0), st.just(0)),
    st.tuples(st.just("room"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("full"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("join"), st.just(0), st.just(0)),
    st.tuples(st.just("leave"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("resize"), st.integers(1, 200), st.just(0)),
    st.tuples(st.just("move"), st.just(0), st.just(0)),
)


class Reader:
    """One who looks on, takes as much as there is room for, and applies what was taken."""

    def __init__(self, stage: Stage, *, attach: bool) -> None:
        self.room = 3
        self.mirror = Mirror()
        self.longest = 0
        self.viewer: Viewer = stage.add(self.take, {"width": 10} if attach else None)
        self.mirror.apply({"snapshot": self.viewer.first})
        self.viewer.flush()

    def take(self, event: JsonObject | bytes) -> bool:
        """One event."""
        assert isinstance(event, bytes)
        self.longest = max(self.longest, len(event))
        told = json.loads(event)["view"]
        self.mirror.apply(told)
        self.room -= 1
        return self.room > 0


@pytest.fixture(scope="module")
def workspaces(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Workspace, Workspace]]:
    """Two of one runtime, without plugins."""
    base = tmp_path_factory.mktemp("viewing")
    runtime = Runtime(Config(), Path(base))
    yield (
        Workspace(runtime, Config(), base / "one"),
        Workspace(runtime, Config(), base / "two"),
    )
    runtime.close()


def value_of(size: int) -> Json:
    """A value of about that many characters."""
    return {"line": [["x" * size, ""]]}


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(OP, max_size=40), st.lists(st.booleans(), min_size=1, max_size=3))
def test_whoever_reads_all_knows_what_is_shown(
    workspaces: tuple[Workspace, Workspace],
    ops: list[tuple[str, int, int]],
    attached: list[bool],
) -> None:
    """In order and without a gap, whatever was merged, cut into pieces or told anew."""
    for workspace in workspaces:
        workspace.view = View(workspace)
    here, there = workspaces
    stage = Stage(here)
    with (
        patch.object(viewing, "MAX_PIECE_BYTES", PIECE),
        patch.object(viewing, "MAX_BEHIND", 4),
    ):
        readers = [Reader(stage, attach=attach) for attach in attached]
        for op, n, m in ops:
            view = stage.workspace.view
            reader = readers[n % len(readers)] if readers else None
            key = ("p", "", "status", str(n))
            if op == "put":
                view.put(key, value_of(m))
            elif op == "drop":
                view.drop(key)
            elif op == "turn":
                view.snapshot()  # makes a version of what changed
            elif op == "join":
                readers.append(Reader(stage, attach=False))
            elif op == "move":
                here, there = there, here
                here.view.close()
                here.view = View(here)
                here.view.put(key, value_of(n))
                new = Stage(here)
                new.take_over(stage)
                stage = new
            elif reader is None:
                continue
            elif op == "room":
                reader.room = m
                reader.viewer.flush()
            elif op == "full":
                reader.room, reader.viewer.has_room = 0, False
            elif op == "leave":
                readers.remove(reader)
                reader.viewer.close()
            elif op == "resize" and reader.viewer.is_attached:
                reader.viewer.update({"width": n})
        stage.workspace.view.snapshot()
        for reader in readers:
            reader.room = 10**9
            reader.viewer.flush()

        expected = Mirror()
        expected.apply({"snapshot": stage.workspace.view.snapshot()})
        for reader in readers:
            assert reader.mirror.entries == expected.entries
            assert reader.mirror.version == expected.version
            assert reader.mirror.ui == expected.ui
            assert reader.longest < MAX_TOLD
        assert len(stage) == len(readers)
        for reader in readers:
            reader.viewer.close()
        assert not stage
        assert stage.workspace.view.attachments.state is None


def test_a_reader_that_is_far_behind_keeps_little(
    workspaces: tuple[Workspace, Workspace],
) -> None:
    """As many keys as come and go: from a bound on nothing is kept but that a snapshot is due."""
    workspace, _ = workspaces
    workspace.view = View(workspace)
    stage = Stage(workspace)
    reader = Reader(stage, attach=False)
    reader.room, reader.viewer.has_room = 0, False
    for number in range(viewing.MAX_BEHIND * 3):
        workspace.view.put(("p", "", "dialog", str(number)), {"n": number})
        workspace.view.snapshot()
        workspace.view.drop(("p", "", "dialog", str(number)))
        workspace.view.snapshot()
    before = reader.mirror.changes
    reader.room = 100
    reader.viewer.flush()

    assert (reader.mirror.snapshots, reader.mirror.changes) == (2, before)
    assert reader.mirror.entries == {}
    reader.viewer.close()
