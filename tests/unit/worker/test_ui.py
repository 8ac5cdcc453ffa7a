"""ctx.ui and pi.ui: what a plugin shows, and what it asks the person."""

import pytest

from ipc.ui import THEME_COLORS
from tests.unit.worker.js_support import Failed, Json, JsonObject, as_object
from tests.unit.worker.ui_support import UI, Ui

ASK = "pi.registerCommand('ask', {{ handler: async (args, ctx) => {{ const got = await ctx.ui.{0}; return {{ got, kind: typeof got }}; }} }});"


def answered(
    code: str, answer: Json, error: JsonObject | None = None
) -> tuple[JsonObject, Json]:
    """The dialog that *code* opens, and what it resolves to once it is answered."""
    js = Ui()
    js.open(ASK.format(code))
    id_ = js.start("ask")
    ((dialog, call, args),) = js.dialogs()
    assert call == id_
    js.answer(dialog, answer, error=error)
    return args, as_object(as_object(js.result(id_, None))["output"]).get("got")


@pytest.mark.parametrize(
    ("code", "asked", "answer", "expected"),
    [
        (
            "select('T', ['a', 'b'])",
            {"kind": "select", "title": "T", "options": ["a", "b"]},
            {"index": 1},
            "b",
        ),
        (
            "select('T', [{label: 'A', description: 'D', value: 7}])",
            {
                "kind": "select",
                "title": "T",
                "options": [{"label": "A", "description": "D"}],
            },
            {"index": 0},
            7,
        ),
        (
            "quickPick([{label: 'A', value: 7}], {title: 'T', placeholder: 'P'})",
            {
                "kind": "quickpick",
                "title": "T",
                "options": [{"label": "A"}],
                "placeholder": "P",
            },
            {"index": 0},
            {"label": "A", "value": 7},
        ),
        (
            "quickPick('T', ['a'])",
            {"kind": "quickpick", "title": "T", "options": ["a"]},
            {"index": 0},
            "a",
        ),
        (
            "confirm('T', 'one\\ntwo', {timeout: 5000})",
            {"kind": "confirm", "title": "T", "message": ["one", "two"], "timeout_ms": 5000},
            {"value": True},
            True,
        ),
        (
            "confirm('T', 'm')",
            {"kind": "confirm", "title": "T", "message": ["m"]},
            {"value": False},
            False,
        ),
        (
            "input('T', 'P')",
            {"kind": "input", "title": "T", "placeholder": "P"},
            {"value": "x"},
            "x",
        ),
        (
            "editor('T', 'a\\nb')",
            {"kind": "editor", "title": "T", "prefill": "a\nb"},
            {"value": ""},
            "",
        ),
    ],
)
def test_a_dialog_asks_and_gives_what_was_answered(
    code: str, asked: JsonObject, answer: Json, expected: Json
) -> None:
    """With the host's index or value; it belongs to the call that asks."""
    assert answered(code, answer) == (asked, expected)


CANCELLED = [
    ("select('T', ['a'])", None),
    ("quickPick(['a'])", None),
    ("confirm('T', 'm')", False),
    ("input('T')", None),
    ("editor('T')", None),
]


@pytest.mark.parametrize(("code", "expected"), CANCELLED)
def test_a_dismissed_dialog_resolves_as_cancelled(code: str, expected: Json) -> None:
    """As in pi: undefined, or false; the same when the interface went away meanwhile."""
    assert answered(code, {"cancelled": True})[1] == expected
    assert answered(code, None, {"code": "E_UNAVAILABLE", "message": "gone"})[1] == expected


@pytest.mark.parametrize("state", [None, "absent"])
@pytest.mark.parametrize(
    ("code", "expected"), [*CANCELLED, ("custom(() => { throw 1; })", None)]
)
def test_where_nobody_looks_dialogs_are_cancelled_without_asking(
    code: str, expected: Json, state: str | None
) -> None:
    """At once, whether the host has no interface or none is open."""
    js = Ui()
    js.plugin(ASK.format(code), **({"ui": None} if state is None else {}))

    output = as_object(js.command("ask")["output"])
    assert output.get("got") == expected
    assert js.dialogs() == []


def test_nothing_to_choose_is_not_asked() -> None:
    """An empty list resolves as cancelled."""
    js = Ui()
    js.open(ASK.format("select('T', [])"))

    assert as_object(js.command("ask")["output"]) == {"kind": "undefined"}
    assert js.dialogs() == []


@pytest.mark.parametrize("code", ["E_QUOTA", "E_DENIED", "E_INVALID"])
def test_a_refused_dialog_rejects(code: str) -> None:
    """A plugin that asks in a loop comes to an end."""
    js = Ui()
    js.open(ASK.format("confirm('T', 'm')"))
    id_ = js.start("ask")
    js.answer(js.dialogs()[0][0], error={"code": code, "message": "no"})

    with pytest.raises(Failed) as failed:
        js.result(id_, None)
    assert failed.value.info["code"] == code


