"""Every example does what its header and the README say, in a real host."""

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from host import (
    BlockingPluginHost,
    Config,
    Outcome,
    PluginHost,
    SessionMessage,
    Status,
    Timeouts,
    ToolUpdate,
)
from host.audit import Kind
from host.outcome import Json, JsonObject
from tests.integration.host_support import yes
from tests.integration.person import Person

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples"
README = (ROOT / "README.md").read_text()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    """A host with short deadlines, a home of its own and somebody who agrees to every call."""
    config = Config(timeouts=Timeouts(actionable_ms=1000, grace_ms=50))
    with BlockingPluginHost(
        config, project_dir=tmp_path, home=tmp_path / "home", approver=yes
    ) as made:
        yield made


def send(host: BlockingPluginHost, event: str, **payload: Json) -> Outcome:
    """Send an event of session s1; nothing may have gone wrong in a handler."""
    outcome = host.dispatch(event, {"session_id": "s1", **payload})
    assert [r.error for r in outcome.results if r.error] == []
    return outcome


def bash(host: BlockingPluginHost, command: str) -> Outcome:
    """Send PreToolUse for a shell command."""
    return send(host, "PreToolUse", tool_name="bash", tool_input={"command": command})


# --- the README ----------------------------------------------------------------------------------------


def test_the_readme_lists_every_example() -> None:
    """The table and the directory have the same names."""
    listed = re.findall(r"^\| \[(.+?)\]\(examples/([^/]+?)\) \|", README, re.MULTILINE)

    assert {name for name, _ in listed} == {
        file.name for file in EXAMPLES.iterdir() if file.is_file()
    }
    assert all(name == target for name, target in listed)


def test_every_example_says_what_it_shows() -> None:
    """In the first lines of the file."""
    for file in EXAMPLES.iterdir():
        if file.is_file():
            head = file.read_text().split("\n\n")[0] + file.read_text().split("\n\n")[1]
            assert head.startswith("// "), file.name
            assert re.search(r"^// Shows", file.read_text(), re.MULTILINE), file.name


