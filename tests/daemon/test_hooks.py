"""The command that agents run for their events: real processes, a real daemon, and everything that can go wrong."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from host.doors import configs
from host.doors.configs import Command
from tests.daemon.hooks import CLIENT, Ended, hook, tool
from tests.daemon.running import HANG_S, ROOT, Daemon

GUARD: Final = """
export default (pi) => {
  pi.on("PreToolUse", (event) => {
    const command = event.tool_input.command;
    if (command.startsWith("rm")) return { block: "no " + command };
    if (command === "ls") return { modified_input: { ...event.tool_input, command: "ls -l" } };
    if (command === "spin") for (;;);
    if (command.startsWith("size ")) return { block: String(event.tool_input.text.length) };
  });
  pi.on("ToolExecutionStart", (event) => pi.kv.set("started", event.tool_input.command));
  pi.on("UserPromptSubmit", (event) => event.content === "no" ? { block: "not that" } : undefined);
  pi.registerTool({ name: "started", description: "d", tier: "read", handler: () => pi.kv.get("started") });
};
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for this file; it must end well."""
    base = tmp_path_factory.mktemp("hooks")
    made = Daemon(base / "home", base / "project")
    made.write(
        '[plugin]\npermission_mode = "bypass_permissions"\n[plugin.timeouts]\nactionable_ms = 3000\n',
        {"guard": GUARD},
    )
    made.start()
    yield made
    assert made.end() == 0


@pytest.fixture
def nobody(tmp_path: Path) -> Daemon:
    """A home in which no daemon listens, and none can be started: its command is not there."""
    return Daemon(tmp_path / "home", tmp_path / "project")


# --- each agent's answers --------------------------------------------------------------------------------


def test_claude(daemon: Daemon) -> None:
    blocked = hook(daemon, "claude", tool("rm -r x"))
    changed = hook(daemon, "claude", tool("ls"))
    fine = hook(daemon, "claude", tool("make"))
    assert (blocked.code, blocked.err) == (0, "")
    assert blocked.said == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": "no rm -r x (guard)",
        }
    }
    assert changed.said["hookSpecificOutput"]["updatedInput"] == {"command": "ls -l"}  # type: ignore[index]
    assert (fine.code, fine.out, fine.err) == (0, "", "")


def test_codex_takes_nothing_but_what_it_knows(daemon: Daemon) -> None:
    fine, changed = hook(daemon, "codex", tool("make")), hook(daemon, "codex", tool("ls"))
    assert (fine.code, fine.out, fine.err) == (0, "", "")
    assert changed.said == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "allow",
            "updatedInput": {"command": "ls -l"},
        }
    }
    notified = hook(daemon, "codex", None, '{"type": "agent-turn-complete"}', raw=b"")
    assert (notified.code, notified.out) == (0, "")


def test_gemini(daemon: Daemon) -> None:
    blocked = hook(daemon, "gemini", tool("rm x", "BeforeTool"))
    changed = hook(daemon, "gemini", tool("ls", "BeforeTool"))
    assert blocked.said == {"decision": "deny", "reason": "no rm x (guard)"}
    assert changed.said["hookSpecificOutput"]["tool_input"] == {"command": "ls -l"}  # type: ignore[index]
    assert (blocked.code, changed.code) == (0, 0)


def test_jcode_by_variables(daemon: Daemon) -> None:
    env = {
        "JCODE_HOOK_EVENT": "pre_tool",
        "JCODE_HOOK_TOOL_NAME": "bash",
        "JCODE_HOOK_SESSION_ID": "s",
    }
    env["JCODE_HOOK_PAYLOAD"] = '{"cut'
    blocked = hook(daemon, "jcode", {"command": "rm x"}, **env)
    changed = hook(daemon, "jcode", {"command": "ls"}, **env)
    fine = hook(daemon, "jcode", {"command": "make"}, **env)
    ended = hook(daemon, "jcode", None, raw=b"", JCODE_HOOK_EVENT="turn_end")
    assert (blocked.code, blocked.out, blocked.err) == (2, "", "no rm x (guard)\n")
    assert changed.code == 2
    assert (fine.code, fine.err) == (0, "")
    assert (ended.code, ended.err) == (0, "")


def test_jcode_by_json(daemon: Daemon) -> None:
    blocked = hook(daemon, "jcode", tool("rm x"))
    changed = hook(daemon, "jcode", tool("ls"))
    assert (blocked.code, blocked.err) == (2, "no rm x (guard)\n")
    assert changed.said == {
        "continue_": True,
        "hook_specific_output": {"updated_input": {"command": "ls -l"}},
    }


def test_what_only_watches_is_told_and_what_was_blocked_is_not(daemon: Daemon) -> None:
    hook(daemon, "claude", tool("make all"))
    hook(daemon, "claude", tool("rm y"))
    with daemon.client() as client:
        assert client.call_tool("plugin_started", {}).output == "make all"


# --- what can go wrong -----------------------------------------------------------------------------------


def test_ten_megabytes_are_read_and_answered(daemon: Daemon) -> None:
    found = hook(daemon, "jcode", tool("size ", text="x" * 10_000_000))
    assert (found.code, found.err) == (2, "10000000 (guard)\n")


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "jcode"])
def test_no_input_is_no_decision_unless_failing_closed(daemon: Daemon, agent: str) -> None:
    for words, code in (((), 1), (("--fail-closed",), 2)):
        assert_refused(hook(daemon, agent, None, *words, raw=b""), code)


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "jcode"])
@pytest.mark.parametrize(
    "raw",
    [b"{", b"[1]", b"\xff", b'{"a":' * 100_000, b"x" * 17_000_000],
    ids=lambda b: str(len(b)),
)
def test_input_of_which_nobody_knows_what_it_is_about_is_a_block(
    daemon: Daemon, agent: str, raw: bytes
) -> None:
    """Who writes a tool's input could otherwise write one that no guard is shown."""
    assert_refused(hook(daemon, agent, None, raw=raw), 2)


