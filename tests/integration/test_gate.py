"""The approval gate around real tools: who may run, who is asked, what is said, and what nobody can get around."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import (
    Answer,
    BlockingPluginHost,
    Config,
    InputError,
    PluginHost,
    PluginOptions,
    Question,
    Timeouts,
)
from host.audit import Kind
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, on, plugin, yes, yes_soon

TOOLS = plugin("""
  let runs = 0;
  const run = (params) => { runs += 1; return { output: `ran ${params.a ?? ""}` }; };
  for (const tier of ["read", "write", "exec"]) {
    pi.registerTool({ name: tier, description: "", tier, handler: run });
  }
  pi.registerTool({ name: "undeclared", description: "", handler: run });
  pi.registerTool({ name: "bash", description: "", tier: "exec", handler: run });
  pi.registerTool({ name: "milder", description: "", tier: "write", handler: () => {
    pi.registerTool({ name: "milder", description: "", tier: "read", handler: run });
    return "registered again";
  } });
  pi.registerCommand("runs", { handler: () => ({ output: runs }) });
""")


class Person:
    """An approver that keeps what it was asked and answers from a list, the last one for ever."""

    def __init__(self, *answers: object) -> None:
        self.asked: list[Question] = []
        self._answers = list(answers)

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value]  # nonsense on purpose


def test_without_an_approver_only_what_reads_runs(
    host: BlockingPluginHost, write: Write
) -> None:
    """The others are refused with the rule and what to do; nothing of them ran."""
    host.load(write("p.js", TOOLS))

    assert host.call_tool("read", {}).ok
    for name in ("write", "exec", "undeclared"):
        refused = host.call_tool(name, {})
        assert (refused.ok, refused.status, refused.code) == (False, "blocked", "E_DENIED")
        for words in (
            f"plugin_{name}",
            "needs a person's approval",
            "permission mode default",
            "no approver",
            f'set "plugin_{name}" = "allow" under [plugin.approval]',
        ):
            assert words in str(refused.error)
    assert host.run_command("runs").output == 1


@pytest.mark.parametrize("answer", ["once", "session", "always"])
def test_a_yes_lets_the_very_call_run(
    make_host: MakeHost, write: Write, answer: Answer
) -> None:
    """The person sees whose tool it is, what it may do, and the input."""
    person = Person(answer)
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))

    result = host.call_tool("exec", {"a": "\x1b[2J"}, session_id="s")

    assert result.output == "ran \x1b[2J"
    (question,) = person.asked
    assert (question.plugin, question.tool, question.tier) == ("p", "plugin_exec", "exec")
    assert question.summary == '{"a":"\\u001b[2J"}'
    assert "permission mode default asks about exec tools" in question.explanation
    assert question.input == {"a": "\x1b[2J"}
    assert 0 < question.timeout_s <= 25
    (entry,) = audited(host, Kind.TOOL)
    assert entry.data is not None
    assert entry.data["decision"] == "allow"
    assert entry.data["source"] == "consent a person's answer"
    assert "duration_ms" in entry.data


ASKED_AGAIN = {
    "once": [True, True, True],
    "session": [False, True, True],
    "always": [False, False, True],
}


@pytest.mark.parametrize("answer", ASKED_AGAIN)
def test_how_far_an_answer_reaches(make_host: MakeHost, write: Write, answer: Answer) -> None:
    """The same call, the same call of another session, another input."""
    person = Person(answer)
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))
    host.call_tool("exec", {"a": 1, "b": 2}, session_id="s")

    asked = []
    for params, session in (
        ({"b": 2, "a": 1}, "s"),
        ({"a": 1, "b": 2}, "other"),
        ({"a": 1, "b": 3}, "s"),
    ):
        before = len(person.asked)
        assert host.call_tool("exec", params, session_id=session).ok  # type: ignore[arg-type]
        asked.append(len(person.asked) > before)

    assert asked == ASKED_AGAIN[answer]


def test_the_end_of_a_session_ends_its_answers(make_host: MakeHost, write: Write) -> None:
    """A session of the same name begins without them."""
    person = Person("session")
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))
    for _ in range(2):
        host.call_tool("exec", {}, session_id="s")
    assert len(person.asked) == 1

    host.dispatch("SessionEnd", {"session_id": "s", "duration_seconds": 1, "message_count": 1})
    host.call_tool("exec", {}, session_id="s")

    assert len(person.asked) == 2


def test_always_is_for_this_code_and_this_project(make_host: MakeHost, write: Write) -> None:
    """It outlives the host; another project asks anew, and so does a plugin whose code changed."""
    person = Person("always")
    path = write("p.js", TOOLS)
    for project, source, expected in (
        ("project", TOOLS, 1),
        ("project", TOOLS, 1),
        ("elsewhere", TOOLS, 2),
        ("project", TOOLS + "// changed\nglobalThis.x = 1;", 3),
    ):
        path.write_text(source)
        host = make_host(approver=person, project=project)
        host.load(path)
        assert host.call_tool("exec", {}).ok
        assert len(person.asked) == expected
        host.close()

    assert [a.project.rpartition("/")[2] for a in host.approvals()] == [
        "project",
        "elsewhere",
        "project",
    ]


NO_ANSWERS: dict[str, tuple[object, str]] = {
    "deny": ("deny", "denied by the person"),
    "true": (True, "answered True"),
    "none": (None, "answered None"),
    "word": ("yes", "none of once, session, always, deny"),
    "raises": (RuntimeError("no screen"), "raised RuntimeError: no screen"),
    "exits": (SystemExit(0), "raised SystemExit"),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_everything_but_a_yes_is_a_no(make_host: MakeHost, write: Write, what: str) -> None:
    """And the refusal says which it was."""
    host = make_host(approver=Person(NO_ANSWERS[what][0]))
    host.load(write("p.js", TOOLS))

    refused = host.call_tool("exec", {})

    assert (refused.status, refused.code) == ("blocked", "E_DENIED")
    assert NO_ANSWERS[what][1] in str(refused.error)
    assert host.run_command("runs").output == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("what", [what for what in NO_ANSWERS if what != "exits"])
async def test_everything_but_a_yes_is_a_no_on_a_loop(
    tmp_path: Path, write: Write, nothing_stays: None, what: str
) -> None:
    """The same in the other front end. (SystemExit of a task ends the program: nobody is left to tell.)"""
    person = Person(NO_ANSWERS[what][0])

    async def approver(question: Question) -> Answer:
        return person(question)

    async with PluginHost(home=tmp_path / "h", project_dir=tmp_path, approver=approver) as host:
        await host.load(write("p.js", TOOLS))
        refused = await host.call_tool("exec", {})

    assert refused.code == "E_DENIED"
    assert len(person.asked) == 1


def test_nobody_answering_is_a_no_and_a_late_yes_serves_the_next_call(
    make_host: MakeHost, write: Write
) -> None:
    """The late answer is for the same call only, and for one of them."""
    answer_now = threading.Event()
    asked: list[Question] = []

    def approver(question: Question) -> Answer:
        asked.append(question)
        if len(asked) == 1:
            answer_now.wait(60)
            return "once"
        return "deny"

    host = make_host(approver=approver)
    host.load(write("p.js", TOOLS))

    late = host.call_tool("exec", {"a": 1}, timeout_s=0.5)
    assert "nobody answered within" in str(late.error)
    other = host.call_tool("exec", {"a": 2})
    assert other.code == "E_DENIED"
    answer_now.set()
    served = host.call_tool("exec", {"a": 1})
    again = host.call_tool("exec", {"a": 1})

    assert served.ok
    assert again.code == "E_DENIED"
    assert [question.input["a"] for question in asked] == [1, 2, 1]


def test_an_agent_that_waits_for_nothing_asks_nobody(make_host: MakeHost, write: Write) -> None:
    """No time is a denial at once."""
    person = Person("once")
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))

    assert host.call_tool("exec", {}, timeout_s=0).code == "E_DENIED"
    assert person.asked == []


def test_the_configured_time_is_the_most_that_is_waited(
    make_host: MakeHost, write: Write
) -> None:
    """Also for an agent that would wait for ever."""
    release = threading.Event()

    def approver(_: Question) -> Answer:
        release.wait(60)
        return "once"

    host = make_host(Config(timeouts=Timeouts(approval_ms=50)), approver=approver)
    host.load(write("p.js", TOOLS))

    refused = host.call_tool("exec", {})
    release.set()

    assert "nobody answered" in str(refused.error)


def test_thinking_does_not_use_up_the_tools_time(make_host: MakeHost, write: Write) -> None:
    """A tool's limit runs from its turn, however long a person thought; the rest of the host goes on meanwhile."""
    release = threading.Event()

    def approver(_: Question) -> Answer:
        release.wait(60)
        return "once"

    config = Config.model_validate({"limits": {"max_tool_duration_secs": 0.5}})
    host = make_host(config, approver=approver)
    host.load(write("p.js", TOOLS))
    host.load(write("seen.js", on("Stop", "return { reason: 'seen' };")))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(host.call_tool, "exec", {})
        while not host.runtime.approvals._open:
            pass
        began = host.dispatch("Stop", {"session_id": "s"}).output
        threading.Event().wait(0.7)  # longer than the tool itself may take
        release.set()
        result = waiting.result()

    assert began == {"reason": "seen"}
    assert result.ok
    assert result.elapsed_ms < 700


