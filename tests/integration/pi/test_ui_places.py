"""More of pi's own examples: headers, footers, titles, overlays, and all kinds of dialogs."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from host import BlockingPluginHost, Outcome, ToolResult
from host.outcome import Json, JsonObject
from tests.integration.host_support import bash
from tests.integration.pi.conftest import Load, Run
from tests.support.person import WITHIN_S, Person, text_of
from tests.support.repositories import git


def _ok(call: Future[ToolResult]) -> None:
    result = call.result(WITHIN_S)
    assert result.ok, result.error


def _slot(person: Person, key: str, part: str) -> list[str]:
    """The texts of the slot *key*, as soon as one of them has *part*."""

    def filled() -> list[str] | None:
        entry = person.all("slot").get(key)
        if entry is None:
            return None
        node = cast(JsonObject, entry["node"])
        lines = [text_of(line) for line in cast("list[Json]", node["lines"])]
        return lines if any(part in line for line in lines) else None

    return person.sees(filled)


# --- around the session ---------------------------------------------------------------------------------


def test_a_header_is_drawn_and_taken_back(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """In the slot at the top, until the command puts the agent's own back."""
    load("custom-header.ts")
    host.dispatch("SessionStart", {"session_id": "s"})
    lines = _slot(person, "Header/pi", "coding agent")
    assert lines[2] == "  " + "█" * 14
    _ok(run("builtin-header"))

    person.sees(lambda: "Header/pi" not in person.all("slot"))


def test_a_footer_is_as_wide_as_the_interface(person: Person, load: Load, run: Run) -> None:
    """Left and right of one line; it is drawn again when the window changes."""
    load("custom-footer.ts")
    _ok(run("footer"))
    (line,) = _slot(person, "Footer/pi", "$0.000")
    assert (len(line), line.split()) == (80, ["↑0", "↓0", "$0.000", "no-model"])
    person.resizes(50, 24)
    person.sees(lambda: len(_slot(person, "Footer/pi", "$0.000")[0]) == 50)
    _ok(run("footer"))

    person.sees(lambda: "Footer/pi" not in person.all("slot"))


