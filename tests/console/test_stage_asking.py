"""What plugins ask and open: dialogs, components, views, and where the keys go."""

import asyncio

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from host.console.guard import QUIET_S
from host.console.mirror import Json, JsonObject
from host.console.stage.component import Component, ComponentLines
from host.console.stage.dialogs import Dialog
from host.console.stage.prompt import Completion
from host.console.stage.writing import MOST, REST_S
from tests.console.stages import (
    Deeds,
    Host,
    entry,
    focused,
    line,
    lines,
    row_of,
    screen_lines,
    settle,
    show,
    stage_of,
    text_slot,
)

pytestmark = pytest.mark.asyncio


def dialog(
    kind: str, id_: str = "d1", *, n: int = 1, plugin: str = "guard", **more: Json
) -> Json:
    """A question of a plugin's."""
    value: JsonObject = {
        "kind": kind,
        "title": line("Which one?"),
        "message": lines("think first"),
        "options": [
            {"label": line(f"option {at}"), "description": line(f"about {at}")}
            for at in range(3)
        ],
        "placeholder": "a name",
        "prefill": "",
        "frame": None,
        "until": None,
        "n": n,
    }
    return entry("dialog", id_, {**value, **more}, plugin=plugin)


def component(
    id_: str = "f1", *texts: str, overlay: bool = False, cursor: Json = None, **options: Json
) -> Json:
    """A component's lines."""
    value: JsonObject = {"lines": lines(*(texts or ("component text",))), "cursor": cursor}
    return entry("frame", id_, {**value, "overlay": overlay, "options": options})


def text_of(app: App[None]) -> str:
    """The whole screen."""
    return "\n".join(screen_lines(app))


@pytest.mark.parametrize(
    ("kind", "keys", "answer"),
    [
        ("select", ["down", "enter"], {"index": 1}),
        ("select", ["end", "enter"], {"index": 2}),
        ("select", ["escape"], {"cancelled": True}),
        ("confirm", ["enter"], {"value": True}),
        ("confirm", ["down", "enter"], {"value": False}),
        ("confirm", ["n"], {"value": False}),
        ("confirm", ["y"], {"value": True}),
        ("input", [*"Ada", "enter"], {"value": "Ada"}),
        ("input", [*"Ada", "f12"], {"cancelled": True}),
        ("editor", ["a", "enter", "b", "ctrl+s"], {"value": "a\nb"}),
        ("editor", ["a", "escape"], {"cancelled": True}),
        ("quickpick", [*"about 2", "enter"], {"index": 2}),
        ("quickpick", ["down", "down", "enter"], {"index": 2}),
        ("quickpick", [*"nothing", "enter", "escape"], {"cancelled": True}),
    ],
)
async def test_every_kind_of_question_is_answered_by_keys(
    kind: str, keys: list[str], answer: JsonObject
) -> None:
    """The answer goes to the daemon once, and the question is gone at once."""
    async with stage_of(dialog(kind)) as (app, pilot):
        assert "Which one?" in text_of(app)
        assert "think first" in text_of(app)
        assert "guard asks" in text_of(app)
        app.clock.at += QUIET_S
        await pilot.press(*keys)
        await pilot.pause()

        assert app.deeds.done == [("answer", "d1", answer)]
        assert "Which one?" not in text_of(app)
        await show(app, pilot, remove=[["guard", "", "dialog", "d1"]])
        assert app.focused is app.stage.prompt.line


async def test_a_key_that_was_pressed_too_early_answers_nothing() -> None:
    """It was meant for what was there before; after a moment without a key the same one does."""
    async with stage_of(dialog("confirm")) as (app, pilot):
        await pilot.press("enter", "y", "escape", "f12")
        app.clock.at += QUIET_S * 0.9
        await pilot.press("enter")
        assert app.deeds.done == []
        assert "Which one?" in text_of(app)

        app.clock.at += QUIET_S
        await pilot.press("enter")
        await pilot.pause()
        assert app.deeds.done == [("answer", "d1", {"value": True})]