@pytest.mark.asyncio
async def test_the_same_question_is_asked_once(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Five callers wait for one answer; another input is another question."""
    asked: list[object] = []
    answer = asyncio.Event()

    async def approver(question: Question) -> Answer:
        asked.append(question.input["a"])
        await answer.wait()
        return "once"

    async with PluginHost(home=tmp_path / "h", project_dir=tmp_path, approver=approver) as host:
        await host.load(write("p.js", TOOLS))
        calls = [asyncio.ensure_future(host.call_tool("exec", {"a": 1})) for _ in range(5)]
        calls.append(asyncio.ensure_future(host.call_tool("exec", {"a": 2})))
        while len(asked) < 2:
            await asyncio.sleep(0)
        answer.set()
        results = await asyncio.gather(*calls)

    assert all(result.ok for result in results)
    assert sorted(asked, key=str) == [1, 2]


@pytest.mark.asyncio
async def test_closing_the_host_ends_its_questions(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """The approver's task is cancelled, and what it would have said is nobody's."""
    ended = asyncio.Event()

    async def approver(_: Question) -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "once"

    async with PluginHost(home=tmp_path / "h", project_dir=tmp_path, approver=approver) as host:
        await host.load(write("p.js", TOOLS))
        refused = await host.call_tool("exec", {}, timeout_s=0.5)
        assert refused.code == "E_DENIED"
    await asyncio.wait_for(ended.wait(), 30)


# Denials.


def denied(host: BlockingPluginHost, name: str) -> str:
    """What is said of the refusal of *name*; it did not run."""
    before = host.run_command("runs").output
    result = host.call_tool(name, {})
    assert (result.status, result.code) == ("blocked", "E_DENIED")
    assert host.run_command("runs").output == before
    return str(result.error)


DENIALS: dict[str, tuple[Config, str]] = {
    "global": (Config(deny={"tools": ("exec",)}), "deny.global"),
    "plugin": (Config(plugins={"p": PluginOptions(deny={"tools": ("exec",)})}), "deny.plugin"),
    "override": (Config(approval={"plugin_exec": "deny"}), "[plugin.approval]"),
    "override_bare": (Config(approval={"exec": "deny"}), "[plugin.approval]"),
}


@pytest.mark.parametrize("what", DENIALS)
def test_a_denial_holds_against_every_yes(make_host: MakeHost, write: Write, what: str) -> None:
    """An approver, a mode, an earlier answer and a person's own typing; without it, each of them works."""
    config, told = DENIALS[what]
    path = write("p.js", TOOLS)
    control = make_host(approver=Person("always"), home="home")
    control.load(path)
    assert control.call_tool("exec", {}).ok
    assert control.call_tool("exec", {}, typed=True).ok
    control.close()

    person = Person("always")
    host = make_host(
        config.model_copy(update={"permission_mode": "bypass_permissions"}), approver=person
    )
    host.load(path)

    assert told in denied(host, "exec")
    assert host.call_tool("exec", {}, typed=True).code == "E_DENIED"
    assert not host.check_tool("plugin_exec", tier="read").allowed
    assert person.asked == []


def test_what_is_denied_while_a_person_thinks_stays_denied(
    make_host: MakeHost, write: Write
) -> None:
    """The yes comes too late."""
    made: list[BlockingPluginHost] = []

    def approver(_: Question) -> Answer:
        made[0].set_switches({"JCODE_PLUGIN_FORCE_DENY": "1"})
        return "once"

    host = make_host(approver=approver)
    made.append(host)
    host.load(write("p.js", TOOLS))

    result = host.call_tool("exec", {})

    assert (result.status, result.code) == ("blocked", "E_SWITCH")


@pytest.mark.parametrize("word", ["allow", "prompt"])
def test_an_override_of_a_plugins_tool(make_host: MakeHost, write: Write, word: str) -> None:
    """``allow`` runs it unasked in any mode; ``prompt`` asks where the mode would not."""
    person = Person("once")
    mode = "plan" if word == "allow" else "bypass_permissions"
    config = Config.model_validate({"permission_mode": mode, "approval": {"plugin_exec": word}})
    host = make_host(config, approver=person)
    host.load(write("p.js", TOOLS))

    assert host.call_tool("exec", {}).ok
    assert len(person.asked) == (word == "prompt")


def test_an_allowance_for_the_agents_tool_is_not_inherited_by_a_plugins(
    make_host: MakeHost, write: Write
) -> None:
    """``bash = "allow"`` is the agent's own; a plugin may call a tool so, and it is judged by itself."""
    host = make_host(Config(approval={"bash": "allow"}))
    host.load(write("p.js", TOOLS))

    assert host.check_tool("bash", args={"command": "ls"}).allowed
    assert "needs a person's approval" in denied(host, "plugin_bash")
    assert "needs a person's approval" in denied(host, "bash")


@pytest.mark.parametrize(("name", "allowed"), [("runs", False), ("/runs", True)])
def test_an_allowance_for_the_agents_tool_is_not_inherited_by_a_command(
    make_host: MakeHost, write: Write, name: str, allowed: bool
) -> None:
    """A command is allowed by the name that people type, with its slash."""
    host = make_host(Config(approval={name: "allow"}))
    host.load(write("p.js", TOOLS))

    assert host.run_command("runs", typed=False).ok is allowed


# Modes and tiers.

MODES = {
    "default": {"read"},
    "plan": set(),
    "accept_edits": {"read", "write"},
    "bypass_permissions": {"read", "write", "exec", "undeclared"},
    "dont_ask": {"read"},
    "auto": set(),
}


def test_the_mode_can_be_changed_while_it_runs(make_host: MakeHost, write: Write) -> None:
    """It holds from the next decision on; in dont_ask nobody is asked."""
    person = Person("deny")
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))

    for mode, runs in MODES.items():
        host.set_mode(mode)
        assert host.permission_mode == mode
        person.asked.clear()
        ran = {
            name
            for name in ("read", "write", "exec", "undeclared")
            if host.call_tool(name, {}).ok
        }
        assert ran == runs
        assert len(person.asked) == (0 if mode == "dont_ask" else 4 - len(runs))
    with pytest.raises(InputError, match="unknown permission mode 'yolo'; one of default"):
        host.set_mode("yolo")
    assert host.permission_mode == "auto"