def test_a_title_spins_while_the_agent_works(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """Frame after frame, at the plugin's own pace, and it stands when the work is done."""
    load("titlebar-spinner.ts")

    def title() -> str:
        return text_of(person.one("title", "")["line"])

    host.dispatch("AgentStart", {"session_id": "s", "system_prompt": "", "tools": []})
    seen: set[str] = set()
    while len(seen) < 3:
        seen.add(person.sees(lambda: title() if title()[0] not in {"π", *seen} else None)[0])
    host.dispatch("AgentEnd", {"session_id": "s"})

    person.sees(lambda: title() == "π - project")


def test_the_sign_of_work_is_the_plugins(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """Its frames in its colours, hidden, and as it was."""
    load("working-indicator.ts")
    host.dispatch("SessionStart", {"session_id": "s"})
    person.status("working-indicator", "Indicator: custom spinner")
    assert len(cast("list[Json]", person.one("working", "")["frames"])) == 10
    _ok(run("working-indicator", "pulse"))
    person.status("working-indicator", "Indicator: custom pulse")
    working = person.one("working", "")
    _ok(run("working-indicator", "reset"))
    person.status("working-indicator", "Indicator: pi default spinner")

    assert working["frames"] == [
        [["·", "fg:#ffb3ba"]],
        [["•", "fg:#ffffba"]],
        [["●", "fg:#bae1ff"]],
        [["•", "fg:#dabaff"]],
    ]
    assert working["interval_ms"] == 120


# --- dialogs of every kind ------------------------------------------------------------------------------


@pytest.mark.parametrize(("index", "action"), [(0, "continue"), (1, "block")])
def test_a_guard_shows_what_it_asks_about(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    threads: ThreadPoolExecutor,
    index: int,
    action: str,
) -> None:
    """All lines of its question, the command among them: nobody agrees to what they cannot see."""
    load("permission-gate.ts")
    asked: Future[Outcome] = threads.submit(host.dispatch, "PreToolUse", bash("sudo make me"))
    dialog, shown = person.dialog("⚠️ Dangerous command:")
    message = [text_of(line) for line in cast("list[Json]", shown["message"])]
    person.answers(dialog, index=index)

    assert message == ["", "  sudo make me", "", "Allow?"]
    outcome = asked.result(WITHIN_S)
    assert outcome.action == action
    assert outcome.reason == ("Blocked by user" if action == "block" else None)


@pytest.mark.parametrize(("event", "action"), [("Switch", "new session"), ("Fork", "fork")])
def test_uncommitted_files_are_asked_about(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    threads: ThreadPoolExecutor,
    tmp_path: Path,
    event: str,
    action: str,
) -> None:
    """What git says in the project decides whether anybody is asked; the program's own question comes first."""
    load("dirty-repo-guard.ts")
    told: JsonObject = {"session_id": "s", "reason": "new", "entry_id": "e"}
    git(tmp_path / "project", "init", "--quiet")
    assert not host.dispatch(f"SessionBefore{event}", told).blocked
    (tmp_path / "project" / "log.txt").write_text("storm")
    asked = threads.submit(host.dispatch, f"SessionBefore{event}", told)
    dialog, shown = person.dialog(f"You have 1 uncommitted file(s). {action} anyway?")
    person.answers(dialog, index=1)

    assert len(cast("list[Json]", shown["options"])) == 2
    assert asked.result(WITHIN_S).output["cancel"] is True
    assert person.notice("Commit your changes first") == "warning"


def test_what_others_say_is_shown_through_a_kept_ctx(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """The ctx of a call that is over still speaks to the person."""
    load("event-bus.ts")
    host.dispatch("SessionStart", {"session_id": "s"})
    person.notice("Event from event-bus-example: Session started")
    _ok(run("emit", "land ahead"))

    assert person.notice("Event from /emit command: land ahead") == "info"


def test_tools_come_while_a_session_runs(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """One at its start, one by command; and what is no name is said."""
    load("dynamic-tools.ts")
    host.dispatch("SessionStart", {"session_id": "s"})
    person.notice("Registered dynamic tool: echo_session")
    _ok(run("add-echo-tool", "Parrot"))
    assert person.notice("Registered dynamic tool: parrot") == "info"
    result = host.call_tool("plugin_parrot", {"message": "pieces of eight"}, session_id="s")
    assert (result.ok, result.output) == (True, "[parrot] pieces of eight")
    _ok(run("add-echo-tool", "no name"))

    usage = "Usage: /add-echo-tool <tool_name> (lowercase, numbers, underscores)"
    assert person.notice(usage) == "warning"


def test_a_line_and_a_text_are_written(person: Person, load: Load, run: Run) -> None:
    """What the fields are filled with, what is given back, and what turning away gives."""
    load("rpc-demo.ts")
    line = run("rpc-input")
    dialog, shown = person.dialog("Enter a value")
    assert (shown["kind"], shown["placeholder"]) == ("input", "type something...")
    person.answers(dialog, value="nine")
    assert person.notice("You entered: nine") == "info"
    _ok(line)

    text = run("rpc-editor")
    dialog, shown = person.dialog("Edit some text")
    assert (shown["kind"], shown["prefill"]) == ("editor", "Line 1\nLine 2\nLine 3")
    person.answers(dialog, value="a\nb")
    assert person.notice("Editor submitted (2 lines)") == "info"
    _ok(text)

    nothing = run("rpc-input")
    dialog, _ = person.dialog("Enter a value")
    person.answers(dialog, cancelled=True)
    assert person.notice("Input cancelled") == "info"
    _ok(nothing)


def test_the_prompt_is_filled(person: Person, load: Load, run: Run) -> None:
    """The plugin's wish for the person's own field."""
    load("rpc-demo.ts")
    _ok(run("rpc-prefill"))

    assert person.one("editor", "")["text"] == "This text was set by the rpc-demo extension."


def test_several_questions_are_answered_in_tabs(
    host: BlockingPluginHost, person: Person, load: Load, threads: ThreadPoolExecutor
) -> None:
    """Picked, written and submitted; the model gets each answer."""
    load("questionnaire.ts")
    questions: Json = [
        {
            "id": "port",
            "label": "Port",
            "prompt": "Where to?",
            "options": [
                {"value": "tortuga", "label": "Tortuga"},
                {"value": "nassau", "label": "Nassau"},
            ],
        },
        {
            "id": "load",
            "label": "Load",
            "prompt": "With what?",
            "options": [{"value": "rum", "label": "Rum"}],
        },
    ]
    call = threads.submit(
        host.call_tool, "plugin_questionnaire", {"questions": questions}, session_id="s"
    )
    person.draws("Where to?")
    person.press("down")
    person.draws("> 2. Nassau")
    person.press("enter")
    person.draws("With what?")
    person.press("down", "enter")
    person.types("salt")
    person.draws(" salt")
    person.press("enter")
    person.draws("Ready to submit")
    person.press("enter")
    result = call.result(WITHIN_S)

    assert result.ok, result.error
    assert result.output == "Port: user selected: 2. Nassau\nLoad: user wrote: salt"


# --- overlays -------------------------------------------------------------------------------------------


def test_an_overlay_has_fields_and_a_cursor(person: Person, load: Load, run: Run) -> None:
    """Wide letters keep its border straight; the place where one writes is told, not drawn as text."""
    load("overlay-test.ts")
    call = run("overlay-test")
    person.draws("▶ Search:")
    person.types("rum")
    lines = person.draws("Search: rum")
    frame = person.frame()
    person.press("enter")

    assert frame["overlay"] is True
    row = next(n for n, line in enumerate(lines) if "Search: rum" in line)
    assert frame["cursor"] == [row, lines[row].index("rum") + 3]
    assert all(line[-1] in "╮│╯" for line in lines)
    assert person.notice('Search: "rum"') == "info"
    _ok(call)


def test_an_overlay_stands_where_it_is_anchored(person: Person, load: Load, run: Run) -> None:
    """One place after the other, until one is chosen."""
    load("overlay-qa-tests.ts")
    call = run("overlay-anchors")
    for anchor in ("top-left", "top-center", "top-right", "left-center", "center"):
        person.draws(f"Current: {anchor} ")
        assert person.frame()["options"] == {"width": 40, "anchor": anchor}
        person.press("enter" if anchor == "center" else "space")

    assert person.notice("Selected: center") == "info"
    _ok(call)
