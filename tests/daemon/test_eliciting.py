"""A question about a call, handed to the client that made it: who may answer, what, and only if the operator says so."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from host.outcome import Json, JsonObject
from jcode_plugins import AsyncClient
from tests.daemon.running import HANG_S, ROOT, Daemon, Raw

ASKING: Final = """
pi.on("UserPromptSubmit", async (event, output, ctx) => ({ modified_prompt: await ctx.fs.readText("rules.md") }));
pi.registerCommand("look", {description: "d", handler: () => "looked"});
"""
PLUGIN: Final = """
export default (pi) => {
  pi.registerTool({ name: "runs", description: "d", tier: "exec", handler: () => "ran" });
};
"""


@contextmanager
def running(base: Path, config: str) -> Iterator[Daemon]:
    made = Daemon(base / "home", base / "project")
    made.write(config, {"tools": PLUGIN, "asking": ASKING})
    (made.project / "rules.md").write_text("kept")
    made.start()
    yield made
    assert made.end() == 0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One whose user lets clients ask."""
    base = tmp_path_factory.mktemp("eliciting")
    with running(base, "[plugin.daemon]\nelicit = true\n") as made:
        yield made


LIST: Final = """
import json
from jcode_plugins import Client
with Client() as client: print(json.dumps(client.approvals()))
"""
CALLS: Final[dict[str, JsonObject]] = {
    "call_tool": {"name": "plugin_runs", "input": {}},
    "command": {"name": "look"},
    "dispatch": {"event": "UserPromptSubmit", "payload": {"content": "a prompt"}},
}
"""Each causes one question."""


def call(raw: Raw, project: Path, session: str, method: str = "call_tool") -> None:
    """Call *method*, and say that its user can be asked."""
    request = {
        "id": 1,
        "method": method,
        "params": {**CALLS[method], "asks": True},
        "cwd": str(project),
        "session_id": session,
    }
    raw.send(json.dumps(request).encode() + b"\n")


def question(raw: Raw) -> JsonObject:
    """Return the question that comes before the answer."""
    told = raw.answer()
    assert "update" in told, told
    update = told["update"]
    assert isinstance(update, dict)
    found = update["question"]
    assert isinstance(found, dict)
    return found


def is_yes(result: Json) -> bool:
    """Whether what was asked about was done."""
    assert isinstance(result, dict)
    if "ok" in result:
        return result["ok"] is True
    return result["output"] == {"modified_prompt": "kept"}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(("answer", "ok"), [("once", True), ("deny", False)])
def test_the_caller_answers_for_this_once(
    daemon: Daemon, answer: str, ok: bool, method: str
) -> None:
    for at in range(2):  # asked again: nothing was remembered
        with daemon.raw() as raw:
            session = (
                f"s-{answer}" if ok else f"s-{answer}-{at}"
            )  # a no to a plugin holds for a while
            call(raw, daemon.project, session, method)
            raw.request(2, "answer", id=question(raw)["id"], answer=answer)
            answers = {line["id"]: line for line in (raw.answer(), raw.answer())}
            assert is_yes(answers[1]["result"]) is ok


def test_the_list_says_which_answers_count_from_who_asks_for_it(daemon: Daemon) -> None:
    """Those for this once from the caller; none from another process that has no terminal."""
    with daemon.raw() as raw:
        call(raw, daemon.project, "s-list")
        id_ = question(raw)["id"]
        raw.request(2, "approvals")
        assert yours(raw.answer()["result"]) == [["once", "deny"]]
        told = subprocess.run(
            [sys.executable, "-c", LIST],
            cwd=ROOT,
            env=daemon.environment(),
            capture_output=True,
            timeout=HANG_S,
            check=True,
        ).stdout
        assert yours(json.loads(told)) == [[]]
        raw.request(3, "answer", id=id_, answer="deny")
        assert {raw.answer()["id"], raw.answer()["id"]} == {1, 3}


def yours(result: Json) -> list[Json]:
    """Of each question of ``approvals``."""
    assert isinstance(result, dict)
    pending = result["pending"]
    assert isinstance(pending, list)
    assert all(isinstance(one, dict) and one["why_not"] for one in pending)
    return [one["yours"] for one in pending if isinstance(one, dict)]


def test_nobody_else_answers_it_and_nothing_is_remembered(daemon: Daemon) -> None:
    other = (
        "import sys; from jcode_plugins import Client\n"
        "with Client() as client: client.answer(sys.argv[1], 'once')"
    )
    with daemon.raw() as raw:
        call(raw, daemon.project, "s-other")
        id_ = str(question(raw)["id"])
        done = subprocess.run(
            [sys.executable, "-c", other, id_],
            cwd=ROOT,
            env=daemon.environment(),
            capture_output=True,
            timeout=HANG_S,
            check=False,
        )
        assert b"E_ANSWERER" in done.stderr or b"no terminal" in done.stderr
        for answer in ("session", "always"):
            raw.request(2, "answer", id=id_, answer=answer)
            assert raw.error()["code"] == "E_ANSWERER"
        raw.request(3, "answer", id=id_, answer="deny")
        assert {raw.answer()["id"], raw.answer()["id"]} == {1, 3}


@pytest.mark.asyncio
async def test_the_client_is_given_the_questions_of_its_events_and_commands(
    daemon: Daemon,
) -> None:
    async with AsyncClient(
        project_dir=daemon.project, environment=daemon.environment(), timeout_s=HANG_S
    ) as client:
        answering: list[asyncio.Task[JsonObject]] = []

        def on_question(question: JsonObject) -> None:
            answer = client.answer(str(question["id"]), "once")
            answering.append(asyncio.create_task(answer))

        done = await client.command("look", session_id="s-py", on_question=on_question)
        assert (done.ok, done.output) == (True, "looked")
        outcome = await client.dispatch(
            "UserPromptSubmit", {"content": "x"}, session_id="s-py", on_question=on_question
        )
        assert outcome.output == {"modified_prompt": "kept"}
        assert len([await one for one in answering]) == 2


@pytest.mark.parametrize("session", ["", "s"])
def test_without_the_operators_word_nothing_is_handed_over(
    tmp_path: Path, session: str
) -> None:
    """The control: the same call, and the question is one for another terminal."""
    with running(tmp_path, "") as plain, plain.raw() as raw, plain.client() as client:
        call(raw, plain.project, session)
        while not (pending := client.approvals()["pending"]):
            continue
        assert isinstance(pending, list)
        assert isinstance(pending[0], dict)
        raw.request(2, "answer", id=pending[0]["id"], answer="once")
        assert raw.error()["code"] == "E_ANSWERER"