def test_plan_asks_although_there_was_an_answer(make_host: MakeHost, write: Write) -> None:
    """What was answered for good holds again afterwards."""
    person = Person("always")
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))
    host.call_tool("exec", {})

    for mode, asked in (("plan", 2), ("default", 2), ("dont_ask", 2)):
        host.set_mode(mode)
        assert host.call_tool("exec", {}).ok
        assert len(person.asked) == asked


def test_a_tool_registered_again_as_milder_keeps_its_tier(
    make_host: MakeHost, write: Write
) -> None:
    """Also after it was taken back in between."""
    host = make_host(approver=yes)
    host.load(write("p.js", TOOLS))

    assert host.call_tool("milder", {}).output == "registered again"
    assert {tool.name: tool.tier for tool in host.tools()}["plugin_milder"] == "write"


# What the manifest says.

PACKAGE = {
    "name": "pack",
    "main": "index.js",
    "jcode-plugin": {
        "schema": "jcode-plugin.v2",
        "name": "pack",
        "tier": "read",
        "capabilities": {
            "register_tools": ["*"],
            "register_commands": ["*"],
            "max_tool_duration_secs": 0.2,
        },
        "approval": {"write": "deny", "read": "prompt", "undeclared": "write"},
    },
}
SLOW = plugin("""
  const quick = () => "ran";
  pi.registerTool({ name: "read", description: "", tier: "read", handler: quick });
  pi.registerTool({ name: "write", description: "", tier: "write", handler: quick });
  pi.registerTool({ name: "exec", description: "", tier: "exec", handler: quick });
  pi.registerTool({ name: "undeclared", description: "", handler: quick });
  pi.registerTool({ name: "silent", description: "", handler: quick });
  pi.registerTool({ name: "slow", description: "", tier: "read", handler: () => new Promise(() => {}) });
""")