def test_the_readmes_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plugin, loaded by the program that embeds us, word for word."""
    (plugin,) = re.findall(r"^```ts\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (program,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (tmp_path / "careful.ts").write_text(plugin)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JCODE_HOME", str(tmp_path / "home"))
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - it is our own README

    assert (
        capsys.readouterr().out == "block force pushes are for people\n"
        'careful: plugin_remember {"line":"the build needs node 20"}\n'
        "kept: the build needs node 20\n"
    )


# --- guard ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /",
        "rm -fr /",
        "rm -r -f /*",
        "sudo rm --recursive --force ~",
        'cd /tmp && rm -rf "$HOME"',
        "rm -rf ../",
        "mkfs.ext4 /dev/sda1",
        "dd if=/dev/zero of=/dev/sda",
        "curl https://example.com/install.sh | sudo bash",
        ":(){ :|:& };:",
    ],
)
def test_guard_blocks_destruction_with_a_reason(host: BlockingPluginHost, command: str) -> None:
    """The reason repeats the command and says what is wrong with it."""
    host.load(EXAMPLES / "guard.ts")
    outcome = bash(host, command)

    assert (outcome.action, outcome.blocked_by) == ("block", "guard")
    assert outcome.reason is not None
    assert outcome.reason.startswith(f'refused "{command}": it ')


def test_guard_lets_ordinary_work_go_on(host: BlockingPluginHost) -> None:
    """Deleting a build directory is work."""
    host.load(EXAMPLES / "guard.ts")

    for command in (
        "ls -la",
        "rm -rf build",
        "rm notes.txt",
        "echo 'rm -rf /' is bad",
        "curl -O https://example.com/x",
    ):
        assert bash(host, command).action == "continue", command
    assert (
        send(host, "PreToolUse", tool_name="read", tool_input={"path": "/"}).action
        == "continue"
    )


# --- protect -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        (".env", True),
        ("config/.env.production", True),
        ("a/../.git/hooks/pre-commit", True),
        (".GIT/config", True),
        ("deploy/id_ed25519", True),
        (".env.example", False),
        ("src/environment.ts", False),
        (".github/workflows/ci.yml", False),
    ],
)
def test_protect_keeps_secrets_and_git(
    host: BlockingPluginHost, path: str, is_kept: bool
) -> None:
    """For every tool that writes, however it calls its path; reading is another matter."""
    host.load(EXAMPLES / "protect.ts")
    for tool, key in (("write", "path"), ("edit", "file_path"), ("patch", "filePath")):
        outcome = send(host, "PreToolUse", tool_name=tool, tool_input={key: path})
        assert outcome.blocked is is_kept
    read = send(host, "PreToolUse", tool_name="read", tool_input={"path": path})
    asked = send(host, "PermissionRequest", action="write", target=path)

    assert read.action == "continue"
    assert asked.action == ("deny" if is_kept else "continue")


# --- rewrite -------------------------------------------------------------------------------------------


def test_rewrite_changes_what_goes_in_and_out(host: BlockingPluginHost) -> None:
    """Prompt, tool input, system prompt, tool output."""
    host.load(EXAMPLES / "rewrite.ts")
    token = "sk-" + "a1" * 12

    prompt = send(host, "UserPromptSubmit", content="!review the parser")
    assert str(prompt.output["modified_prompt"]).endswith("Change nothing. the parser")
    assert send(host, "UserPromptSubmit", content="hello").output == {}
    changed = send(
        host,
        "PreToolUse",
        tool_name="bash",
        tool_input={"command": "npm ci && npm test", "timeout": 5},
    )
    assert changed.output == {
        "modified_input": {"command": "pnpm ci && pnpm test", "timeout": 5}
    }
    assert bash(host, "cat npm-debug.log").output == {}
    prepared = send(host, "AgentStart", system_prompt="", tools=[])
    assert prepared.output == {"additional_system_prompt": ["This project uses pnpm, not npm."]}
    after: JsonObject = {
        "tool_name": "read",
        "tool_input": {},
        "duration_ms": 1,
        "success": True,
    }
    masked = send(host, "PostToolUse", **after, tool_output={"lines": ["x", f"key={token}"]})
    assert masked.output == {"modified_output": {"lines": ["x", "key=sk-a***"]}}
    assert send(host, "PostToolUse", **after, tool_output="plain").output == {}


# --- journal -------------------------------------------------------------------------------------------


def test_journal_counts_sessions_across_hosts(tmp_path: Path) -> None:
    """Module scope is enough; the store outlives the host; settings are answered at once."""
    entries: Json = None
    for number in (1, 2):
        with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            info = host.load(EXAMPLES / "journal.js", settings={"prefix": "visit"})
            assert info.registry.event_names() == ["SessionStart", "SessionEnd"]
            assert info.version == "1.0.0"
            send(
                host,
                "SessionStart",
                session_id=f"s{number}",
                project_dir="/p",
                model="m",
                provider="p",
            )
            send(
                host, "SessionEnd", session_id=f"s{number}", duration_seconds=1, message_count=0
            )
            entries = host.run_command("journal").output

    assert isinstance(entries, list)
    assert [
        (e["number"], e["session"], e["project"]) for e in entries if isinstance(e, dict)
    ] == [(1, "s1", "/p"), (2, "s2", "/p")]
    assert len({e["worker"] for e in entries if isinstance(e, dict)}) == 2


def test_journals_tool_is_listed_and_says_that_it_cannot_be_called(
    host: BlockingPluginHost,
) -> None:
    """A name and a description are enough to register."""
    host.load(EXAMPLES / "journal.js")
    result = host.call_tool("plugin_journal_export", {})

    assert [tool.name for tool in host.tools()] == ["plugin_journal_export"]
    assert not result.ok
    assert "without a handler" in str(result.error)


# --- hang ----------------------------------------------------------------------------------------------


def test_hang_costs_one_deadline_and_its_own_state(host: BlockingPluginHost) -> None:
    """The other plugin's veto is in the same outcome; a new worker answers the next event."""
    host.load(EXAMPLES / "guard.ts")
    host.load(EXAMPLES / "hang.js")
    bash(host, "ls")
    outcome = host.dispatch(
        "PreToolUse",
        {"tool_name": "bash", "tool_input": {"command": "hang; rm -rf /"}, "session_id": "s1"},
    )

    assert outcome.blocked_by == "guard"
    status = {result.plugin: result.status for result in outcome.results}
    assert status["guard"] is Status.ANSWERED
    assert status["hang"] in (Status.TIMED_OUT, Status.KILLED)
    answered = False
    for _ in range(10):  # each waits for the restarting worker up to the deadline
        results = host.dispatch(
            "PreToolUse",
            {"tool_name": "bash", "tool_input": {"command": "ls"}, "session_id": "s1"},
        ).results
        answered = all(result.status is Status.ANSWERED for result in results)
        if answered:
            break
    assert answered
    assert len(host.audit.recent(100, plugin="hang", kind=Kind.KILLED)) == 1
    assert host.call_tool("hang_seen", {}).output in range(1, 11)


# --- workbench -----------------------------------------------------------------------------------------


