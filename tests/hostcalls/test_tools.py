"""Hostcalls about tools from a worker that is played by an attacker."""

import json
from pathlib import Path

import pytest

from host.config import Config
from host.hostcalls.tools import MAX_CALLS
from host.tool_result import ToolUpdate
from host.tools import Caller, call_tool
from host.waits import start
from ipc.messages import ANSWER, EVENT, TOOL
from tests.hostcalls.cases import with_a_neighbour
from tests.support.scripted import ScriptedWorker, Stage

ALLOWED = Config(allow={"tools": ("*:call",)}, deny={"events": ("PreToolUse:veto",)})


def answer_to(stage: Stage, worker: ScriptedWorker) -> dict[str, object]:
    stage.until(lambda: worker.has(ANSWER))
    answer = json.loads(str(worker.take(ANSWER)[3]))
    worker.end()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"name": "greet"},
        {"name": "greet", "params": [1]},
        {"name": "", "params": {}},
        {"name": ["greet"], "params": {}},
    ],
)
def test_what_is_no_call_is_refused(tmp_path: Path, args: dict[str, object]) -> None:
    """With an error of the author's kind."""
    with Stage(tmp_path, ALLOWED) as stage:
        with_a_neighbour(stage)
        worker = stage.load()
        _, call = stage.deliver(worker)
        worker.hostcall(7, "tool.call", json.dumps(args), call=call)
        worker.end()
        assert answer_to(stage, worker)["code"] == "E_INVALID"


def test_its_own_tool_is_not_entered_again(tmp_path: Path) -> None:
    """A plugin calls itself with a function, not through the host."""
    with Stage(tmp_path, ALLOWED) as stage:
        worker = stage.load()
        _, call = stage.deliver(worker)
        worker.hostcall(7, "tool.call", '{"name":"poke","params":{}}', call=call)
        worker.end()
        assert answer_to(stage, worker)["code"] == "E_REENTRANT"


def test_few_are_under_way_at_once(tmp_path: Path) -> None:
    """However many it asks for; an answer makes room."""
    with Stage(tmp_path, ALLOWED) as stage:
        path = stage.folder / "slow.js"
        path.write_text(
            'pi.registerTool({ name: "slow", description: "d", tier: "read", handler: () => new Promise(() => {}) });'
        )
        stage.run(start(stage.workspace.loads.load(path)))
        worker = stage.load()
        _, call = stage.deliver(worker)
        for n in range(MAX_CALLS + 1):
            worker.hostcall(10 + n, "tool.call", '{"name":"slow","params":{}}', call=call)
        worker.end()
        assert answer_to(stage, worker)["code"] == "E_QUOTA"
        assert stage.plugin.tool_calls == MAX_CALLS

        worker.die()
        stage.until(lambda: worker.exit)
        assert stage.plugin.tool_calls == 0


def test_what_it_may_not_call_is_not_listed(tmp_path: Path) -> None:
    """The control is the case of the row, in which all is allowed."""
    with Stage(tmp_path) as stage:
        with_a_neighbour(stage)
        worker = stage.load()
        _, call = stage.deliver(worker)
        worker.hostcall(7, "tool.list", call=call)
        worker.end()
        tools = answer_to(stage, worker)["tools"]
        assert isinstance(tools, list)
        assert [tool["name"] for tool in tools] == ["poke"]


def test_an_update_goes_to_who_listens_to_that_call(tmp_path: Path) -> None:
    """Not for an event, nor for nothing, nor once the call is over; a listener that fails harms nobody."""
    with Stage(tmp_path) as stage:
        worker = stage.load()
        heard: list[object] = []

        def listen(update: ToolUpdate) -> None:
            heard.append(update.output)
            raise ValueError("mine")

        caller = Caller(on_update=listen)
        waiting = start(call_tool(stage.workspace, "poke", {}, caller))
        stage.until(lambda: worker.has(EVENT))
        event = int(worker.take(EVENT)[1])
        worker.cast("tool.update", '{"output":"of an event"}', call=event)
        worker.cast("tool.update", '{"output":"of nothing"}')
        worker.result(event)
        stage.until(lambda: worker.has(TOOL))
        call = int(worker.take(TOOL)[1])
        worker.cast("tool.update", '{"output":"half","content":7}', call=call)
        worker.result(call, '{"output":"all"}')
        assert stage.run(waiting).output == "all"

        assert heard == ["half"]
