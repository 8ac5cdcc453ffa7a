"""pi's own examples that talk to a person: as published, byte for byte, before an attached interface."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from host import BlockingPluginHost, Outcome, ToolResult
from host.outcome import Json, JsonObject
from tests.integration.pi.conftest import Load, Run
from tests.support.person import WITHIN_S, Person, text_of

# --- question.ts: a component of a tool ---------------------------------------------------------------

RUM: JsonObject = {
    "question": "What is in the barrel?",
    "options": [{"label": "Rum", "description": "from Jamaica"}, {"label": "Water"}],
}


@pytest.fixture
def asked(
    host: BlockingPluginHost, person: Person, load: Load, threads: ThreadPoolExecutor
) -> Future[ToolResult]:
    """The tool's call, while its question is on the screen."""
    load("question.ts")
    call = threads.submit(host.call_tool, "plugin_question", RUM, session_id="s")
    lines = person.draws("What is in the barrel?")
    assert [line.rstrip() for line in lines[3:7]] == [
        "> 1. Rum",
        "     from Jamaica",
        "  2. Water",
        "  3. Type something.",
    ]
    return call


def _answer(call: Future[ToolResult]) -> tuple[Json, Json]:
    result = call.result(WITHIN_S)
    assert result.ok, result.error
    assert isinstance(result.details, dict)
    return result.output, result.details["answer"]


def test_an_option_is_picked(person: Person, asked: Future[ToolResult]) -> None:
    """Down and back up and down; the model reads the number and the label."""
    person.press("down", "up", "down")
    person.draws("> 2. Water")
    person.press("enter")

    assert _answer(asked) == ("User selected: 2. Water", "Water")
    person.no_dialog()


def test_an_own_answer_is_written(person: Person, asked: Future[ToolResult]) -> None:
    """In pi's Editor: what is typed is drawn and sent."""
    person.press("down", "down", "enter")
    person.draws("Your answer:")
    person.types("gun powderr")
    person.press("backspace")
    person.draws(" gun powder ")
    person.press("enter")

    assert _answer(asked) == ("User wrote: gun powder", "gun powder")


def test_escape_leaves_the_editor_and_then_the_question(
    person: Person, asked: Future[ToolResult]
) -> None:
    """One step back each; an empty answer is none either."""
    person.press("down", "down", "enter")
    person.draws("Your answer:")
    person.press("enter")
    person.draws("Esc to cancel")
    person.press("enter")
    person.draws("Your answer:")
    person.press("x", "escape")
    person.draws("Esc to cancel")
    assert not asked.done()
    person.press("escape")

    assert _answer(asked) == ("User cancelled the selection", None)
    person.no_dialog()


def test_without_a_person_the_question_says_so(host: BlockingPluginHost, load: Load) -> None:
    """The control: no interface, no component, an answer at once."""
    load("question.ts")

    result = host.call_tool("plugin_question", RUM, session_id="s")

    assert result.output == "Error: UI not available (running in non-interactive mode)"


# --- timed-confirm.ts: dialogs with an end of their own --------------------------------------------------


@pytest.mark.parametrize(
    ("command", "agreed", "notice"),
    [
        ("timed", True, "Confirmed by user!"),
        ("timed", False, "Cancelled or timed out"),
        ("timed-signal", True, "Confirmed by user!"),
        ("timed-signal", False, "Cancelled by user"),
    ],
)
def test_a_timed_question_is_answered_in_time(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    run: Run,
    command: str,
    agreed: bool,
    notice: str,
) -> None:
    """Yes and no, whether a timeout or a signal would have ended it."""
    load("timed-confirm.ts")
    call = run(command)
    dialog, shown = person.dialog("Timed Confirmation")

    assert shown["kind"] == "confirm"
    assert (shown["until"] is not None) is (command == "timed")
    person.answers(dialog, value=agreed)
    assert person.notice(notice) == "info"
    assert call.result(WITHIN_S).ok
    person.no_dialog()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "notice", "level"),
    [
        ("timed", "Cancelled or timed out", "info"),
        ("timed-signal", "Dialog timed out (auto-cancelled)", "warning"),
    ],
)
def test_a_timed_question_ends_by_itself(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    run: Run,
    command: str,
    notice: str,
    level: str,
) -> None:
    """After five seconds, its own: the longest that anything waits here."""
    load("timed-confirm.ts")
    call = run(command)
    dialog, _ = person.dialog("Timed Confirmation")
    person.no_dialog()

    assert person.notice(notice) == level
    assert call.result(WITHIN_S).ok
    assert dialog not in person.all("dialog")