def test_an_aborted_signal_ends_the_dialog() -> None:
    """The host is told, the promise resolves as cancelled; an aborted one asks nothing."""
    js = Ui()
    js.open(
        "let stop; pi.registerCommand('ask', { handler: async (args, ctx) => { stop = new AbortController();"
        "  const first = await ctx.ui.confirm('T', 'm', { signal: stop.signal });"
        "  return [first, await ctx.ui.select('T', ['a'], { signal: stop.signal }) ?? 'none']; } });"
        "pi.on('Stop', () => stop.abort());"
    )
    id_ = js.start("ask")
    ((dialog, _, _),) = js.dialogs()
    js.event("Stop")

    assert as_object(js.result(id_, None))["output"] == [False, "none"]
    assert js.casts("cancel") == [{"id": dialog}]
    assert len(js.dialogs()) == 1


def test_a_dialog_ends_with_its_call() -> None:
    """It rejects with E_CANCELLED, like all work of a call."""
    js = Ui()
    js.open(ASK.format("confirm('T', 'm')"))
    id_ = js.start("ask")
    js.cancel(id_)

    with pytest.raises(Failed) as failed:
        js.result(id_, None)
    assert failed.value.info["code"] == "E_CANCELLED"


def test_has_ui_follows_the_interface() -> None:
    """Before one is open, while it is, and after."""
    js = Ui()
    js.open("pi.registerCommand('has', { handler: (args, ctx) => [ctx.hasUI, ctx.ui.theme.name, ctx.ui.getEditorText()] });", ui=None)  # fmt: skip
    seen = [js.command("has")["output"]]
    js.attach(editor="later")
    seen.append(js.command("has")["output"])
    js.detach()
    seen.append(js.command("has")["output"])

    assert seen == [[False, "plain", ""], [True, "dark", "later"], [False, "plain", ""]]


SETTERS = [
    ("setStatus('k', 'x')", [("status", "k", {"line": "x", "severity": "info"})]),
    (
        "setStatus('k', 'x', {severity: 'error'})",
        [("status", "k", {"line": "x", "severity": "error"})],
    ),
    ("setStatus('k', undefined)", [("status", "k", None)]),
    ("setStatus('k', 1); pi.ui.setStatus('k', 'last')", [("status", "k", {"line": "last", "severity": "info"})]),
    ("setWidget('w', ['a', 'b'])", [("widget", "w", {"lines": ["a", "b"], "placement": "aboveEditor"})]),
    ("setWidget('w', ['a'], {placement: 'belowEditor'})", [("widget", "w", {"lines": ["a"], "placement": "belowEditor"})]),
    ("setWidget('w', undefined)", [("widget", "w", None)]),
    ("setTitle('t')", [("title", "", {"line": "t"})]),
    ("setWorkingMessage('m')", [("working", "", {"line": "m", "visible": True})]),
    ("setWorkingMessage()", [("working", "", None)]),
    ("setWorkingVisible(false)", [("working", "", {"line": "", "visible": False})]),
    ("setWorkingIndicator({frames: ['.', 'o'], intervalMs: 80})", [("working", "", {"line": "", "visible": True, "frames": [".", "o"], "interval_ms": 80})]),
    ("setEditorText('e')", [("editor", "", {"text": "e", "n": 1, "paste": False})]),
    ("pasteToEditor('e')", [("editor", "", {"text": "e", "n": 1, "paste": True})]),
]  # fmt: skip


@pytest.mark.parametrize("ui", [UI, None])
@pytest.mark.parametrize(("code", "expected"), SETTERS)
def test_setters_tell_the_newest_value_once(code: str, expected: list[Json], ui: Json) -> None:
    """One tell for what one entry did, whether somebody looks already or only later."""
    js = Ui()
    js.open(f"pi.ui.{code};", ui=ui)

    assert js.ops() == expected
    assert len(js.casts("ui.set")) == 1


@pytest.mark.parametrize("code", [code for code, _ in SETTERS] + ["notify('x')"])
def test_a_host_without_interfaces_is_told_nothing(code: str) -> None:
    """It has no such tells; the setters do nothing, as where there is no terminal."""
    js = Ui()
    js.plugin(f"pi.ui.{code};")

    assert [name for kind, _, _, name, _ in js.sent if name.startswith("ui.")] == []


def test_notices_have_a_level() -> None:
    """pi's three and success; anything else is information."""
    js = Ui()
    js.open(
        "for (const level of ['info', 'warning', 'error', 'success', 'warn', 'loud', undefined]) pi.ui.notify(`m ${level}`, level);"
    )

    assert [notice["level"] for notice in js.casts("ui.notify")] == [
        "info", "warning", "error", "success", "warning", "info", "info",
    ]  # fmt: skip


def test_the_editor_has_what_was_put_into_it() -> None:
    """At once, until the interface says what is in it."""
    js = Ui()
    js.open("pi.registerCommand('e', { handler: (args, ctx) => { const before = ctx.ui.getEditorText(); if (args) ctx.ui.setEditorText(args); return [before, ctx.ui.getEditorText()]; } });")  # fmt: skip
    seen = [js.command("e", "mine")["output"]]
    js.attach(editor="theirs")
    seen.append(js.command("e")["output"])

    assert seen == [["typed", "mine"], ["theirs", "theirs"]]


