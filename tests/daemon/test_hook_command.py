"""``jcode-plugin hook AGENT``: put into the agents' real files and taken out again; the file for opencode under Node."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host.doors.mapping import EVENTS
from host.doors.placing import BACKUP
from tests.daemon.running import HANG_S, ROOT, Daemon
from tests.daemon.test_hooks import GUARD

PLACES: Final = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "jcode": ".jcode/config.toml",
    "jcode-v2": ".jcode/hooks.toml",
    "opencode": ".config/opencode/plugins/jcode-plugins.js",
}


def command(home: Path, *words: str, code: int = 0, **env: str) -> str:
    """Run jcode-plugin in *home*; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "host", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def files(home: Path) -> dict[str, str]:
    """Every file beneath *home*."""
    return {
        str(path.relative_to(home)): path.read_text()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("agent", EVENTS)
def test_what_is_added_to_nothing_can_be_taken_away_again(agent: str, tmp_path: Path) -> None:
    shown = command(tmp_path, "hook", agent, "--install", "--dry-run")
    assert "would be added" in shown
    assert files(tmp_path) == {}
    told = json.loads(command(tmp_path, "hook", agent, "--install", "--json"))
    assert (told["changed"], told["path"]) == (True, str(tmp_path / PLACES[agent]))
    after = files(tmp_path)
    assert list(after) == [PLACES[agent]]
    again = json.loads(command(tmp_path, "hook", agent, "--install", "--json"))
    assert (again["changed"], files(tmp_path)) == (False, after)
    command(tmp_path, "hook", agent, "--remove")
    assert files(tmp_path) == {}


def test_what_was_there_is_kept_beside_it_and_comes_back(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text('{"model": "opus"}\n')
    real.chmod(0o640)
    (tmp_path / ".claude").mkdir()
    link = tmp_path / PLACES["claude"]
    link.symlink_to(real)

    command(tmp_path, "hook", "claude", "--install", "--fail-closed")

    assert link.is_symlink()
    assert json.loads(real.read_text())["model"] == "opus"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.with_name(real.name + BACKUP).read_text() == '{"model": "opus"}\n'
    command(tmp_path, "hook", "claude", "--remove")
    assert json.loads(real.read_text()) == {"model": "opus"}


def test_a_project_has_its_own_file(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "host", "hook", "gemini", "--install", "--project"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(files(tmp_path)) == ["project/.gemini/settings.json"]
    assert "only" in command(tmp_path, "hook", "jcode", "--install", "--project", code=1)


def test_a_file_that_cannot_be_understood_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / PLACES["claude"]
    path.parent.mkdir()
    path.write_text("{ // mine\n}")
    assert "not plain JSON" in command(tmp_path, "hook", "claude", "--install", code=1)
    assert path.read_text() == "{ // mine\n}"


def test_words_that_do_not_fit(tmp_path: Path) -> None:
    assert "known are" in command(tmp_path, "hook", "emacs", "--install", code=1)
    assert "at a time" in command(tmp_path, "hook", "claude", "--install", "--remove", code=1)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon for what follows."""
    base = tmp_path_factory.mktemp("command")
    made = Daemon(base / "home", base / "project")
    made.write("", {"guard": GUARD})
    made.start()
    yield made
    assert made.end() == 0


@pytest.mark.parametrize("agent", ["codex", "jcode"])
def test_the_hook_can_be_tried(agent: str, daemon: Daemon) -> None:
    printed = command(
        daemon.home, "hook", agent, "--test", "--json", JCODE_HOME=str(daemon.home)
    )
    tried = json.loads(printed)["tried"]
    assert len(tried) >= 3
    assert all(one["exit_code"] == 0 or "guard" in one["stderr"] for one in tried)


SCRIPT: Final = """
const { JcodePlugins } = await import(process.argv[1]);
const hooks = await JcodePlugins({ directory: process.argv[2] });
const results = {};
async function run(name, input, output) {
  try {
    await hooks[name](input, output);
    return output;
  } catch (error) {
    return { thrown: error.message };
  }
}
const tool = (command) => run("tool.execute.before", { tool: "bash", sessionID: "s", callID: "c" }, { args: { command } });
const prompt = (text) => run("chat.message", { sessionID: "s" }, { parts: [{ type: "text", text }] });
results.blocked = await tool("rm x");
results.changed = await tool("ls");
results.fine = await tool("make");
results.large = await tool("make " + "x".repeat(17_000_000)).then(({ thrown }) => ({ thrown }));
results.unseen = await hooks["tool.execute.after"]({ tool: "bash", sessionID: "s", args: "x".repeat(17_000_000) }, { output: "o" });
results.prompt = await prompt("no");
results.permission = await run("permission.ask", { type: "bash", sessionID: "s" }, { status: "ask" });
for (const type of ["session.created", "session.idle"]) await hooks.event({ event: { type, properties: { sessionID: "s" } } });
await hooks.event({ event: { type: "todo.updated", properties: { sessionID: "s", todos: [{ id: "1", content: "x", status: "completed" }] } } });
await hooks.dispose();
console.log(JSON.stringify(results));
"""


def in_node(daemon: Daemon, tmp_path: Path, *words: str) -> dict[str, object]:
    """Install the file and use it as opencode does."""
    command(
        tmp_path, "hook", "opencode", "--install", *words, JCODE_PLUGIN_SOCKET=str(daemon.path)
    )
    module = tmp_path / "shim.mjs"
    module.write_text((tmp_path / PLACES["opencode"]).read_text())
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(module), str(daemon.project)],
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_opencodes_hooks_are_handed_over(daemon: Daemon, tmp_path: Path) -> None:
    found = in_node(daemon, tmp_path)
    assert found["blocked"] == {"thrown": "no rm x (guard)"}
    assert found["changed"] == {"args": {"command": "ls -l"}}
    assert found["fine"] == {"args": {"command": "make"}}
    assert "larger than 16 MiB" in str(found["large"]), "a guard that is not shown it, says no"
    assert "unseen" not in found, "nothing is left to be stopped"
    assert found["prompt"] == {"thrown": "not that (guard)"}
    assert found["permission"] == {"status": "ask"}


@pytest.mark.parametrize("fail_closed", [False, True])
def test_opencode_without_a_daemon(tmp_path: Path, fail_closed: bool) -> None:
    nowhere = Daemon(tmp_path / "home", tmp_path / "project")
    nowhere.path.parent.mkdir()
    nowhere.path.parent.chmod(0o755)  # open to others: no daemon listens in such a place
    words = ["--fail-closed"] if fail_closed else []
    found = in_node(nowhere, tmp_path, *words)
    assert ("thrown" in found["fine"]) is fail_closed  # type: ignore[operator]
    assert found["permission"] == {"status": "deny" if fail_closed else "ask"}
