"""Hostcalls about the session from a worker that is played by an attacker."""

import json
from pathlib import Path

import pytest

from host.config import Config
from ipc.messages import ANSWER
from tests.hostcalls.cases import with_a_session
from tests.support.scripted import Stage

ALLOWED = Config(allow={"session": ("*",)})


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("session.sendMessage", {}),
        ("session.sendMessage", {"content": 7}),
        ("session.getMessages", {"limit": 0}),
        ("session.getMessages", {"limit": 1e9}),
        ("session.getMessages", {"limit": True}),
        ("session.getMessages", {"limit": "1"}),
    ],
)
def test_what_is_no_request_is_refused(
    tmp_path: Path, name: str, args: dict[str, object]
) -> None:
    """With an error of the author's kind; the agent is not bothered."""
    with Stage(tmp_path, ALLOWED) as stage:
        with_a_session(stage)
        worker = stage.load()
        _, call = stage.deliver(worker)
        worker.hostcall(7, name, json.dumps(args), call=call)
        worker.end()
        stage.until(lambda: worker.has(ANSWER))
        assert json.loads(str(worker.take(ANSWER)[3]))["code"] == "E_INVALID"


def test_a_session_that_it_names_is_nothing(tmp_path: Path) -> None:
    """It is the call's, whatever the arguments say."""
    with Stage(tmp_path, ALLOWED) as stage:
        with_a_session(stage)
        asked: list[object] = []
        stage.workspace.ask_session = lambda request: asked.append(request.what)
        worker = stage.load()
        _, call = stage.deliver(worker)
        args = '{"limit":1,"session_id":"another","session":"another"}'
        worker.hostcall(7, "session.getMessages", args, call=call)
        stage.until(lambda: asked)
        assert "another" not in repr(asked)