async def test_a_question_waits_for_the_person_who_is_typing() -> None:
    """What is typed goes on into the line; the question has the focus once there was a moment without a key."""
    async with stage_of() as (app, pilot):
        await pilot.press(*"hel")
        await show(app, pilot, dialog("input"))
        await pilot.press(*"lo")
        assert app.stage.prompt.line.value == "hello"
        assert "Which one?" in text_of(app)

        app.clock.at += QUIET_S * 2
        async with asyncio.timeout(10):
            while app.focused is app.stage.prompt.line:
                await pilot.pause(0.05)
        await pilot.press("x")
        assert app.query_one(Dialog).query_one(Input).value == "x"


async def test_questions_stand_in_a_queue() -> None:
    """One at a time, the oldest first; how many wait is said."""
    async with stage_of(
        dialog("confirm", "d2", n=2, plugin="other", title=line("Second?")),
        dialog("confirm", "d1", n=1),
    ) as (app, pilot):
        assert "Which one?" in text_of(app)
        assert "Second?" not in text_of(app)
        assert "1 more" in text_of(app)
        app.clock.at += QUIET_S
        await pilot.press("enter")
        await settle(app, pilot)
        assert "Second?" in text_of(app)
        assert "other asks" in text_of(app)
        assert "more" not in text_of(app)

        await pilot.press("enter")
        assert len(app.deeds.done) == 1, "the second one was only just drawn"


async def test_an_answer_that_is_refused_leaves_the_question() -> None:
    """It is told in a line, and can be answered again."""
    async with stage_of(dialog("confirm")) as (app, pilot):
        app.clock.at += QUIET_S
        app.deeds.fails = "E_ANSWERER: answer from another terminal"
        await pilot.press("enter")
        await settle(app, pilot)

        assert app.deeds.told == ["E_ANSWERER: answer from another terminal"]
        assert "Which one?" in text_of(app)


async def test_a_question_with_an_end_counts_down() -> None:
    """In whole seconds, by the clock of the day."""
    async with stage_of() as (app, pilot):
        await show(app, pilot, dialog("confirm", until=app.clock.at + 12))
        assert "ends in 12 s" in text_of(app)

        app.clock.at += 10
        async with asyncio.timeout(10):
            while "ends in 2 s" not in text_of(app):
                await pilot.pause(0.05)


async def test_a_thousand_options_are_as_quick_as_ten() -> None:
    """Only what is seen is drawn, and a search draws no more."""
    many: Json = [{"label": line(f"option {at}"), "description": []} for at in range(1_000)]
    async with stage_of(dialog("quickpick", options=many)) as (app, pilot):
        view = app.query_one(Dialog)._list
        assert view is not None
        assert view.drawn < 200
        app.clock.at += QUIET_S
        await pilot.press(*"option 99", "down", "enter")
        await pilot.pause()

        assert app.deeds.done == [("answer", "d1", {"index": 990})]
        assert view.drawn < 1_000


@pytest.mark.parametrize("kind", ["select", "confirm", "input", "editor", "quickpick"])
async def test_hostile_texts_of_a_question_are_only_texts(kind: str) -> None:
    """In the title, the options, the hint and what is filled in."""
    evil = "[red]x[/] \x1b[2J\u202e\u200d"
    options: Json = [{"label": line(evil), "description": line(evil)}]
    async with stage_of(
        dialog(
            kind,
            title=line(evil),
            message=lines(evil),
            options=options,
            placeholder=evil,
            prefill=evil,
        ),
        plugin_state(),
    ) as (app, _):
        whole = text_of(app)

        assert "[red]x[/]" in whole
        assert not {"\x1b", "\u202e", "\u200d"} & set(whole)
        for field in app.query_one(Dialog).query(Input):
            assert "\x1b" not in field.value
            assert "\x1b" not in field.placeholder
        for area in app.query(TextArea):
            assert "\x1b" not in area.text