def assert_refused(found: Ended, code: int) -> None:
    """One line, whatever it ends with."""
    assert (found.code, found.out) == (code, ""), found
    assert found.err.startswith("jcode-plugins: ")
    assert found.err.count("\n") == 1


def nested(depth: int) -> str:
    """A list in a list, and so on."""
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "more",
    [
        '"x":"' + "x" * 17_000_000 + '"',
        '"x":"' + "x" * (16 * 1024 * 1024 - 200) + '"',
        '"x":"' + "\\ud800" * 2_500_000 + '"',
        '"x":' + nested(900),
        '"x":' + nested(4000),
        '"x":' + "9" * 5000,
        '"x":NaN',
    ],
    ids=["large", "large as a line", "large in the end", "deep", "deeper", "digits", "nan"],
)
def test_a_tool_whose_input_no_guard_can_be_shown_is_blocked(daemon: Daemon, more: str) -> None:
    """Even when failing open; and what nobody guards goes on."""
    text = (
        '{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"rm x",%s}}'
    )
    for agent in ("claude", "jcode"):
        found = hook(daemon, agent, None, raw=(text % more).encode())
        assert found.code == 2 or '"deny"' in found.out, found
        assert found.code == 0 or found.err.strip()
    if "xxx" in more:  # else nobody can read what it is about
        told = (text % more).replace("PreToolUse", "SessionStart").encode()
        assert hook(daemon, "claude", None, raw=told).code in (0, 1)


def test_an_input_that_is_no_object_is_blocked(daemon: Daemon) -> None:
    for raw in (b'["rm", "x"]', b'"rm x"', b""):
        found = hook(daemon, "jcode", None, raw=raw, JCODE_HOOK_EVENT="pre_tool")
        assert_refused(found, 2)
    ended = hook(daemon, "jcode", None, raw=b'"x"', JCODE_HOOK_EVENT="turn_end")
    assert ended.code == 1