def test_one_of_several_is_picked(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """The plugin gets the text of what was picked, or nothing."""
    load("timed-confirm.ts")
    call = run("timed-select")
    dialog, shown = person.dialog("Pick an option")
    assert _labels(shown) == ["Option A", "Option B", "Option C"]
    person.answers(dialog, index=1)
    assert person.notice("Selected: Option B") == "info"
    assert call.result(WITHIN_S).ok

    again = run("timed-select")
    dialog, _ = person.dialog("Pick an option")
    person.answers(dialog, cancelled=True)
    assert person.notice("Selection cancelled or timed out") == "info"
    assert again.result(WITHIN_S).ok


def _labels(dialog: JsonObject) -> list[str]:
    options = dialog["options"]
    assert isinstance(options, list)
    return [text_of(option["label"]) for option in options if isinstance(option, dict)]


# --- status-line.ts, widget-placement.ts, notify.ts, model-status.ts: what stands around ------------------


def test_the_status_line_follows_the_turns(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """Its texts in the colours of the theme, by name."""
    load("status-line.ts")
    host.dispatch("SessionStart", {"session_id": "s"})
    assert person.status("status-demo", "Ready")["line"] == [["Ready", "fg:dim"]]
    host.dispatch("TurnStart", {"session_id": "s", "turn_number": 0})
    began = person.status("status-demo", "● Turn 1...")
    host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 0})
    ended = person.status("status-demo", "✓ Turn 1 complete")

    assert began["line"] == [["●", "fg:accent"], [" Turn 1...", "fg:dim"]]
    assert ended["line"] == [["✓", "fg:success"], [" Turn 1 complete", "fg:dim"]]