def test_themes_are_the_interfaces() -> None:
    """They have names; the person chooses, so that only the one of now can be set."""
    js = Ui()
    js.open(
        "const { ui } = pi; console.log(JSON.stringify([ui.theme.fg('accent', 'x'), ui.getAllThemes().map((t) => t.name), ui.getTheme('light').name, ui.getTheme('x') ?? null,"
        " ui.setTheme('dark').success, ui.setTheme('light').success, ui.setTheme(ui.theme).success]));"
    )

    assert js.logged() == [
        '["\\u001b[38;6;0mx\\u001b[39m",["dark","light","plain"],"light",null,true,false,true]'
    ]


def test_what_is_shown_before_anybody_looks_is_coloured() -> None:
    """By the numbers that every interface knows; a host without interfaces gets plain text."""
    shown = "pi.ui.setStatus('k', pi.ui.theme.fg('dim', 'x') + pi.ui.theme.bold('y')); console.log(pi.ui.theme.fg('dim', 'x'));"
    js = Ui()
    js.open(shown, ui=None)
    number = THEME_COLORS.index("dim")
    line = f"\x1b[38;6;{number}mx\x1b[39m"
    assert js.shown("status") == {"k": {"line": f"{line}\x1b[1my\x1b[22m", "severity": "info"}}
    blind = Ui()
    blind.plugin(shown)

    assert blind.logged() == ["x"]


def test_what_is_only_kept_is_kept() -> None:
    """Editors, completions and labels of the agent's own screen are accepted, and nothing here acts on them."""
    js = Ui()
    js.open(
        "const { ui } = pi; const make = () => { throw 1; }; ui.setEditorComponent(make); ui.addAutocompleteProvider(make); ui.setHiddenThinkingLabel('x'); ui.setToolsExpanded(1);"
        "console.log(ui.getEditorComponent() === make, ui.getToolsExpanded(), Object.isFrozen(ui), Object.isFrozen(ui.theme));"
    )

    assert js.logged() == ["true true true true"]
    assert js.ops() == []


def test_a_command_of_its_own_can_be_run() -> None:
    """Through the host, which knows who may."""
    js = Ui()
    js.open(
        "pi.registerCommand('run', { handler: (args, ctx) => ctx.ui.executeCommand('other', 'x y') });"
    )
    id_ = js.start("run")
    ((hostcall, call, args),) = js.hostcalls("command.run")
    assert (call, args) == (id_, {"name": "other", "args": "x y"})
    js.answer(hostcall, {"output": 5})

    assert js.result(id_, None) == {"output": 5}


def test_much_that_is_told_is_told_in_parts() -> None:
    """No single tell is larger than a message may be."""
    js = Ui()
    js.open("for (let i = 0; i < 200; i++) pi.ui.setStatus(`k${i}`, 'x'.repeat(4000));")

    assert len(js.shown("status")) == 200
    assert max(len(text) for _, _, _, name, text in js.sent if name == "ui.set") < 300_000


NOTICES = [
    ("\\x1b]777;notify;Pi;Ready; now\\x07", ["Pi: Ready; now"], []),
    ("\\x1b]9;done\\x1b\\\\", ["done"], []),
    ("a\\x1b]9;done\\x07b\\n", ["done"], ["ab"]),
    ("\\x1b]99;i=1:d=0;Pi\\x1b\\\\\\x1b]99;i=1:p=body;Ready\\x1b\\\\", ["Pi: Ready"], []),
    ("\\x1b]99;;Plain\\x1b\\\\", ["Plain"], []),
    ("\\x1b]99;i=1:e=1;UGk=\\x1b\\\\", ["Pi"], []),
    ("\\x1b]99;i=1:p=icon;x\\x1b\\\\", [], []),
    ("\\x1b]9;4;1;50\\x07\\n", [], ["\x1b]9;4;1;50\x07"]),
    ("\\x1b]777;other;x\\x07\\n", [], ["\x1b]777;other;x\x07"]),
    ("\\x1b]0;title\\x07\\n", [], ["\x1b]0;title\x07"]),
]


@pytest.mark.parametrize(("written", "notices", "logged"), NOTICES)
def test_notices_to_a_terminal_are_notices(
    written: str, notices: list[str], logged: list[str]
) -> None:
    """Those of three kinds of terminals; whatever else is written stays a line of the log."""
    js = Ui()
    js.open(f'process.stdout.write("{written}");')

    assert [notice["message"] for notice in js.casts("ui.notify")] == notices
    assert js.logged() == logged


def test_a_notice_costs_little() -> None:
    """What draws components is evaluated for a component, not for a line of text."""
    js = Ui()
    js.open(
        "pi.on('Stop', (i, o, ctx) => ctx.ui.notify('x'));"
        "pi.registerCommand('open', { handler: (a, ctx) => { ctx.ui.custom(() => ({ render: () => [] })); } });"
    )
    heap = [js.engine.heap_bytes()]
    js.event("Stop")
    heap.append(js.engine.heap_bytes())
    js.command("open")
    heap.append(js.engine.heap_bytes())

    assert heap[1] - heap[0] < (heap[2] - heap[1]) / 2
