"""``approve``: questions of the daemon's, answered at a terminal of a person's."""

import sys
from typing import Final

from host.approvals import CAPABILITY, Answer, Question
from host.audit import printable
from host.cli.prompt import ask_on
from host.cli.show import make_console, print_json, safe, table
from host.errors import InputError
from host.outcome import Json, JsonObject
from jcode_plugins import Client
from policies.gate import TIERS

WORDS: Final[dict[str, Answer]] = {
    "allow": "once",
    "once": "once",
    "session": "session",
    "always": "always",
    "deny": "deny",
}


def run_approve(id_: str | None, answer: str | None, *, only_list: bool, as_json: bool) -> int:
    """List what waits, or answer it; return the exit code."""
    if answer is not None and answer not in WORDS:
        raise InputError(f"{answer!r} is no answer; one of allow, deny, session, always")
    with Client() as client:
        pending = _pending(client)
        if only_list or (as_json and id_ is None):
            return _list(pending, as_json=as_json)
        if id_ is None and not pending:
            make_console().print(safe("nothing waits for an answer"))
            return 0
        chosen = [one for one in pending if id_ in (None, one.get("id"))]
        if not chosen:
            raise InputError(
                f"no question {id_!r} waits for an answer; see jcode-plugin approve --list"
            )
        for question in chosen:
            _answer(client, question, answer, as_json=as_json)
    return 0


def _pending(client: Client) -> list[JsonObject]:
    listed = client.approvals().get("pending")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _answer(client: Client, question: JsonObject, word: str | None, *, as_json: bool) -> None:
    if word is None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise InputError("there is no terminal to ask on; answer from one of yours")
        chosen = ask_on(sys.stdin.fileno(), sys.stderr.fileno(), _as_question(question))
    else:
        chosen = WORDS[word]
    client.answer(_text(question, "id"), chosen)
    if as_json:
        print_json({"ok": True, "id": question["id"], "answer": chosen})
    else:
        make_console().print(safe(f"{_text(question, 'tool')}: {chosen}"))


def _as_question(question: JsonObject) -> Question:
    left = question.get("left_s")
    return Question(
        plugin=_text(question, "plugin"),
        tool=_text(question, "tool"),
        tier=next((tier for tier in TIERS if tier == question.get("tier")), "exec"),
        summary=_text(question, "summary"),
        explanation=_text(question, "explanation"),
        project=_text(question, "project"),
        session_id=_text(question, "session_id"),
        # One that nobody waits for may still be answered: it serves the next call that asks the same.
        timeout_s=max(60.0, float(left) if isinstance(left, int | float) else 0.0),
        input={},
        content="",
        subject=_text(question, "subject"),
        target="",
    )


def _text(question: JsonObject, name: str) -> str:
    return printable(str(question.get(name, "")))


def _list(pending: list[JsonObject], *, as_json: bool) -> int:
    if as_json:
        listed: list[Json] = [*pending]
        print_json({"ok": True, "pending": listed})
    elif pending:
        columns = ("id", "who", "wants", "tier", "left", "project", "what", "because")
        print_table = make_console().print
        print_table(table(columns, [[safe(part) for part in _row(one)] for one in pending]))
    else:
        make_console().print(safe("nothing waits for an answer"))
    return 0


def _row(question: JsonObject) -> list[str]:
    is_tool = not _text(question, "subject").startswith(CAPABILITY)
    left = f"{_text(question, 'left_s')} s" if question.get("is_waited_for") else "late"
    return [
        _text(question, "id"),
        _text(question, "plugin") or "(the agent)",
        f"{'' if is_tool else 'the host for '}{_text(question, 'tool')}",
        _text(question, "tier"),
        left,
        _text(question, "project"),
        _text(question, "summary"),
        _text(question, "explanation"),
    ]
