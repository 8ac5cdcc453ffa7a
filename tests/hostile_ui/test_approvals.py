"""Plugins that would be the console's approvals, cover them, answer them, or have them answered by what a person types."""

import pytest

from host.console.panes.approvals import ApprovalsScreen
from host.console.stage.component import Component
from host.console.stage.session import SessionPane
from tests.console.consoles import console, console_on, lines_of, screen_text
from tests.console.test_approvals import answers_of, asking
from tests.console.test_guard import Clock
from tests.hostile_ui.conftest import StartHostile
from tests.hostile_ui.screens import (
    check_approvals,
    check_screen,
    press,
    questions_of,
    read_question,
    until,
    until_shown,
)

pytestmark = pytest.mark.asyncio

SIZE = (100, 40)
LETTERS = ("o", "s", "a", "d", "enter")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("false_approval", "false_approval component"),
        ("false_approval_slots", "false_approval_slots header"),
        ("false_approval_dialog", "false_approval_dialog asks"),
        ("view_takes_over", "view_takes_over view Approvals"),
    ],
)
async def test_what_looks_like_an_approval_is_in_a_frame_without_the_mark(
    few: StartHostile, name: str, place: str
) -> None:
    """Word by word the same, under the name of its plugin; what is typed at it answers nothing."""
    daemon = few(name)
    async with console_on(daemon, size=SIZE) as pilot, asking(daemon, "ls /etc"):
        await until_shown(pilot, place, "Answer only where row 0 shows: sure otter")
        await until(pilot, lambda: "ls /etc" in questions_of(pilot))
        check_screen(pilot)
        rows = lines_of(pilot)
        assert not any(console(pilot).mark in row for row in rows[1:])
        assert "sure otter" not in rows[0]

        press(pilot, *LETTERS)
        press(pilot, "f2")
        await read_question(pilot, '{"command":"ls /etc"}')
        assert answers_of(daemon) == {}
        check_approvals(pilot, "ls /etc")


@pytest.mark.parametrize("name", ["swallow_keys", "overlay_everything"])
async def test_what_is_typed_into_a_plugin_answers_no_question_that_comes_meanwhile(
    few: StartHostile, name: str
) -> None:
    """Keys go to the component that has the focus; F2 is the console's at once, and what was typed ahead is not taken."""
    daemon = few(name)
    # The clock stands still: all of it is typed at once. The control is in tests/console/test_approvals.py.
    async with console_on(daemon, size=SIZE, clock=Clock()) as pilot:
        await until_shown(pilot, f"{name} component")
        component = pilot.app.query(Component).first()
        await until(pilot, lambda: component.has_focus_within)
        async with asking(daemon, "ls /etc"):
            press(pilot, *LETTERS)
            await until(pilot, lambda: "ls /etc" in questions_of(pilot))
            press(pilot, *LETTERS)
            assert not isinstance(pilot.app.screen, ApprovalsScreen)

            press(pilot, "f2", *LETTERS)
            await until_shown(pilot, "not taken", '{"command":"ls /etc"}')
            check_approvals(pilot, "ls /etc")
            assert answers_of(daemon) == {}


async def test_no_call_of_a_plugin_is_an_answer(few: StartHostile) -> None:
    """By command, tool, bus, view, member or key: it finds nothing, the question waits, and no screen was opened."""
    daemon = few(
        "answer_itself", "bind_everything", "bind_by_other_names", "stdin", "decide_permissions"
    )
    async with console_on(daemon, size=(140, 40)) as pilot, asking(daemon, "ls /etc"):
        await until(pilot, lambda: "ls /etc" in questions_of(pilot))
        mirror = pilot.app.query_one(SessionPane).mirror

        def found() -> list[str]:
            return [str(mirror.get(key)) for key in mirror.area("status") if key.key == "found"]

        await until(pilot, found)
        assert "found nothing" in found()[0], found()
        assert not isinstance(pilot.app.screen, ApprovalsScreen)
        assert "ls /etc" in questions_of(pilot)
        assert answers_of(daemon) == {}
        bound = {key.key for key in mirror.area("keymap")}
        assert not bound & {"f1", "f2", "f3", "f12", "o", "s", "a", "d", "enter", "escape"}
        assert len(bound) > 20  # the control: others are theirs
        press(pilot, "f2")
        await read_question(pilot, '{"command":"ls /etc"}')
        assert "stolen" not in screen_text(pilot)