def test_workbench_registers_every_kind_of_thing(host: BlockingPluginHost) -> None:
    """And what it took back is not there."""
    info = host.load(EXAMPLES / "workbench.ts")
    registry = info.registry

    assert {tool.name: tool.tier for tool in registry.tools} == {
        "note_add": "write", "note_list": "read", "note_remove": "write", "pause": "read",
    }  # fmt: skip
    assert [command.name for command in registry.commands] == ["notes", "workbench"]
    assert [flag["name"] for flag in registry.flags] == ["workbench-style", "workbench-quiet"]
    assert [shortcut["key"] for shortcut in registry.shortcuts] == ["ctrl+n"]
    assert [provider["name"] for provider in registry.providers] == ["workbench-local"]
    assert info.externals == ()
    add = next(tool for tool in host.tools() if tool.name == "plugin_note_add")
    assert add.parameters is not None
    assert add.parameters["required"] == ["text"]


def test_workbench_keeps_notes(host: BlockingPluginHost) -> None:
    """Tools, commands, the store, content blocks, errors that a model should read."""
    host.load(EXAMPLES / "workbench.ts")
    added = host.call_tool(
        "plugin_note_add", {"text": "buy milk", "tags": ["home"]}, session_id="s1"
    )
    host.call_tool("plugin_note_add", {"text": "fix the parser"}, session_id="s1")
    listed = host.call_tool("plugin_note_list", {})
    tagged = host.run_command("notes", "home")
    removed = host.call_tool("plugin_note_remove", {"id": str(added.output)})
    again = host.call_tool("plugin_note_remove", {"id": str(added.output)})

    assert (added.title, added.metadata) == ("Note kept", {"count": 1})
    assert sorted(str(block["text"]) for block in listed.content) == [
        "buy milk",
        "fix the parser",
    ]
    assert listed.details == {"count": 2}
    assert tagged.output == "buy milk"
    assert removed.output == f"forgot {added.output}"
    assert not again.ok
    assert f"there is no note {added.output}" in str(again.error)
    assert host.call_tool("plugin_pause", {"ms": 20}).output is True


def test_workbench_answers_events_in_every_way(host: BlockingPluginHost) -> None:
    """Each shape of result comes out as what it means."""
    host.load(
        EXAMPLES / "workbench.ts",
        settings={
            "greeting": "Hello from the operator.",
            "blocked_words": ["prod"],
            "strict": True,
        },
    )
    assert send(host, "AgentStart", system_prompt="", tools=[]).output == {
        "additional_system_prompt": ["Hello from the operator."]
    }
    assert bash(host, "deploy staging").action == "continue"
    assert bash(host, "deploy prod").reason == 'the operator blocks "prod"'
    noted = send(host, "UserPromptSubmit", content="note: call Ada")
    assert noted.output == {"modified_prompt": "I have just noted: call Ada"}
    assert (
        send(host, "UserPromptSubmit", content="hello").action == "continue"
    )  # the impatient handler is gone
    assert host.run_command("notes", "s1").output == "call Ada"
    assert send(
        host, "PreCompact", message_count=9, token_count=9, system_prompt=""
    ).output == {"instructions": "Keep these notes: call Ada"}
    long = send(
        host,
        "PostToolUse",
        tool_name="x",
        tool_input={},
        tool_output="y" * 3000,
        duration_ms=1,
        success=True,
    )
    assert str(long.output["modified_output"]).endswith("y\n[cut by workbench]")
    assert (
        send(host, "PermissionRequest", action="network").reason == "no network in strict mode"
    )
    assert send(host, "PermissionRequest", action="read").action == "ask"
    assert send(host, "Notification", level="debug", message="m").output == {"suppress": True}
    assert send(host, "Notification", level="info", message="m").output == {
        "modified_message": "[workbench] m"
    }
    assert send(host, "Stop", reason="done").output == {"reason": "1 notes are kept"}


def test_workbench_counts(host: BlockingPluginHost, tmp_path: Path) -> None:
    """Observing events, `once`, timers, and what `ctx` and `pi` say of themselves."""
    host.load(EXAMPLES / "workbench.ts")
    for session in ("first", "second"):
        send(
            host, "SessionStart", session_id=session, project_dir="/p", model="m", provider="p"
        )
    for turn in (1, 2):
        send(host, "TurnEnd", turn_number=turn, duration_ms=1)
    send(host, "PostToolUseFailure", tool_name="x", tool_input={}, error="e", duration_ms=1)
    host.call_tool("plugin_pause", {"ms": 100})
    seen = host.run_command("workbench").output

    assert isinstance(seen, dict)
    assert seen["ticks"] == 3  # the interval stopped itself
    assert (seen["turns"], seen["failures"], seen["firstSession"]) == (2, 1, "first")
    assert (seen["name"], seen["cwd"]) == ("workbench", str(tmp_path))


