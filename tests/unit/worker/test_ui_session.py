"""The session in memory: what pi's extensions append and read back."""

import json

import pytest

from tests.unit.worker.js_support import OP_TOOL, Json, as_list, as_object
from tests.unit.worker.ui_support import Ui

ENTRIES = "pi.registerCommand('entries', { handler: (how, ctx) => how === 'branch' ? ctx.sessionManager.getBranch() : ctx.sessionManager.getEntries() });"


def entries(js: Ui, how: str = "") -> list[dict[str, Json]]:
    """What the session manager gives."""
    return [as_object(entry) for entry in as_list(js.command("entries", how)["output"])]


def test_appended_entries_have_pis_shape() -> None:
    """Each with its own id, that of the one before, and a time; data is a copy."""
    js = Ui()
    js.open(
        ENTRIES
        + "const data = {a: [1]}; pi.appendEntry('mine', data); data.a.push(2); pi.appendEntry('other');"
    )
    first, second = entries(js)

    assert (first["type"], first["customType"], first["data"], first["parentId"]) == (
        "custom",
        "mine",
        {"a": [1]},
        None,
    )
    assert (second["customType"], second["parentId"]) == ("other", first["id"])
    assert "data" not in second
    assert len(str(first["id"])) == 8
    assert str(first["timestamp"]).endswith("Z")
    assert entries(js, "branch") == [first, second]


def test_results_of_its_own_tools_are_messages() -> None:
    """In pi's format: content and details as they were given, under the call's id; other results are not kept."""
    js = Ui()
    js.open(
        ENTRIES
        + "pi.registerTool({name: 'todo', description: 'd', execute: async (id, params) => ({content: [{type: 'text', text: 'done'}], details: {todos: [params.text]}})});"
        "pi.registerTool({name: 'plain', description: 'd', handler: () => 'text'});"
    )
    js.tool("todo", {"text": "x"}, {"tool_call_id": "c7", "session_id": "s1"})
    js.tool("plain")
    (entry,) = entries(js)
    message = as_object(entry["message"])

    assert entry["type"] == "message"
    assert isinstance(message.pop("timestamp"), int)
    assert message == {
        "role": "toolResult",
        "toolCallId": "c7",
        "toolName": "todo",
        "content": [{"type": "text", "text": "done"}],
        "details": {"todos": ["x"]},
        "isError": False,
    }


def test_a_result_of_another_session_is_not_seen() -> None:
    """Where one worker serves several; what the plugin appended itself is everybody's."""
    js = Ui()
    js.open(
        "pi.registerTool({name: 't', description: 'd', execute: async (id, params, s, u, ctx) => ({content: [], details: ctx.sessionManager.getEntries().map((e) => e.message?.toolCallId ?? e.customType)})});"
        "pi.appendEntry('all');"
    )
    seen = []
    for session, call in (("s1", "a"), ("s2", "b"), ("s1", "c")):
        seen.append(js.tool("t", {}, {"session_id": session, "tool_call_id": call})["details"])

    assert seen == [["all"], ["all"], ["all", "a"]]


def test_names_labels_and_leaves() -> None:
    """As in pi: each is an entry of its own, and the manager gives what holds now."""
    js = Ui()
    js.open(
        ENTRIES
        + "pi.registerCommand('x', { handler: (a, ctx) => { const sm = ctx.sessionManager; pi.appendEntry('mine', 1); const id = sm.getLeafId(); pi.setLabel(id, 'here'); const label = sm.getLabel(id); pi.setLabel(id, undefined);"
        "  pi.setSessionName(' Work '); return [label, sm.getLabel(id) ?? null, sm.getEntry(id).data, sm.getLeafEntry().type, sm.getBranch(id).length, pi.getSessionName(), sm.getSessionName(), sm.getTree()[0].children.length]; } });"
        "pi.registerCommand('unname', { handler: () => { pi.setSessionName(''); return pi.getSessionName() ?? 'none'; } });"
    )
    assert js.command("x")["output"] == [
        "here", None, 1, "session_info", 1, "Work", "Work", 1,
    ]  # fmt: skip
    assert js.shown("session_name") == {"": {"line": "Work"}}
    assert [entry["type"] for entry in entries(js)] == [
        "custom",
        "label",
        "label",
        "session_info",
    ]
    assert js.command("unname") == {"output": "none"}

    assert js.shown("session_name") == {}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("pi.appendEntry()", "TypeError"),
        ("pi.appendEntry('x', 1n)", "Error"),
        ("pi.setLabel('nothing', 'x')", "Error"),
        ("pi.appendEntry('x', 'y'.repeat(5e6))", "Error"),
    ],
)
def test_what_is_no_entry_is_refused(code: str, name: str) -> None:
    """To its author, and nothing is appended."""
    js = Ui()
    js.open(ENTRIES + f"try {{ {code}; }} catch (e) {{ console.log(e.name); }}")

    assert js.logged() == [name]
    assert entries(js) == []


def test_the_oldest_entries_go() -> None:
    """A thousand stay, and no more than 4 MiB; the first one left has no parent."""
    js = Ui()
    js.open(
        "pi.registerCommand('n', { handler: (a, ctx) => { const all = ctx.sessionManager.getEntries(); return [all.length, all[0].data?.n ?? null, all[0].parentId]; } });"
        "pi.registerCommand('many', { handler: () => { for (let n = 0; n < 1500; n++) pi.appendEntry('x', {n}); } });"
        "pi.registerCommand('large', { handler: () => { for (let n = 0; n < 100; n++) pi.appendEntry('x', 'y'.repeat(60000)); } });"
    )
    js.command("many")
    assert js.command("n")["output"] == [1000, 500, None]
    js.command("large")
    length, first, parent = as_list(js.command("n")["output"])

    assert isinstance(length, int)
    assert 60 < length < 71
    assert (first, parent) == (None, None)


def test_commands_are_the_hosts_list() -> None:
    """Asked for at once, when it is wanted."""
    js = Ui()
    js.open("pi.registerCommand('c', { handler: () => pi.getCommands() });")
    listed: list[Json] = [
        {
            "name": "c",
            "description": "",
            "source": "extension",
            "sourceInfo": {"path": "", "source": "x", "scope": "project"},
        }
    ]
    js.sync_answer = "1" + json.dumps({"commands": listed})

    assert js.command("c") == {"output": listed}
    assert [(name, text) for _, name, text in js.syncs] == [("command.list", "{}")]


def test_a_failed_tool_leaves_nothing() -> None:
    """Its error is the agent's to see; the session has no entry of it."""
    js = Ui()
    js.open(
        ENTRIES
        + "pi.registerTool({name: 't', description: 'd', execute: async () => { throw new Error('x'); }});"
    )
    id_ = js.next_id()
    js.enter(OP_TOOL, id_, 0, json.dumps({"name": "t", "params": {}, "ctx": {}}))

    assert entries(js) == []


def test_a_result_that_just_fits_reaches_the_agent() -> None:
    """Whatever the session makes of it: keeping it is no reason to fail."""
    js = Ui()
    js.open(
        "pi.registerTool({name: 't', description: 'd', execute: async (id, {n}) => ({content: [{type: 'text', text: 'x'.repeat(n)}]})});",
        limits={"payload_out": 4_000_000},
    )
    for length in (1000, 1_990_000):
        assert len(str(js.tool("t", {"n": length})["output"])) == length
