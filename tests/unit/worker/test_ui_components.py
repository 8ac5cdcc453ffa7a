"""Components that a plugin draws itself: rendered in the worker, shown as lines, with keys from the person."""

import pytest

from tests.unit.worker.js_support import Failed, Json, as_object
from tests.unit.worker.ui_support import UI, Ui

COUNTER = """
pi.registerCommand('open', { handler: async (args, ctx) => {
  const got = await ctx.ui.custom((tui, theme, keys, done) => {
    let n = 0;
    return {
      focused: false,
      render(width) { console.log(`render ${width}`); return [theme.fg('accent', `n ${n}`), 'x'.repeat(width)]; },
      handleInput(data) {
        if (data === 'q') done(n);
        else if (data === 't') throw new Error('broken key');
        else { n += 1; tui.requestRender(); tui.requestRender(); }
      },
      invalidate() { console.log('invalidate'); },
      dispose() { console.log(`dispose ${this.focused}`); },
    };
  }OPTIONS);
  return got === undefined ? 'undefined' : got;
} });
"""


def opened(options: str = "") -> tuple[Ui, int]:
    """An engine with the counter open, and the call it belongs to."""
    js = Ui()
    js.open(COUNTER.replace("OPTIONS", options))
    return js, js.start("open")


def test_a_component_is_shown_before_its_dialog_is_asked_for() -> None:
    """The frame first, then the dialog that names it, both once."""
    js, id_ = opened()
    crossed = [name for _, _, _, name, _ in js.sent if name.startswith("ui.")]
    assert crossed == ["ui.set", "ui.dialog"]

    assert js.shown("frame") == {
        "f1": {
            "lines": ["\x1b[38;6;0mn 0\x1b[39m", "x" * 40],
            "cursor": None,
            "overlay": False,
            "options": {},
        }
    }
    ((_, call, args),) = js.dialogs()
    assert (call, args) == (
        id_,
        {"kind": "custom", "title": "guard", "frame": "f1", "overlay": False},
    )


def test_keys_reach_the_component_and_show_what_it_made_of_them() -> None:
    """Each press renders once, in its own entry, however often the component asks."""
    js, _ = opened()
    assert js.key("a")
    assert js.key("b")

    assert js.lines()[0] == "\x1b[38;6;0mn 2\x1b[39m"
    assert len(js.casts("ui.set")) == 3
    assert [line for line in js.logged() if line.startswith("render")] == ["render 40"] * 3


def test_done_ends_everything_once() -> None:
    """The promise has its value, the frame is gone, the host is told, dispose was called; further keys are nobody's."""
    js, id_ = opened()
    ((dialog, _, _),) = js.dialogs()
    js.key("a")
    assert js.key("q")

    assert js.result(id_, None) == {"output": 1}
    assert js.shown("frame") == {}
    assert js.casts("cancel") == [{"id": dialog}]
    assert js.logged()[-1] == "dispose true"
    assert not js.key("a")
    js.answer(dialog, {})
    assert [line for line in js.logged() if line.startswith("dispose")] == ["dispose true"]


@pytest.mark.parametrize(
    ("answer", "error"), [({}, None), (None, {"code": "E_UNAVAILABLE", "message": "gone"})]
)
def test_a_person_can_close_it(answer: Json, error: Json) -> None:
    """Then it resolves with undefined, is disposed of, and its lines are taken away."""
    js, id_ = opened()
    js.answer(js.dialogs()[0][0], answer, error=None if error is None else as_object(error))

    assert js.result(id_, None) == {"output": "undefined"}
    assert js.shown("frame") == {}
    assert js.logged()[-1].startswith("dispose")


@pytest.mark.parametrize("end", ["refused", "cancelled"])
def test_what_ends_early_is_disposed_of(end: str) -> None:
    """A dialog that the host refuses, or whose call is cancelled, rejects with that code."""
    js, id_ = opened()
    if end == "refused":
        js.answer(js.dialogs()[0][0], error={"code": "E_QUOTA", "message": "full"})
    else:
        js.cancel(id_)

    with pytest.raises(Failed) as failed:
        js.result(id_, None)
    assert failed.value.info["code"] == ("E_QUOTA" if end == "refused" else "E_CANCELLED")
    assert js.shown("frame") == {}
    assert js.logged()[-1].startswith("dispose")


def test_a_key_that_throws_is_an_error_of_that_press() -> None:
    """The component stays, and takes the next one."""
    js, _ = opened()
    with pytest.raises(Failed, match="broken key"):
        js.key("t")
    assert js.key("a")

    assert js.lines()[0] == "\x1b[38;6;0mn 1\x1b[39m"