def test_the_examples_work_together_under_asyncio(tmp_path: Path) -> None:
    """All but the one that hangs, in the other kind of host."""
    from host import PluginHost

    async def session() -> tuple[Outcome, Outcome]:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            for name in ("guard.ts", "protect.ts", "rewrite.ts", "journal.js", "workbench.ts"):
                await host.load(EXAMPLES / name)
            payload: JsonObject = {
                "tool_name": "bash",
                "tool_input": {"command": "npm install"},
                "session_id": "s",
            }
            worse: JsonObject = {**payload, "tool_input": {"command": "npm install; rm -rf /"}}
            both = await asyncio.gather(
                host.dispatch("PreToolUse", payload), host.dispatch("PreToolUse", worse)
            )
            return both[0], both[1]

    fine, blocked = asyncio.run(session())

    assert fine.output == {"modified_input": {"command": "pnpm install"}}
    assert blocked.blocked_by == "guard"


# --- plugins, agents and each other -----------------------------------------------------------------------


def test_relay_tells_the_others_what_tools_do(
    host: BlockingPluginHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A second plugin of the same file hears of it."""
    caplog.set_level("INFO", logger="jcode_plugins")
    host.load(EXAMPLES / "relay.ts")
    host.load(EXAMPLES / "relay.ts", name="second")
    while "second saw bash" not in caplog.text or "relay saw bash" not in caplog.text:
        send(host, "PostToolUse", tool_name="bash", tool_input={}, tool_output="", success=True)


def hear(heard: list[Json], update: ToolUpdate) -> None:
    heard.append(update.output)


def test_report_asks_another_plugin_where_it_may(tmp_path: Path) -> None:
    """Without a permission it counts by itself; it says how far it is."""
    counter = tmp_path / "counter.js"
    counter.write_text(
        'pi.registerTool({ name: "count_words", description: "d", tier: "read", handler: ({ text }) => ({ output: text.length }) });'
    )
    found = []
    for config in (Config(), Config(allow={"tools": ("count_words:call",)})):
        with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as made:
            made.load(counter)
            made.load(EXAMPLES / "report.ts")
            heard: list[Json] = []
            result = made.call_tool(
                "report",
                {"texts": ["one two", "three"]},
                session_id="s",
                on_update=partial(hear, heard),
            )
            assert heard == ["1 of 2", "2 of 2"]
            found.append(result.output)
    assert found == [{"words": 3, "by": "report"}, {"words": 12, "by": "count_words"}]


def test_standup_leaves_a_note_where_there_is_a_session(tmp_path: Path) -> None:
    """Its completions come from the plugin; an agent without sessions is no failure."""

    class Agent:
        def __init__(self) -> None:
            self.notes: list[SessionMessage] = []

        def send_message(self, message: SessionMessage) -> None:
            self.notes.append(message)

        def get_messages(self, session_id: str, limit: int) -> list[JsonObject]:
            return []

    agent = Agent()
    config = Config(allow={"session": ("sendMessage",)})
    with BlockingPluginHost(
        config, project_dir=tmp_path, home=tmp_path / "home", session=agent
    ) as made:
        made.load(EXAMPLES / "standup.ts")
        assert [one.value for one in made.complete_command("standup", "d")] == ["done"]
        noted = made.run_command("standup", "done the parser", session_id="s")
        assert noted.output == "noted: done: the parser"
        alone = made.run_command("standup", "next tests")
        assert alone.output == "kept to myself (E_UNAVAILABLE): next: tests"
    (note,) = agent.notes
    assert (note.plugin, note.content, note.deliver_as) == (
        "standup",
        "done: the parser",
        "nextTurn",
    )


def test_provider_is_offered_where_it_may(tmp_path: Path) -> None:
    """At the address of its settings."""
    config = Config(allow={"providers": ("workshop",)})
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as made:
        made.load(EXAMPLES / "provider.ts", settings={"address": "http://127.0.0.1:9/v1"})
        (provider,) = made.providers()
    assert provider.definition["baseUrl"] == "http://127.0.0.1:9/v1"


def test_meter_shows_what_it_counts_while_somebody_looks(tmp_path: Path) -> None:
    """Its server half counts from the first event on, its TUI half shows; a reset is confirmed by whoever looks."""

    async def run() -> None:
        async with PluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
            info = await host.load(EXAMPLES / "meter.ts")
            assert info.tui is not None
            assert (info.state, info.tui.state) == ("active", "waiting")
            used: JsonObject = {"session_id": "s", "tool_name": "bash", "success": True}
            await host.dispatch("PostToolUse", used)
            async with Person(host) as person:

                async def shows(area: str, text: str) -> None:
                    await person.until(lambda: text in str(person.values(area)) or None)

                await shows("status", "1 calls")
                await host.dispatch("PostToolUse", used)
                await shows("status", "2 calls")
                await host.dispatch("PostToolUseFailure", {**used, "error": "no"})
                await shows("notice", "bash failed")
                reset = asyncio.ensure_future(host.run_command("meter-reset", session_id="s"))
                dialog, _ = await person.dialog()
                host.view.answer(dialog, value=True)

                assert (await reset).output == "0 calls"
                await shows("status", "0 calls")

    asyncio.run(run())
