"""pi.tui: slots, keys, full-screen views and colours."""

import pytest

from tests.unit.worker.js_support import Failed, Json, as_object
from tests.unit.worker.ui_support import Ui

NODES: list[tuple[str, Json]] = [
    ("'a\\nb'", {"kind": "text", "lines": ["a", "b"]}),
    ("['a', 'b']", {"kind": "text", "lines": ["a", "b"]}),
    ("ui.text('a')", {"kind": "text", "lines": ["a"]}),
    ("ui.box('T', [ui.text('a')])", {"kind": "box", "title": "T", "children": [{"kind": "text", "lines": ["a"]}]}),
    ("ui.box({title: 'T'}, ['a'])", {"kind": "box", "title": "T", "children": [{"kind": "text", "lines": ["a"]}]}),
    ("ui.box(['a'])", {"kind": "box", "title": "", "children": [{"kind": "text", "lines": ["a"]}]}),
    ("[ui.text('a')]", {"kind": "box", "title": "", "children": [{"kind": "text", "lines": ["a"]}]}),
    ("ui.list(['a'])", {"kind": "list", "title": "", "items": [{"id": "0", "line": "a"}], "selected": None, "selectable": False}),
    ("ui.list([{id: 'i', label: 'a', checked: 1, severity: 'error'}], {title: 'T', selected: 0, selectable: true})",
     {"kind": "list", "title": "T", "items": [{"id": "i", "line": "a", "severity": "error", "checked": True}], "selected": 0, "selectable": True}),
    ("ui.items(['a', {line: 'b', severity: 'warning'}])", {"kind": "items", "items": [{"line": "a", "severity": "info"}, {"line": "b", "severity": "warning"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("content", "node"), NODES)
def test_a_slot_is_filled_with_nodes(content: str, node: Json) -> None:
    """Out of texts, lists and what the builders make; nothing but plain data crosses."""
    js = Ui()
    js.open(
        f"const {{ ui, slot }} = pi.tui; slot.fill('sidebar', {content}, {{ id: 'x', order: 3 }}); console.log(JSON.stringify(slot.list()));"
    )

    assert js.shown("slot") == {"Sidebar/x": {"order": 3, "node": node}}
    assert js.logged() == ['[{"slot":"Sidebar","id":"x","order":3,"plugin":"guard"}]']


@pytest.mark.parametrize(
    "content",
    ["{}", "{kind: 'html'}", "pi.tui.ui.list(Array(1001).fill('x'))", "Array(200).fill(pi.tui.ui.text('x'))", "(() => { let n = 'x'; for (let i = 0; i < 50; i++) n = [{kind: 'box', children: [n]}]; return n; })()"],
)  # fmt: skip
def test_what_is_no_node_is_refused(content: str) -> None:
    """A TypeError to its author; what was there stays."""
    js = Ui()
    js.open(
        f"pi.tui.slot.fill('Footer', 'before'); try {{ pi.tui.slot.fill('Footer', {content}); }} catch (e) {{ console.log(e.name); }}"
    )

    assert js.logged() == ["TypeError"]
    assert "Footer/main" in js.shown("slot")


def test_slots_are_cleared() -> None:
    """By name, by id, or with what fill gave; of a fill that was replaced that does nothing."""
    js = Ui()
    js.open(
        "const { slot } = pi.tui; const first = slot.fill('Sidebar', 'a'); const again = slot.fill('Sidebar', 'b'); first(); slot.fill('Sidebar', 'c', {id: 'c'}); slot.fill('Footer', 'd');"
        "pi.registerCommand('clear', { handler: (what) => what === 'again' ? again() : what === 'c' ? slot.clear('Sidebar', 'c') : slot.clear('Footer') });"
        "try { slot.fill('Nowhere', 'x'); } catch (e) { console.log(e.message.includes('Sidebar')); }"
    )
    assert set(js.shown("slot")) == {"Sidebar/main", "Sidebar/c", "Footer/main"}
    for what, left in (
        ("again", {"Sidebar/c", "Footer/main"}),
        ("c", {"Footer/main"}),
        ("", set()),
    ):
        js.command("clear", what)
        assert set(js.shown("slot")) == left
    assert js.logged() == ["true"]


def test_a_chosen_item_reaches_its_list() -> None:
    """With its id, what was done, and a ctx of its own; what nobody asked for is not taken."""
    js = Ui()
    js.open(
        "const { ui, slot } = pi.tui; slot.fill('Sidebar', [ui.list([{id: 'one', line: '1'}], { onSelect: (item, action, ctx) => console.log(item, action, ctx.sessionId) }), ui.list(['x'])]);"
    )
    assert js.did(op="select", slot="Sidebar/main", item="one", action="toggle")

    assert js.logged() == ["one toggle s1"]
    assert not js.did(op="select", slot="Sidebar/main", item="0", action="toggle")
    assert not js.did(op="select", slot="Sidebar/other", item="one", action="toggle")


KEYS = [
    ("Ctrl+K", "ctrl+k"),
    ("shift+ctrl+p", "ctrl+shift+p"),
    ("ALT+Enter", "alt+enter"),
    ("ctrl+pageUp", "ctrl+pageup"),
    ("Ctrl+Return", "ctrl+enter"),
    ("ctrl++", "ctrl++"),
    ("alt+F5", "alt+f5"),
]


@pytest.mark.parametrize(("written", "canonical"), KEYS)
def test_keys_have_one_name(written: str, canonical: str) -> None:
    """However they are written; the handler of a key is found by that name, registerShortcut's with it."""
    js = Ui()
    js.open(
        f"pi.tui.keymap.register('{written}', () => console.log('keymap'), {{ description: 'd' }}); pi.registerShortcut('{written}', {{ handler: () => console.log('shortcut') }});"
        "pi.on('Stop', () => pi.tui.keymap.unregister(pi.tui.keymap.list()[0].key)); console.log(JSON.stringify(pi.tui.keymap.list()));"
    )
    assert js.shown("keymap") == {canonical: {"description": "d"}}
    assert js.did(op="shortcut", key=canonical)
    js.event("Stop")
    assert js.shown("keymap") == {}
    assert js.did(op="shortcut", key=canonical)

    assert js.logged() == [
        f'[{{"key":"{canonical}","description":"d"}}]',
        "keymap",
        "shortcut",
    ]


@pytest.mark.parametrize(
    "written", ["", "ctrl", "hyper+x", "ctrl+ctrl+x", "nokey", "ctrl+", "+x"]
)
def test_what_is_no_key_is_refused(written: str) -> None:
    """By a TypeError that shows one that is."""
    js = Ui()
    js.open(
        f"try {{ pi.tui.keymap.register('{written}', () => {{}}); console.log('taken'); }} catch (e) {{ console.log(e.message.includes('Ctrl+K')); }}"
    )

    assert js.logged() == ["true"]


def test_a_key_may_run_a_command() -> None:
    """Of the plugin's own, by its name."""
    js = Ui()
    js.open("pi.tui.keymap.register({ key: 'ctrl+k', command: 'todos', args: 'all' });")
    assert js.did(op="shortcut", key="ctrl+k")

    assert [args for _, _, args in js.hostcalls("command.run")] == [
        {"name": "todos", "args": "all"}
    ]


def test_a_press_is_answered_when_its_handler_runs() -> None:
    """One that waits goes on by itself; one that fails at once fails the press, one that fails later is reported."""
    js = Ui()
    js.open(
        "pi.registerShortcut('alt+1', { handler: async (ctx) => { console.log(await ctx.ui.confirm('T', 'm')); } });"
        "pi.registerShortcut('alt+2', { handler: () => { throw new Error('at once'); } });"
        "pi.registerShortcut('alt+3', { handler: async () => { throw new Error('later'); } });"
        "pi.registerShortcut('alt+4', { description: 'none' });"
    )
    assert js.did(op="shortcut", key="alt+1")
    ((dialog, call, _),) = js.dialogs()
    assert call == 0  # the press is over, so the question is the plugin's own
    js.answer(dialog, {"value": True})
    assert js.logged() == ["true"]
    with pytest.raises(Failed, match="at once"):
        js.did(op="shortcut", key="alt+2")
    assert js.did(op="shortcut", key="alt+3")
    assert len(js.unhandled()) == 1

    assert not js.did(op="shortcut", key="alt+4")
    assert not js.did(op="shortcut", key="alt+5")


ROUTE = (
    "pi.tui.route.register('board', { title: 'Board', component: (tui, theme, keys, done) => ({ render: (w) => [`board ${w}`],"
    " handleInput: (data) => { if (data === 'q') done(); }, dispose: () => console.log('gone') }) });"
)


def test_a_route_is_a_view_that_is_opened_and_closed() -> None:
    """Its frame is there while it is open; keys reach it; it can be opened again."""
    js = Ui()
    js.open(ROUTE)
    assert js.shown("route") == {"board": {"title": "Board", "frame": None}}
    assert js.did(op="route", name="board", open=True)
    assert js.did(op="route", name="board", open=True)
    assert js.shown("route") == {"board": {"title": "Board", "frame": "f1"}}
    assert js.lines() == ["board 40"]
    assert js.key("q")
    assert (js.shown("route"), js.shown("frame")) == (
        {"board": {"title": "Board", "frame": None}},
        {},
    )
    assert js.did(op="route", name="board", open=True)
    assert js.did(op="route", name="board", open=False)

    assert js.logged() == ["gone", "gone"]
    assert not js.did(op="route", name="other", open=True)


def test_a_plugin_goes_to_its_own_view() -> None:
    """navigate opens it, and without a name closes it; unregister takes it away."""
    js = Ui()
    js.open(
        ROUTE
        + "pi.registerCommand('go', { handler: (where) => pi.tui.route.navigate(where || undefined) });"
        "pi.registerCommand('off', { handler: () => pi.tui.route.unregister('board') });"
    )
    assert js.command("go", "board") == {"output": True}
    assert js.lines() == ["board 40"]
    js.command("go")
    assert js.shown("frame") == {}
    assert js.command("go", "other") == {"output": False}
    js.command("go", "board")
    assert js.command("off") == {"output": True}

    assert (js.shown("frame"), js.shown("route")) == ({}, {})


def test_a_route_that_cannot_be_drawn_stays_closed() -> None:
    """The error is that of whoever opened it."""
    js = Ui()
    js.open(
        "pi.tui.route.register('board', () => ({ render() { throw new Error('no lines'); } }));"
    )
    with pytest.raises(Failed, match="no lines"):
        js.did(op="route", name="board", open=True)

    assert js.shown("route") == {"board": {"title": "board", "frame": None}}
    assert js.shown("frame") == {}


def test_colours_are_names_until_they_are_set() -> None:
    """What a name looks like is the interface's; what the plugin sets is told."""
    js = Ui()
    js.open(
        "const { theme } = pi.tui; theme.setColor('accent', '#ff0000'); console.log(JSON.stringify([theme.getColor('accent'), theme.getColor('dim'), theme.getColor('x') ?? null, theme.getAll()]));"
        "pi.on('Stop', () => theme.setColor('accent', null));"
    )
    assert js.logged() == ['["#ff0000","dim",null,{"accent":"#ff0000","dim":"dim"}]']
    assert js.shown("theme") == {"accent": {"color": "#ff0000"}}
    js.event("Stop")

    assert js.shown("theme") == {}


def test_it_is_the_same_under_its_older_name() -> None:
    """With kv and the bus of the plugin; frozen all through."""
    js = Ui()
    js.open(
        "const { tui } = pi; console.log(__jcode_tui_pi === tui, tui.kv === pi.kv, tui.eventBus === pi.events,"
        " [tui, tui.route, tui.keymap, tui.ui, tui.slot, tui.theme].every(Object.isFrozen));"
    )

    assert js.logged() == ["true true true true"]


def test_nothing_is_told_where_no_host_listens() -> None:
    """pi.tui works without an interface, and says nothing to a host that knows of none."""
    js = Ui()
    js.plugin(
        ROUTE
        + "pi.tui.slot.fill('Sidebar', 'x'); pi.tui.keymap.register('ctrl+k', () => {}); pi.tui.theme.setColor('accent', 'dim');"
    )

    assert js.ops() == []
    assert as_object(js.event("Stop")) == {}
