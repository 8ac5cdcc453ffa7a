"""Hosts that no rule speaks of: a person is asked, about a redirect's as well, and never about the inside."""

import json
from pathlib import Path

from host import Answer, BlockingPluginHost, Question
from host.config import Config
from host.outcome import Json
from tests.hostcalls.http.client import Names
from tests.hostcalls.http.server import Server, answer, redirect
from tests.hostcalls.http.test_fetch import PLUGIN


def ask(
    server: Server, folder: Path, url: str, answers: dict[str, Answer]
) -> tuple[Json, list[str]]:
    """Fetch *url* while somebody answers by target; the text or the code, and what they were asked about."""
    asked: list[str] = []

    def approver(question: Question) -> Answer:
        host, _, port = question.summary.rpartition(":")
        host = host.rpartition(" ")[2]
        asked.append(f"{host}:{port}")
        return answers[host]

    body = (
        "try { return await (await fetch(url)).text(); } catch (error) { return error.code; }"
    )
    (folder / "plugin.js").write_text(PLUGIN.format(body=body))
    config = Config.model_validate(
        {
            "mode": "prompt",
            "allow": {"http_hosts": (f"127.0.0.1:{server.port}",)},
            "timeouts": {"actionable_ms": 60_000},
        }
    )
    home = folder / "home"
    with BlockingPluginHost(config, project_dir=folder, home=home, approver=approver) as host:
        host.runtime.http.lookup = Names(
            {"a.example": [["127.0.0.1"]], "b.example": [["127.0.0.1"]]}
        )
        host.load(folder / "plugin.js")
        outcome = host.dispatch("UserPromptSubmit", {"content": url})
    return json.loads(str(outcome.output["modified_prompt"])), asked


def test_a_person_is_asked_about_every_host(tmp_path: Path) -> None:
    """The first and the one that it redirects to; a no ends it before anything is sent there."""
    with Server({"/": answer(b"there")}) as server:
        port = server.port
        server.handlers["/moved"] = redirect(f"http://b.example:{port}/")
        url = f"http://a.example:{port}/moved"
        yes = ask(server, tmp_path, url, {"a.example": "once", "b.example": "once"})
        sent = [request.get("host") for request in server.requests]
        no = ask(server, tmp_path, url, {"a.example": "once", "b.example": "deny"})

    both = [f"a.example:{port}", f"b.example:{port}"]
    assert yes == ("there", both)
    assert sent == [[name] for name in both]
    assert no == ("E_DENIED", both)
    assert len(server.requests) == 3


def test_nobody_is_asked_about_the_inside(tmp_path: Path) -> None:
    """Neither about an address of this machine nor about where a name that was allowed leads."""
    with Server({"/": answer()}) as server, Server({"/": answer()}) as other:
        answers: dict[str, Answer] = {"a.example": "once"}
        address = ask(server, tmp_path, other.url(), answers)
        name = ask(server, tmp_path, f"http://a.example:{other.port}/", answers)

    assert address == ("E_DENIED", [])
    assert name == ("E_DENIED", [f"a.example:{other.port}"])
    assert other.requests == []