def plugin_state() -> Json:
    """An instance whose name and state are odd, too."""
    return entry(
        "plugin", "", {"state": "[bold]odd[/]", "error": None, "kind": "tui", "title": []}
    )


# Components.


async def test_a_component_gets_keys_in_order_and_one_at_a_time() -> None:
    """The next one goes when the one before is answered, whatever is pressed meanwhile."""
    async with stage_of(component()) as (app, pilot):
        slow = Slow()
        app.stage.scene.acts = slow
        view = app.query_one(ComponentLines)
        assert app.focused is view
        await pilot.press("a", "ctrl+k", "up", "enter", "tab", "escape", "ctrl+c", "F")
        assert slow.done == [("key", "a", "f1", "guard")]

        for _ in range(8):
            slow.gate.set()
            await pilot.pause(0.01)
        assert [deed[1] for deed in slow.done] == [
            "a",
            "ctrl+k",
            "up",
            "enter",
            "tab",
            "escape",
            "ctrl+c",
            "shift+f",
        ]


class Slow(Deeds):
    """A plugin that takes its time with every key."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> bool:
        """See ``Acts``."""
        self._do("key", key, frame, plugin)
        await self.gate.wait()
        self.gate.clear()
        return True


async def test_f12_leaves_a_component_that_never_answers() -> None:
    """At once, and the prompt is usable; the control is the component before."""
    async with stage_of(component(), dialog("custom", frame="f1")) as (app, pilot):
        slow = Slow()
        app.stage.scene.acts = slow
        await pilot.press("a", "b", "c")
        assert "component text" in text_of(app)

        await pilot.press("f12")
        await pilot.pause()
        await pilot.press(*"hi")
        assert "component text" not in text_of(app)
        assert app.stage.prompt.line.value == "hi"
        assert ("answer", "d1", {"cancelled": True}) in slow.done
        await show(app, pilot, component("f1", "still here"))
        assert "still here" not in text_of(app)
        gone: list[Json] = [[*key] for key in app.mirror.area("dialog")]
        await show(app, pilot, component("f1", "not asked any more"), remove=gone)
        assert not app.query(Component)
        await show(app, pilot, remove=[["guard", "", "frame", "f1"]])
        await show(app, pilot, component("f1", "another one"))
        assert app.query(Component)


async def test_a_component_is_back_when_leaving_it_was_not_taken() -> None:
    """The plugin still waits for it, and it can be left again."""
    async with stage_of(component(), dialog("custom", frame="f1")) as (app, pilot):
        app.deeds.fails = "not connected"
        await pilot.press("f12")
        async with asyncio.timeout(10):
            while not app.deeds.done:
                await pilot.pause(0.01)
        await settle(app, pilot)
        assert app.query(Component)
        app.deeds.fails = ""
        await pilot.press("f12")
        await settle(app, pilot)
        assert not app.query(Component)
        assert len(app.deeds.done) == 2


async def test_what_a_component_has_no_use_for_is_the_consoles() -> None:
    """Its own keys do what they do, escape leaves, and a key that a plugin bound goes there."""
    keymap = entry(
        "keymap",
        "ctrl+t",
        {"description": line("toggle"), "conflict": None, "n": 1},
        plugin="other",
    )
    async with stage_of(component(), keymap) as (app, pilot):
        app.deeds.used = False
        await pilot.press("ctrl+t", "x")
        await pilot.pause()
        assert app.deeds.done == [
            ("key", "ctrl+t", "f1", "guard"),
            ("key", "x", "f1", "guard"),
            ("key", "ctrl+t", None, None),
        ] or app.deeds.done == [
            ("key", "ctrl+t", "f1", "guard"),
            ("key", "ctrl+t", None, None),
            ("key", "x", "f1", "guard"),
        ]
        await pilot.press("escape")
        await pilot.pause()
        assert "component text" not in text_of(app)
        assert app.focused is app.stage.prompt.line


async def test_a_component_that_hangs_does_not_eat_memory() -> None:
    """So many keys wait, the rest is told and dropped."""
    async with stage_of(component()) as (app, pilot):
        slow = Slow()
        app.stage.scene.acts = slow
        view = app.query_one(ComponentLines)
        await pilot.press(*["x"] * 260)

        assert view._waiting.qsize() == 256
        assert slow.told
        assert "F12" in slow.told[0]


async def test_the_cursor_is_drawn_where_the_component_has_it() -> None:
    """Whole, if it stands on a wide character, and only with the focus."""
    async with stage_of(component("f1", "a漢b", cursor=[0, 2])) as (app, pilot):
        strip = app.screen._compositor.render_strips()[row_of(app, "a漢b")]
        marked = [part.text for part in strip if part.style and part.style.reverse]
        assert marked == ["漢"]

        app.set_focus(None)
        await pilot.pause()
        strip = app.screen._compositor.render_strips()[row_of(app, "a漢b")]
        assert not [
            part for part in strip if part.style and part.style.reverse and "漢" in part.text
        ]


async def test_a_view_fills_the_stage_and_closes_with_f12() -> None:
    """Between the console's rows; the plugin is told that it is closed."""
    async with stage_of(
        entry("slot", "Header/a", text_slot("header text")),
        entry("route", "board", {"title": line("The board"), "frame": None}),
    ) as (app, pilot):
        assert app.stage.routes() == [("guard", "board", "The board")]
        app.stage.open_route("guard", "board")
        await show(
            app,
            pilot,
            entry("route", "board", {"title": line("The board"), "frame": "f1"}),
            component("f1", "board text"),
        )
        rows = screen_lines(app)
        assert "guard view board" in rows[1]
        assert "header text" not in text_of(app)
        assert rows[0].startswith("BAR")
        assert rows[-1].startswith("KEYS")

        await pilot.press("f12")
        await pilot.pause()
        assert "header text" in text_of(app)
        assert app.deeds.done == [
            ("route", "guard", "board", True),
            ("route", "guard", "board", False),
        ]