def test_a_manifest_bounds_its_own_tools(
    make_host: MakeHost, write: Write, tmp_path: Path
) -> None:
    """Denied, asked about, raised, and stopped after the time it gives itself; the operator's mode opens none of it."""
    write("pack/package.json", json.dumps(PACKAGE))
    write("pack/index.js", SLOW)
    person = Person("deny")
    host = make_host(Config(permission_mode="bypass_permissions"), approver=person)
    host.load(tmp_path / "plugins" / "pack")

    assert {tool.name.removeprefix("plugin_"): tool.tier for tool in host.tools()} == {
        "read": "read",
        "write": "write",
        "exec": "exec",
        "undeclared": "write",
        "silent": "read",
        "slow": "read",
    }
    refused = host.call_tool("write", {})
    assert refused.code == "E_DENIED"
    assert "denied by the manifest of pack" in str(refused.error)
    assert host.call_tool("write", {}, typed=True).code == "E_DENIED"
    assert host.call_tool("exec", {}).ok
    assert person.asked == []
    assert host.call_tool("read", {}).code == "E_DENIED"
    assert "manifest wants it asked about" in person.asked[0].explanation
    assert host.call_tool("read", {}, typed=True).ok
    assert host.call_tool("slow", {}).status == "timed_out"


# Hooks.