def test_widgets_stand_above_and_below_the_editor(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """Each where it was put."""
    load("widget-placement.ts")
    host.dispatch("SessionStart", {"session_id": "s"})

    assert person.one("widget", "widget-above") == {
        "lines": [[["Above editor widget", ""]]],
        "placement": "aboveEditor",
    }
    assert person.one("widget", "widget-below") == {
        "lines": [[["Below editor widget", ""]]],
        "placement": "belowEditor",
    }


def test_what_a_terminal_would_pop_up_is_a_notice(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """The sequence on standard output (OSC 777) never reaches a terminal; its two texts reach the person."""
    load("notify.ts")
    host.dispatch("AgentEnd", {"session_id": "s"})

    notice = person.sees(lambda: next(iter(person.notices()), None))
    assert notice == "Pi: Ready for input"


def test_the_model_stands_in_the_status(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """A change is told once more as a notice, a model that was restored is not."""
    load("model-status.ts")
    restored: JsonObject = {"model": "anthropic/opus", "source": "restore", "session_id": "s"}
    host.dispatch("ModelSelect", restored)
    person.status("model", "🤖 opus")
    set_: JsonObject = {
        "model": {"provider": "openai", "id": "o9"},
        "previous_model": {"provider": "anthropic", "id": "opus"},
        "source": "set",
        "session_id": "s",
    }
    outcome = host.dispatch("ModelSelect", set_)
    person.status("model", "🤖 o9")

    assert person.notice("Model: openai/o9") == "info"
    assert person.notices() == ["Model: openai/o9"]
    assert outcome.results[0].error is None


def test_a_session_has_the_name_that_it_is_given(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """Shown, and known to the plugin the next time."""
    load("session-name.ts")
    host.run_command("session-name", "", session_id="s")
    assert person.notice("No session name set") == "info"
    host.run_command("session-name", "  The long voyage ", session_id="s")
    assert text_of(person.one("session_name", "")["line"]) == "The long voyage"
    assert person.notice("Session named: The long voyage") == "info"
    host.run_command("session-name", "", session_id="s")

    assert person.notice("Session: The long voyage") == "info"


# --- confirm-destructive.ts: what is about to happen to a session -----------------------------------------

NEW: JsonObject = {"session_id": "s", "reason": "new"}
FORK: JsonObject = {"session_id": "s", "entry_id": "0123456789abcdef", "position": "before"}


@pytest.mark.parametrize("agreed", [True, False, None])
def test_a_person_is_asked_before_a_session_is_cleared(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    threads: ThreadPoolExecutor,
    agreed: bool | None,
) -> None:
    """Yes lets it happen; no stops it, and so does turning away."""
    load("confirm-destructive.ts")
    switch = threads.submit(host.dispatch, "SessionBeforeSwitch", NEW)
    dialog, shown = person.dialog("Clear session?")
    assert isinstance(shown["message"], list)
    assert [text_of(line) for line in shown["message"]] == [
        "This will delete all messages in the current session."
    ]
    if agreed is None:
        person.answers(dialog, cancelled=True)
    else:
        person.answers(dialog, value=agreed)

    _expect(switch.result(WITHIN_S), is_stopped=agreed is not True)
    if not agreed:
        assert person.notice("Clear cancelled") == "info"


@pytest.mark.parametrize("index", [0, 1, None])
def test_a_person_is_asked_before_a_fork(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    threads: ThreadPoolExecutor,
    index: int | None,
) -> None:
    """Only the first answer is a yes."""
    load("confirm-destructive.ts")
    fork = threads.submit(host.dispatch, "SessionBeforeFork", FORK)
    dialog, shown = person.dialog("Fork from entry 01234567?")
    assert _labels(shown) == ["Yes, create fork", "No, stay in current session"]
    if index is None:
        person.answers(dialog, cancelled=True)
    else:
        person.answers(dialog, index=index)

    _expect(fork.result(WITHIN_S), is_stopped=index != 0)
    if index != 0:
        assert person.notice("Fork cancelled") == "info"


def _expect(outcome: Outcome, *, is_stopped: bool) -> None:
    assert outcome.results[0].error is None
    assert outcome.blocked is is_stopped
    reason = "cancelled by confirm-destructive"
    assert outcome.output == ({"cancel": True, "block": reason} if is_stopped else {})


def test_another_session_is_opened_without_a_word_where_nothing_would_be_lost(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """The session is empty: the plugin sees no message of the user's."""
    load("confirm-destructive.ts")
    resume: JsonObject = {"session_id": "s", "reason": "resume", "target_session_id": "t"}

    _expect(host.dispatch("SessionBeforeSwitch", resume), is_stopped=False)


def test_without_a_person_nothing_is_asked(host: BlockingPluginHost, load: Load) -> None:
    """The control: it lets everything happen where nobody could answer."""
    load("confirm-destructive.ts")

    _expect(host.dispatch("SessionBeforeSwitch", NEW), is_stopped=False)
    _expect(host.dispatch("SessionBeforeFork", FORK), is_stopped=False)


# --- commands.ts: what there is ---------------------------------------------------------------------------


def test_commands_are_listed_with_those_of_others(
    host: BlockingPluginHost,
    person: Person,
    load: Load,
    run: Run,
    examples: Path,
) -> None:
    """Of its own the path is shown, of another plugin's there is none to see."""
    load("commands.ts")
    load("session-name.ts")

    def pick(label: str) -> Future[ToolResult]:
        call = run("commands", "extension")
        dialog, shown = person.dialog("Available Commands")
        labels = _labels(shown)
        assert labels[0] == "--- Extensions ---"
        person.answers(dialog, index=labels.index(label))
        return call

    own = pick("/commands - List available slash commands")
    dialog, shown = person.dialog("commands")
    path = str(examples / "commands.ts")
    assert isinstance(shown["message"], list)
    assert "".join(text_of(line) for line in shown["message"]) == f"View source path?{path}"
    person.answers(dialog, value=True)
    assert person.notice(path) == "info"
    assert own.result(WITHIN_S).ok

    other = pick("/session-name - Set or show session name (usage: /session-name [new name])")
    assert other.result(WITHIN_S).ok
    assert person.notices() == [path]


def test_the_sources_of_commands_are_completed(host: BlockingPluginHost, load: Load) -> None:
    """As typed so far; and a source without commands is said to have none."""
    load("commands.ts")

    def complete(prefix: str) -> list[str]:
        return [one.value for one in host.complete_command("commands", prefix)]

    assert complete("") == ["extension", "prompt", "skill"]
    assert complete("sk") == ["skill"]
    assert complete("x") == []


def test_a_source_without_commands(
    host: BlockingPluginHost, person: Person, load: Load
) -> None:
    """There are no skills here."""
    load("commands.ts")
    host.run_command("commands", "skill", session_id="s")

    assert person.notice("No skill commands found") == "info"


# --- todo.ts: a tool's state in a component ---------------------------------------------------------------


def test_todos_are_shown_until_escape(
    host: BlockingPluginHost, person: Person, load: Load, run: Run
) -> None:
    """What the model's tool noted is what the person's command shows."""
    load("todo.ts")
    empty = run("todos")
    person.draws("No todos yet. Ask the agent to add some!")
    person.press("escape")
    assert empty.result(WITHIN_S).ok
    for params in (
        {"action": "add", "text": "buy rum"},
        {"action": "add", "text": "sail"},
        {"action": "toggle", "id": 1},
    ):
        assert host.call_tool("plugin_todo", params, session_id="s").ok  # type: ignore[arg-type]
    full = run("todos")
    lines = [line.rstrip() for line in person.draws("1/2 completed")]
    person.press("escape")

    assert "  ✓ #1 buy rum" in lines
    assert "  ○ #2 sail" in lines
    assert full.result(WITHIN_S).ok
    person.no_dialog()
