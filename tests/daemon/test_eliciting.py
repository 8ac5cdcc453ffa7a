"""A question about a call, handed to the client that made it: who may answer, what, and only if the operator says so."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from host.outcome import JsonObject
from tests.daemon.running import HANG_S, ROOT, Daemon, Raw

PLUGIN: Final = """
export default (pi) => {
  pi.registerTool({ name: "runs", description: "d", tier: "exec", handler: () => "ran" });
};
"""


@contextmanager
def running(base: Path, config: str) -> Iterator[Daemon]:
    made = Daemon(base / "home", base / "project")
    made.write(config, {"tools": PLUGIN})
    made.start()
    yield made
    assert made.end() == 0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One whose user lets clients ask."""
    base = tmp_path_factory.mktemp("eliciting")
    with running(base, "[plugin.daemon]\nelicit = true\n") as made:
        yield made


def call(raw: Raw, project: Path, session: str) -> None:
    """Call the tool and say that its user can be asked."""
    request = {
        "id": 1,
        "method": "call_tool",
        "params": {"name": "plugin_runs", "input": {}, "asks": True},
        "cwd": str(project),
        "session_id": session,
    }
    raw.send(json.dumps(request).encode() + b"\n")


def question(raw: Raw) -> JsonObject:
    """Return the question that comes before the answer."""
    update = raw.answer()["update"]
    assert isinstance(update, dict)
    found = update["question"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("answer", "ok"), [("once", True), ("deny", False)])
def test_the_caller_answers_for_this_once(daemon: Daemon, answer: str, ok: bool) -> None:
    for _ in range(2):  # asked again: nothing was remembered
        with daemon.raw() as raw:
            call(raw, daemon.project, f"s-{answer}")
            raw.request(2, "answer", id=question(raw)["id"], answer=answer)
            answers = {line["id"]: line for line in (raw.answer(), raw.answer())}
            result = answers[1]["result"]
            assert isinstance(result, dict)
            assert result["ok"] is ok


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