def test_a_configuration_that_cannot_be_read_does_not_switch_the_guards_off(
    daemon: Daemon, tmp_path: Path
) -> None:
    """A project, or whoever may write in it, could otherwise do so."""
    (tmp_path / ".jcode").mkdir()
    (tmp_path / ".jcode" / "config.toml").write_text("[plugin\n")
    env = {"CLAUDE_PROJECT_DIR": str(tmp_path)}
    assert_refused(hook(daemon, "claude", tool("rm x"), **env), 2)
    assert hook(daemon, "claude", tool("x", "SessionStart"), **env).code == 1
    gone = hook(daemon, "claude", tool("rm x"), CLAUDE_PROJECT_DIR=str(tmp_path / "gone"))
    assert_refused(gone, 2)


def test_an_event_of_no_meaning_passes(daemon: Daemon) -> None:
    found = hook(daemon, "claude", {"hook_event_name": "Setup"}, "--fail-closed")
    assert (found.code, found.out, found.err) == (0, "", "")


def test_a_plugin_that_hangs_costs_the_deadline_and_no_more(daemon: Daemon) -> None:
    found = hook(daemon, "claude", tool("spin"))
    assert (found.code, found.out, found.err) == (0, "", "")


def no_start(daemon: Daemon) -> dict[str, str]:
    """An environment in which the client finds no command to start a daemon with."""
    return {
        "JCODE_PLUGIN_SOCKET": str(daemon.home / "run" / "daemon.sock"),
        "PATH": str(daemon.home),
    }


@pytest.mark.parametrize("kind", ["a file", "a listener that is silent", "a link"])
def test_what_is_no_daemon_is_bounded_and_told(
    nobody: Daemon, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = nobody.home / "run"
    run.mkdir(mode=0o700)
    listener = socket.socket(socket.AF_UNIX)
    if kind == "a file":
        (run / "daemon.sock").write_text("")
    elif kind == "a link":
        real = nobody.home / "elsewhere"
        run.rename(real)
        run.symlink_to(real)
    else:
        listener.bind(str(run / "daemon.sock"))
        listener.listen(1)
    short = (
        "import sys; sys.path.append(sys.argv[1]); from jcode_plugins import hooking as h; "
        "h.WITHIN_S = h._CONNECT_S = 1.0; h.main(sys.argv[2:])"
    )
    for words, name, code in (
        ((), "PreToolUse", 1),
        (("--fail-closed",), "PreToolUse", 2),
        (("--fail-closed",), "SessionStart", 1),
    ):
        line = [sys.executable, "-I", "-S", "-c", short, str(ROOT), "claude", *words]
        found = hook(nobody, "claude", tool("ls", name), command=line, **no_start(nobody))
        assert (found.code, found.out) == (code, ""), found
        assert found.err.startswith("jcode-plugins: ")
        assert ("blocked" in found.err) is (code == 2)
    listener.close()


def test_a_daemon_that_is_not_there_is_started(nobody: Daemon) -> None:
    nobody.write("", {"guard": GUARD})
    try:
        found = hook(nobody, "jcode", tool("rm x"), PYTHONPATH=str(ROOT))
        assert (found.code, found.err) == (2, "no rm x (guard)\n")
    finally:
        with nobody.client() as client:
            client.stop()


def test_switches_hold_and_read_no_file(nobody: Daemon) -> None:
    found = hook(nobody, "claude", tool("rm x"), "--fail-closed", JCODE_DISABLE_PLUGINS="1")
    assert (found.code, found.out, found.err) == (0, "", "")
    assert not (nobody.home / "run").exists()


def test_a_clients_own_switch_holds_for_it_alone(daemon: Daemon) -> None:
    off = hook(daemon, "jcode", tool("rm x"), JCODE_SKIP_PLUGINS="1")
    on = hook(daemon, "jcode", tool("rm x"))
    assert (off.code, on.code) == (0, 2)


# --- Python's own exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize("fail_closed", [False, True])
def test_a_client_that_was_removed_decides_nothing_unless_failing_closed(
    nobody: Daemon, fail_closed: bool
) -> None:
    """A file that is not there ends Python with 2, which is a block in every agent."""
    gone = Command(
        sys.executable, f"/nowhere/{configs.CLIENT}", "claude", fail_closed=fail_closed
    )
    found = hook(nobody, "claude", tool("ls"), command=["/bin/sh", "-c", gone.line()])
    assert found.code == (2 if fail_closed else 1)


@pytest.mark.parametrize("fail_closed", [False, True])
def test_the_configured_line_works(daemon: Daemon, fail_closed: bool) -> None:
    command = Command(sys.executable, str(CLIENT), "claude", fail_closed=fail_closed)
    path = str(daemon.path)
    for line in (command.line(), replace(command, socket=path).line()):
        found = hook(daemon, "claude", tool("rm x"), command=["/bin/sh", "-c", line])
        assert "no rm x" in found.out


def test_a_package_that_is_broken_is_no_decision(daemon: Daemon, tmp_path: Path) -> None:
    copy = tmp_path / "jcode_plugins"
    copy.mkdir()
    (copy / "hook.py").write_bytes(CLIENT.read_bytes())
    (copy / "__init__.py").write_text("")
    for words, code in (((), 1), (("--fail-closed",), 2)):
        line = [sys.executable, "-I", "-S", str(copy / "hook.py"), "claude", *words]
        found = hook(daemon, "claude", tool("ls"), command=line)
        assert (found.code, found.out) == (code, "")
        assert "install jcode-plugins again" in found.err


def test_modules_of_the_project_are_not_imported(daemon: Daemon) -> None:
    trap = daemon.project / "os.py"
    trap.write_text("raise SystemExit(2)")
    try:
        assert hook(daemon, "claude", tool("make")).code == 0
    finally:
        trap.unlink()


def test_an_answer_that_cannot_be_written_blocks(daemon: Daemon) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(CLIENT), "claude"],
            input=json.dumps(tool("rm x")).encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=daemon.project,
            env=daemon.environment(),
            timeout=HANG_S,
            check=False,
        )
    assert done.returncode == 2
    assert b"could not be written" in done.stderr