@pytest.mark.parametrize(
    ("options", "left", "top"),
    [
        ({"width": 30, "anchor": "top-left"}, 0, 1),
        ({"width": "50%", "anchor": "bottom-right"}, 39, 20),
        ({"width": 30}, 24, 10),
        ({"width": -5, "anchor": 7}, 8, 10),
    ],
)
async def test_what_stands_above_the_rest_stands_where_it_asked(
    options: JsonObject, left: int, top: int
) -> None:
    """Within the stage, whatever it asked for."""
    async with stage_of(component("f1", "over text", overlay=True, **options)) as (app, _):
        region = app.query_one(Component).region

        assert (region.x, region.y) == (left, top)
        assert "over text" in text_of(app)


# Keys of plugins, notices, the line.


async def test_a_bound_key_goes_to_its_plugin_unless_the_console_has_it() -> None:
    """From the prompt, too; what the line of text does with a key comes first."""
    keys = [
        entry("keymap", key, {"description": [], "conflict": None, "n": 1})
        for key in ("ctrl+t", "alt+x", "ctrl+a", "f5")
    ]
    keys.append(entry("keymap", "f6", {"description": [], "conflict": "other", "n": 1}))
    async with stage_of(*keys) as (app, pilot):
        await pilot.press("ctrl+t", "ctrl+a", "f5", "f6", "f7")
        await pilot.pause()

        assert app.deeds.done == [("key", "ctrl+t", None, None), ("key", "f5", None, None)]


async def test_notices_are_few_and_go_by_themselves() -> None:
    """The newest three stand there, all are in the log, and what was there at the start is old."""
    old = entry("notice", "1", {"line": line("old news"), "level": "info", "at": 1.0})
    async with stage_of(old) as (app, pilot):
        assert "old news" not in text_of(app)
        news = [
            entry(
                "notice", str(at), {"line": line(f"news {at}"), "level": "warning", "at": 2.0}
            )
            for at in range(2, 12)
        ]
        await show(app, pilot, *news)
        whole = text_of(app)
        assert "guard warning: news 11" in whole
        assert "7 more in the log above" in whole
        assert len(app.stage.transcript.rows) == 10

        app.clock.at += 60
        app.stage.notices.expire()
        await pilot.pause()
        assert "more in the log above" not in text_of(app)