def test_another_size_renders_again() -> None:
    """With the new width, after invalidate(); the same size and lines are not told twice."""
    js, _ = opened()
    js.attach(width=20)
    assert js.lines()[1] == "x" * 20
    told = len(js.casts("ui.set"))
    js.attach(width=20, editor="more")

    assert len(js.casts("ui.set")) == told
    assert js.logged().count("invalidate") == 2


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ("", 40),
        ("{width: 12}", 12),
        ("{width: '50%'}", 20),
        ("() => ({width: '50%', minWidth: 30})", 30),
        ("{width: 500}", 40),
        ("{margin: 4}", 32),
        ("{width: '100%', margin: {left: 3}}", 37),
    ],
)
def test_an_overlay_has_the_width_it_asks_for(options: str, width: int) -> None:
    """In columns or as a share of the interface, never wider than that."""
    js, _ = opened(
        ", {overlay: true" + (f", overlayOptions: {options}" if options else "") + "}"
    )

    shown = as_object(js.shown("frame")["f1"])
    assert shown["overlay"] is True
    assert as_object(shown["options"])["width"] == width
    assert js.lines()[1] == "x" * width


def test_an_overlay_has_a_handle() -> None:
    """It can be hidden, shown and closed by the plugin."""
    js = Ui()
    js.open(
        "let handle; pi.registerCommand('open', { handler: async (a, ctx) => { await ctx.ui.custom(() => ({ render: () => ['x'] }), { overlay: true, onHandle: (h) => { handle = h; } }); return 'over'; } });"
        "pi.registerCommand('hide', { handler: (a) => { handle.setHidden(a === '1'); return handle.isHidden(); } });"
        "pi.on('Stop', () => handle.hide());"
    )
    id_ = js.start("open")
    assert js.command("hide", "1") == {"output": True}
    assert js.lines() == []
    js.command("hide", "0")
    assert js.lines() == ["x"]
    js.event("Stop")

    assert js.result(id_, None) == {"output": "over"}
    assert js.shown("frame") == {}


@pytest.mark.parametrize(
    "factory",
    [
        "(tui, theme, keys, done) => { done(1); return { render: () => [], dispose: () => console.log('gone') }; }",
        "async (tui, theme, keys, done) => { done(1); return { render: () => [], dispose: () => console.log('gone') }; }",
    ],
)
def test_a_component_that_is_done_before_it_is_there_is_never_shown(factory: str) -> None:
    """It is disposed of; nobody is asked."""
    js = Ui()
    js.open(f"pi.registerCommand('open', {{ handler: (a, ctx) => ctx.ui.custom({factory}) }});")

    assert js.command("open") == {"output": 1}
    assert (js.dialogs(), js.logged(), js.shown("frame")) == ([], ["gone"], {})


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("() => { throw new Error('no factory'); }", "no factory"),
        ("async () => { throw new Error('no factory'); }", "no factory"),
        ("() => ({ render() { throw new Error('no lines'); } })", "no lines"),
        ("() => undefined", "needs render"),
        ("'x'", "needs a function"),
    ],
)
def test_a_component_that_cannot_be_shown_rejects(factory: str, message: str) -> None:
    """With its own error; nothing is left on the interface."""
    js = Ui()
    js.open(f"pi.registerCommand('open', {{ handler: (a, ctx) => ctx.ui.custom({factory}) }});")

    with pytest.raises(Failed, match=message):
        js.command("open")
    assert (js.dialogs(), js.shown("frame")) == ([], {})


def test_a_rendering_that_throws_later_is_reported() -> None:
    """The lines of before stay."""
    js = Ui()
    js.open(
        "let bad = false; let tui; pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom((t) => { tui = t; return { render: () => { if (bad) throw new Error('later'); return ['x']; } }; }) });"
        "pi.on('Stop', () => { bad = true; tui.requestRender(true); });"
    )
    js.start("open")
    js.event("Stop")
    while not js.unhandled():
        js.wake()

    assert js.lines() == ["x"]
    assert "later" in js.unhandled()[0]


def test_requests_to_render_are_few() -> None:
    """Between two renderings that no key asked for there is a pause; the last request is not lost."""
    js = Ui()
    js.open(
        "let tui; let n = 0; pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom((t) => { tui = t; return { render: () => [`${n}`] }; }) });"
        "pi.registerCommand('more', { handler: () => { n += 1; tui.requestRender(); } });"
    )
    js.start("open")
    for _ in range(20):
        js.command("more")
    told = len(js.casts("ui.set"))
    assert js.casts("timer")[-1]["in_ms"] is not None
    while js.lines() != ["20"]:
        js.wake()

    assert told < 20


def test_the_cursor_is_told_and_its_mark_is_not() -> None:
    """pi-tui's mark becomes a row and a column; wide characters count twice."""
    js = Ui()
    js.open(
        "pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom(() => ({ render: () => ['a', '漢b\\x1b_pi:c\\x07\\x1b[7mc\\x1b[27m'] })) });"
    )
    js.start("open")

    shown = as_object(js.shown("frame")["f1"])
    assert shown["cursor"] == [1, 3]
    assert shown["lines"] == ["a", "漢b\x1b[7mc\x1b[27m"]


