"""Hostcalls about tools from a worker that is played by an attacker."""

import json
from pathlib import Path

import pytest

from host.config import Config
from host.hostcalls.tools import MAX_CALLS
from host.waits import start
from ipc.messages import ANSWER
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
        stage.run(start(stage.workspace.load(path)))
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