async def test_a_notice_cannot_pretend_to_be_anothers() -> None:
    """The name and the level before it are the console's, and its own mark is not in its text."""
    async with stage_of() as (app, pilot):
        await show(
            app,
            pilot,
            entry(
                "notice",
                "1",
                {"line": line("▌other error: hi"), "level": "info", "at": 2.0},
                plugin="evil",
            ),
        )
        whole = text_of(app)

        assert "▌evil info:  other error: hi" in whole
        assert "▌other" not in whole


async def test_what_a_plugin_wants_in_the_line_is_put_there_once() -> None:
    """As one line, for each new wish; and who did it is said."""
    async with stage_of(entry("editor", "", {"text": "old", "n": 1, "paste": False})) as (
        app,
        pilot,
    ):
        line_ = app.stage.prompt.line
        assert line_.value == ""
        await show(
            app, pilot, entry("editor", "", {"text": "one\ntwo\x1b[2J", "n": 2, "paste": False})
        )
        assert line_.value == "one two[2J"
        line_.value = "x"
        await show(app, pilot, entry("editor", "", {"text": "one", "n": 2, "paste": False}))
        assert line_.value == "x"
        await show(app, pilot, entry("editor", "", {"text": "yz", "n": 3, "paste": True}))
        assert line_.value in ("xyz", "yzx")
        assert "guard wrote into the line below" in text_of(app)


async def test_a_plugin_that_writes_without_end_leaves_the_line_to_the_person() -> None:
    """It has the line a few times, which is told once; another one, and this one later, still may."""

    def wish(n: int, plugin: str = "guard") -> JsonObject:
        value: JsonObject = {"text": f"{plugin} {n}", "n": n, "paste": False}
        return entry("editor", "", value, plugin=plugin)

    async with stage_of() as (app, pilot):
        line_ = app.stage.prompt.line
        for n in range(1, MOST + 1):
            await show(app, pilot, wish(n))
            assert line_.value == f"guard {n}"
        line_.value = ""
        await pilot.press(*"mine")
        for n in range(MOST + 1, MOST + 20):
            await show(app, pilot, wish(n))
            assert line_.value == "mine"
        assert text_of(app).count("writes too often into the line below") == 1

        await show(app, pilot, wish(1, "other"))
        assert line_.value == "other 1"
        app.clock.at += REST_S
        await show(app, pilot, wish(100))
        assert line_.value == "guard 100"


async def test_commands_are_completed_and_entered(host_commands: list[Json]) -> None:
    """Names from the view, arguments from the plugin; tab takes, enter sends."""
    async with stage_of(*host_commands) as (app, pilot):
        await pilot.press(*"/de")
        await until(app, pilot, "deploy it")
        await pilot.press("tab")
        assert app.stage.prompt.line.value == "/deploy "
        app.completions = (completion("prod"), completion("\x1b[2Jstage"))
        await pilot.press("x", "backspace")
        await until(app, pilot, "the prod one")
        await pilot.press("down", "tab", "enter")
        await pilot.pause()

        assert app.entered == ["/deploy [2Jstage"]
        await pilot.press("up")
        assert app.stage.prompt.line.value == "/deploy [2Jstage"


@pytest.fixture
def host_commands() -> list[Json]:
    """Two commands."""
    return [
        entry("command", "deploy", {"description": line("deploy it"), "completes": True}),
        entry("command", "other", {"description": [], "completes": False}),
    ]


def completion(value: str) -> Completion:
    """One of a plugin's."""
    return Completion(value, value, f"the {value} one")