def test_two_hundred_at_once_have_their_own_answers(daemon: Daemon) -> None:
    def one(number: int) -> bool:
        return hook(daemon, "jcode", tool(f"rm {number}")).err == f"no rm {number} (guard)\n"

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(200)))


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "tr_TR.ISO-8859-9"])
def test_a_hook_reads_its_variables_as_any_program(locale: str) -> None:
    """Without ``os``, which costs as much as the request."""
    code = (
        "import sys; sys.path.append(sys.argv[1]); import jcode_plugins.hooking as h; import os; "
        "sys.exit(h._environ != dict(os.environ) or len(h._environ) < 3)"
    )
    env = {
        b"LC_ALL": locale.encode(),
        b"OTHER": "grüße".encode(),
        b"NONE": b"\xff\xfe",
        b"EMPTY": b"",
    }
    line = [sys.executable, "-I", "-S", "-c", code, str(ROOT)]
    assert subprocess.run(line, env=env, timeout=HANG_S, check=False).returncode == 0


def test_what_a_hook_imports_is_little() -> None:
    code = (
        "import sys; before = set(sys.modules); sys.path.append(sys.argv[1]); import jcode_plugins.hooking; "
        "print(*sorted(set(sys.modules) - before))"
    )
    line = [sys.executable, "-I", "-S", "-c", code, str(ROOT)]
    found = subprocess.run(line, capture_output=True, text=True, check=True, timeout=HANG_S)
    own = {name for name in found.stdout.split() if name.startswith("jcode_plugins")}
    assert own == {"jcode_plugins"} | {
        f"jcode_plugins.{name}"
        for name in ("errors", "hooking", "place", "surroundings", "wire")
    }
    assert set(found.stdout.split()) - own <= {"_socket", "_json"}


def test_nothing_of_ours_stays(daemon: Daemon) -> None:
    """Of all the above: the daemon has no connection left."""
    with daemon.client() as client:
        assert client.stats()["connections"] == 1
    assert os.path.exists(daemon.path)