REWRITES = on("PreToolUse", "return { modified_input: { a: event.tool_input.a + '!' } };")


def test_a_rewritten_input_is_asked_about_again(make_host: MakeHost, write: Write) -> None:
    """Who approved one input has not approved another; the question says who changed it."""
    person = Person("once", "deny")
    host = make_host(approver=person)
    host.load(write("p.js", TOOLS))
    host.load(write("rewriter.js", REWRITES))

    refused = host.call_tool("exec", {"a": "x"})

    assert refused.code == "E_DENIED"
    assert [question.input["a"] for question in person.asked] == ["x", "x!"]
    assert "changed by rewriter" in person.asked[1].explanation
    assert host.run_command("runs").output == 0


def test_hooks_hear_nothing_of_a_refused_call(host: BlockingPluginHost, write: Write) -> None:
    """The gate stands before PreToolUse."""
    host.load(write("p.js", TOOLS))
    host.load(write("hook.js", on("PreToolUse", "throw new Error('heard');")))

    assert host.call_tool("exec", {}).code == "E_DENIED"
    assert audited(host, Kind.FAILED, "hook") == []


# The agent's own tools.


@pytest.mark.parametrize("tier", ["read", "write", "exec"])
def test_the_agents_own_tools_pass_the_same_gate(make_host: MakeHost, tier: str) -> None:
    """With and without somebody to ask; every decision is in the audit."""
    alone = make_host(home="alone")
    attended = make_host(approver=yes)

    verdict = alone.check_tool("bash", tier=tier, args={"command": "ls"})
    assert verdict.allowed == (tier == "read")
    assert attended.check_tool("bash", tier=tier, args={"command": "ls"}).allowed
    (entry,) = audited(alone, Kind.DECISION)
    assert entry.data is not None
    assert entry.data["tool"] == "bash"
    assert entry.data["tier"] == tier
    assert entry.data["decision"] == ("allow" if verdict.allowed else "deny")
    if not verdict.allowed:
        assert "bash" in str(verdict.reason)


@pytest.mark.asyncio
async def test_the_agents_own_tools_on_a_loop(tmp_path: Path, nothing_stays: None) -> None:
    """The same verb; an unknown tier is a mistake of the caller."""
    async with PluginHost(home=tmp_path / "h", project_dir=tmp_path, approver=yes_soon) as host:
        assert (await host.check_tool("bash", tier="exec", args={"command": "ls"})).allowed
        host.set_mode("dont_ask")
        refused = await host.check_tool("bash", tier="exec", args={"command": "ls"})
        assert refused.code == "deny.dont_ask"
        with pytest.raises(InputError, match="unknown tier 'root'"):
            await host.check_tool("bash", tier="root")


def test_a_plugins_tool_cannot_be_checked_as_something_milder(
    host: BlockingPluginHost, write: Write
) -> None:
    """The tier of its registration is the least; a bare name is the agent's own tool."""
    host.load(write("p.js", TOOLS))

    assert not host.check_tool("plugin_exec", tier="read").allowed
    assert not host.check_tool("plugin_read", tier="exec").allowed
    assert host.check_tool("exec", tier="read").allowed


def test_a_command_that_an_agent_runs_is_a_call_like_any_other(
    host: BlockingPluginHost, write: Write
) -> None:
    """Typed by a person it runs."""
    host.load(write("p.js", TOOLS))

    assert host.run_command("runs").ok
    refused = host.run_command("runs", typed=False)
    assert refused.code == "E_DENIED"
    assert "/runs" in str(refused.error)