async def until(app: Host, pilot: Pilot[None], text: str) -> None:
    """Return when *text* is on the screen."""
    async with asyncio.timeout(20):
        while text not in text_of(app):
            await pilot.pause(0.02)


async def test_what_a_plugin_wrote_is_not_what_the_person_typed() -> None:
    """Enter that was meant for another line sends nothing; later it does, as a line that a plugin had a part in."""
    async with stage_of() as (app, pilot):
        await pilot.press(*"hello")
        wish = entry("editor", "", {"text": "/deploy now", "n": 1, "paste": False})
        await show(app, pilot, wish)
        await pilot.press("enter")
        assert app.entered == []
        for _ in range(3):  # typing on, and Enter
            app.clock.at += QUIET_S * 0.9
            await pilot.press("x")
        app.clock.at += QUIET_S * 0.9
        await pilot.press("enter")
        assert app.entered == []
        assert "a plugin wrote into the line" in app.deeds.told[-1]

        app.clock.at += QUIET_S
        await pilot.press("enter")
        await pilot.press("up")  # what it was stays known
        app.clock.at += QUIET_S
        await pilot.press("enter")
        await pilot.press("up", *["backspace"] * len("/deploy nowxxx"), *"/own", "enter")
        assert app.entered == ["/deploy nowxxx", "/deploy nowxxx", "/own"]
        assert app.typed == [False, False, True]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("confirm", "y"),
        ("select", "enter"),
        ("quickpick", "enter"),
        ("input", "enter"),
        ("editor", "ctrl+s"),
    ],
)
async def test_no_key_within_what_is_typed_is_an_answer(kind: str, answer: str) -> None:
    """Keys that mean nothing to the question put off those that do: a word that was meant for something else has both."""
    async with stage_of(dialog(kind)) as (app, pilot):
        for key in ("m", "a", "down", "e"):
            app.clock.at += QUIET_S * 0.9
            await pilot.press(key)
        app.clock.at += QUIET_S * 0.9
        await pilot.press(answer)
        assert app.deeds.done == []

        app.clock.at += QUIET_S
        await pilot.press("backspace", "backspace", "backspace", answer)
        await pilot.pause()
        assert len(app.deeds.done) == 1


async def test_what_is_typed_for_one_plugin_is_not_read_by_another() -> None:
    """A question that ends by itself while a person types leaves the keys to nobody else that asks, until they rest."""
    theirs = entry("frame", "f9", {"lines": lines("other"), "cursor": None}, plugin="other")
    async with stage_of(theirs) as (app, pilot):
        await show(app, pilot, dialog("input", "d1", n=1))
        await focused(pilot, Dialog)
        await pilot.press(*"sec")
        next_ = dialog("input", "d2", n=2, plugin="other", title=line("Second?"))
        await show(app, pilot, next_, remove=[["guard", "", "dialog", "d1"]])
        await pilot.press(*"ret")
        assert "Second?" in text_of(app)
        assert app.query_one(Dialog).query_one(Input).value == ""
        assert app.deeds.done == []
        assert app.stage.prompt.line.value == "ret"

        app.clock.at += QUIET_S * 2
        async with asyncio.timeout(10):
            while app.focused is app.stage.prompt.line:
                await pilot.pause(0.05)
        await pilot.press("x")
        assert app.query_one(Dialog).query_one(Input).value == "x"


async def test_a_question_waits_for_who_types_into_a_component_of_another() -> None:
    """Its keys go on to it; the question of its own plugin has them at once."""
    async with stage_of(component()) as (app, pilot):
        await pilot.press("a")
        await show(app, pilot, dialog("input", plugin="other"))
        await pilot.press("b")
        assert app.query_one(Dialog).query_one(Input).value == ""
        assert [deed[1] for deed in app.deeds.done] == ["a", "b"]
    async with stage_of(component()) as (app, pilot):
        await pilot.press("a")
        await show(app, pilot, dialog("input"))
        await pilot.press("b")
        assert app.query_one(Dialog).query_one(Input).value == "b"