def test_input_listeners_hear_keys_first() -> None:
    """ctx.ui.onTerminalInput and tui.addInputListener can take a key or change it, until they are taken back."""
    js = Ui()
    js.open(
        "let stop; pi.registerCommand('open', { handler: (a, ctx) => { stop = ctx.ui.onTerminalInput((data) => data === 'x' ? { consume: true } : { data: data.toUpperCase() });"
        "  return ctx.ui.custom((tui) => { tui.addInputListener((data) => { console.log(`heard ${data}`); }); return { render: () => [], handleInput: (data) => console.log(`got ${data}`) }; }); } });"
        "pi.on('Stop', () => stop());"
    )
    js.start("open")
    assert js.key("x")
    assert js.key("a")
    js.event("Stop")
    assert js.key("x")

    assert js.logged() == ["heard A", "got A", "heard x", "got x"]


def test_a_component_without_keys_takes_none() -> None:
    """They fall through to the interface; so do those of a frame that is not there."""
    js = Ui()
    js.open(
        "pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom(() => ({ render: () => ['x'] })) });"
    )
    js.start("open")

    assert not js.key("a")
    assert not js.key("a", frame="f2")
    assert not js.did(op="later", frame="f1")


def test_overlays_within_a_component_lie_over_it() -> None:
    """tui.showOverlay: where they are anchored, with the keys, until they are hidden."""
    js = Ui()
    js.open(
        "let handle; pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom((tui) => ({ render: () => ['a'.repeat(10), '\\x1b[1m漢字漢字漢\\x1b[22m', 'c'.repeat(10)],"
        "  handleInput: () => { handle = tui.showOverlay({ render: (w) => ['#'.repeat(w)], handleInput: () => handle.hide() }, { width: 4, row: 1, col: 3 }); } })) });",
        ui=UI | {"width": 10},
    )
    js.start("open")
    js.key("o")
    shown = js.lines()
    js.key("h")

    assert shown == ["a" * 10, "\x1b[1m漢 \x1b[0m####\x1b[0m\x1b[1m 漢\x1b[22m", "c" * 10]
    assert js.lines() == ["a" * 10, "\x1b[1m漢字漢字漢\x1b[22m", "c" * 10]


def test_a_widget_may_be_a_component() -> None:
    """Made when there is an interface, rendered again when it asks for it, disposed of when it is replaced."""
    js = Ui()
    js.open(
        "let tui; let n = 0; const make = (t) => { tui = t; console.log('made'); return { render: (w) => [`${n} of ${w}`], dispose: () => console.log('gone') }; };"
        "pi.ui.setWidget('w', make, { placement: 'belowEditor' });"
        "pi.registerCommand('more', { handler: () => { n += 1; tui.requestRender(); } });"
        "pi.registerCommand('end', { handler: () => pi.ui.setWidget('w', undefined) });",
        ui=None,
    )
    assert js.shown("widget") == {}
    js.attach()
    assert js.shown("widget") == {"w": {"lines": ["0 of 40"], "placement": "belowEditor"}}
    js.command("more")
    while js.shown("widget") != {"w": {"lines": ["1 of 40"], "placement": "belowEditor"}}:
        js.wake()
    js.command("end")
    js.attach()

    assert js.shown("widget") == {}
    assert js.logged() == ["made", "gone"]


@pytest.mark.parametrize(
    ("name", "slot"), [("setHeader", "Header/pi"), ("setFooter", "Footer/pi")]
)
def test_header_and_footer_are_slots(name: str, slot: str) -> None:
    """The factory's lines; a footer is told what is known of branches and others: nothing."""
    js = Ui()
    js.open(
        f"pi.ui.{name}((tui, theme, data) => {{ const stop = data?.onBranchChange(() => {{}}); return {{ dispose: stop, render: (w) => [`${{w}} ${{data?.getGitBranch()}}`] }}; }});"
        f"pi.on('Stop', () => pi.ui.{name}(undefined));"
    )
    told = "null" if name == "setFooter" else "undefined"
    assert js.shown("slot") == {
        slot: {"order": 0, "node": {"kind": "text", "lines": [f"40 {told}"]}}
    }
    js.event("Stop")

    assert js.shown("slot") == {}


def test_what_never_ends_drawing_is_bounded() -> None:
    """Lines and their length are cut before they are told."""
    js = Ui()
    js.open(
        "pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom(() => ({ render: () => Array(100000).fill('x'.repeat(10)).with(0, 'y'.repeat(100000)) })) });"
    )
    js.start("open")

    assert len(js.lines()) == 200
    assert len(str(js.lines()[0])) == 4096
