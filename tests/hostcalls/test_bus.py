"""What a worker that is played by an attacker can do at the bus."""

import json

import pytest

from host.audit import Kind
from host.bus import MAX_NAMES
from ipc.messages import ANSWER
from tests.support.scripted import Stage


@pytest.mark.parametrize("name", [None, 1, "", "x" * 201, ["news"], {"a": 1}])
def test_what_has_no_name_is_refused(stage: Stage, name: object) -> None:
    """With an error of the author's kind; the worker lives."""
    worker = stage.load()
    _, call = stage.deliver(worker)
    worker.hostcall(7, "bus.emit", json.dumps({"name": name, "data": 1}), call=call)
    worker.end()
    stage.until(lambda: worker.has(ANSWER))

    assert json.loads(str(worker.take(ANSWER)[3]))["code"] == "E_INVALID"
    assert worker.exit is None


@pytest.mark.parametrize(
    "names", [None, 7, [1, None, "", "y" * 201], [f"n{n}" for n in range(10 * MAX_NAMES)]]
)
def test_names_without_end_are_not_kept(stage: Stage, names: object) -> None:
    """What is no list of names is nothing; what is too long is cut."""
    worker = stage.load()
    stage.deliver(worker)
    worker.cast("bus.listen", json.dumps({"names": names}))
    stage.turn()
    (instance,) = stage.plugin.all_instances()

    assert len(instance.seat.names) in (0, MAX_NAMES)
    assert stage.codes(Kind.VIOLATION) == []
