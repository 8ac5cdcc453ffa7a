"""What a kill switch is to the command line: exit code 3, one line that names it, and nothing touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli_support import EXAMPLES, ROOT, Cli

GUARD = str(EXAMPLES / "guard.ts")
RM = json.dumps({"tool_name": "bash", "tool_input": {"command": "rm -rf /"}})

# Runs the command line with every opened file, started process and listed directory written to standard error.
WATCHED = """
import os, sys
seen = []
def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir"):
        seen.append(f"{event} {arguments[0]}")
    elif event in ("subprocess.Popen", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system"):
        seen.append(f"process {event}")
from jcode_plugin_start import main
sys.addaudithook(watch)
code = main(sys.argv[1:])
os.write(2, ("\\n".join(seen) + "\\n").encode())
print(sorted({name.partition(".")[0] for name in sys.modules} & {"pydantic", "typer", "rich", "psutil", "quickjs"}))
raise SystemExit(code)
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs in an empty project with an empty home."""
    project = tmp_path / "project"
    project.mkdir()
    return Cli(project, tmp_path / "home")


COMMANDS = [
    ("dispatch", "PreToolUse", "--plugin", GUARD, "-i", RM),
    ("call", "plugin_greet", "--plugin", GUARD),
    ("command", "hi", "--plugin", GUARD),
    ("inspect", GUARD),
    ("check", GUARD),
    ("demo",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("switch", ["JCODE_DISABLE_PLUGINS", "JCODE_PLUGIN_KILL_ALL"])
def test_a_command_that_would_run_plugins_exits_with_3(
    cli: Cli, switch: str, words: tuple[str, ...]
) -> None:
    """One line to people, one object to programs, both with the switch's name."""
    plain = cli(*words, env={switch: "1"}, check=3)
    machine = cli(*words, "--json", env={switch: "1"}, check=3)

    assert (plain.out, plain.err.count("\n")) == ("", 1)
    assert plain.err.startswith(f"disabled: {switch} ")
    told = machine.json()
    assert (told["ok"], told["code"], told["switch"]) == (False, "E_SWITCH", switch)


@pytest.mark.parametrize("value", ["0", "false", "No", " off ", ""])
def test_a_switch_that_is_off_switches_nothing_off(cli: Cli, value: str) -> None:
    """The control: the guard blocks."""
    cli(*COMMANDS[0], env={"JCODE_DISABLE_PLUGINS": value}, check=2)


def _watched(cli: Cli, tmp_path: Path, env: dict[str, str]) -> tuple[int, str, list[str]]:
    script = tmp_path / "watched.py"
    script.write_text(WATCHED)
    done = subprocess.run(
        [sys.executable, str(script), *COMMANDS[0]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cli.cwd,
        env=cli.environment() | env,
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_switched_off_no_file_is_opened_and_no_process_started(
    cli: Cli, tmp_path: Path
) -> None:
    """Not the plugin, not a configuration; only our own code, and none of the libraries."""
    cli.home.mkdir(exist_ok=True)
    (cli.home / "config.toml").write_text("[plugin]\nfail_closed = true\n")

    code, out, seen = _watched(cli, tmp_path, {"JCODE_DISABLE_PLUGINS": "1"})

    assert code == 3
    assert out == "[]\n"
    opened = [line.split(" ", 1)[1] for line in seen if line.startswith("open ")]
    ours = (str(ROOT / "policies"), str(ROOT / "jcode_plugin_start.py"))
    assert [path for path in opened if not path.startswith(ours)] == []
    assert [line for line in seen if line.startswith("process")] == []


def test_without_the_switch_the_same_watch_sees_both(cli: Cli, tmp_path: Path) -> None:
    """The control: it does notice a plugin's file, a configuration and a process."""
    code, _, seen = _watched(cli, tmp_path, {})

    assert code == 2
    assert any(line.startswith("process") for line in seen)
    assert f"open {cli.home / 'config.toml'}" in seen


@pytest.mark.parametrize(
    ("text", "line"),
    [("[plugin]\nenable = false\n", 2), ("[plugin]\n\n[plugin.kill]\nall = true\n", 4)],
)
def test_the_configuration_switches_off_as_well(cli: Cli, text: str, line: int) -> None:
    """The same end, with the place of the word."""
    cli.home.mkdir(exist_ok=True)
    (cli.home / "config.toml").write_text(text)

    ran = cli(*COMMANDS[0], check=3)
    told = cli(*COMMANDS[0], "--json", check=3).json()

    assert ran.err.startswith(f"disabled: {cli.home / 'config.toml'}:{line} ")
    assert told["switch"] == f"{cli.home / 'config.toml'}:{line}"


def test_one_plugin_that_is_off_is_refused_when_it_is_named(cli: Cli) -> None:
    """By hand it is an answer of its own; among configured ones the others go on."""
    env = {"JCODE_PLUGIN_KILL_GUARD": "1"}
    named = cli(*COMMANDS[0], env=env, check=3)
    assert named.err.startswith("disabled: guard is switched off by JCODE_PLUGIN_KILL_GUARD")

    cli.home.mkdir(exist_ok=True)
    (cli.home / "config.toml").write_text(
        f"[plugin]\nfail_closed = true\nsources = [{{ type = 'file', path = '{GUARD}' }}]\n"
    )
    configured = ("dispatch", "PreToolUse", "-i", RM)
    assert "not loaded: guard is switched off" in cli(*configured, env=env, check=0).err
    cli(*configured, check=2)


def test_one_may_look_at_a_plugin_that_is_not_in_use(cli: Cli) -> None:
    """`disable` is no kill switch: inspect runs it, dispatch does not."""
    cli.home.mkdir(exist_ok=True)
    (cli.home / "config.toml").write_text("[plugin]\ndisable = ['guard']\n")

    cli("inspect", GUARD, check=0)
    cli(*COMMANDS[0], check=3)
    cli("inspect", GUARD, env={"JCODE_PLUGIN_KILL_GUARD": "1"}, check=3)


def test_without_hooks_an_event_goes_on_and_denied_tools_are_blocked(cli: Cli) -> None:
    """The milder switches have the ordinary exit codes."""
    cli(*COMMANDS[0], env={"JCODE_SKIP_PLUGINS": "1"}, check=0)
    cli(*COMMANDS[0], env={"JCODE_TEAM_WORKER": "1"}, check=2)  # a guard may still block
    (cli.cwd / "t.js").write_text(
        "export default (pi) => pi.registerTool({ name: 't', description: 'd', tier: 'read', handler: () => 'x' });"
    )
    call = ("call", "plugin_t", "--plugin", "t.js")
    cli(*call, check=0)
    denied = cli(*call, env={"JCODE_TEAM_WORKER": "1"}, check=2)
    assert "JCODE_TEAM_WORKER denies" in denied.err


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("dispatch", "--help")])
def test_what_runs_no_plugin_is_not_switched_off(cli: Cli, words: tuple[str, ...]) -> None:
    """Help helps."""
    cli(*words, env={"JCODE_DISABLE_PLUGINS": "1"}, check=0)


def test_a_stranger_is_told_of_first(cli: Cli, tmp_path: Path) -> None:
    """Whose code would say that it is switched off is not ours to trust."""
    site = tmp_path / "site"
    (site / "policies").mkdir(parents=True)
    (site / "policies" / "__init__.py").write_text("")
    (site / "policies" / "switch_words.py").write_text("raise SystemExit('a stranger ran')\n")
    script = "import sys; sys.path.insert(0, sys.argv[1]); from jcode_plugin_start import main; sys.exit(main(['demo']))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(site)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cli.cwd,
        env=cli.environment() | {"JCODE_DISABLE_PLUGINS": "1"},
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: the package policies resolves to {site}")


# --- the other variables, and the layers of the configuration -------------------------------------------

TOOL = "export default (pi) => pi.registerTool({ name: 't', description: 'd', tier: 'read', handler: () => 'x' });"


def test_plugins_of_the_plugin_directory_are_loaded(cli: Cli, tmp_path: Path) -> None:
    """In the home, or where the variable says; declarations and hidden files are none."""
    own = cli.home / "plugins"
    other = tmp_path / "other"
    for directory, name in ((own, "one"), (other, "two")):
        (directory / "folder").mkdir(parents=True)
        (directory / f"{name}.js").write_text(TOOL.replace("'t'", f"'{name}'"))
        (directory / "folder" / "index.js").write_text(TOOL.replace("'t'", f"'in_{name}'"))
        (directory / "types.d.ts").write_text("nonsense(")
        (directory / ".hidden.js").write_text("nonsense(")

    assert cli("call", "one", check=0).out == "x\n"
    assert cli("call", "in_one", check=0).out == "x\n"
    env = {"JCODE_PLUGIN_DIR": str(other)}
    assert cli("call", "two", env=env, check=0).out == "x\n"
    assert "offered: plugin_in_two, plugin_two" in cli("call", "one", env=env, check=1).err


def test_a_denial_of_the_environment_is_a_global_one(cli: Cli) -> None:
    """It takes a registration away that loading by hand consents to; one that is none is an error."""
    (cli.cwd / "t.js").write_text(TOOL)
    call = ("call", "plugin_t", "--plugin", "t.js")
    cli(*call, check=0)

    denied = cli(*call, env={"JCODE_PLUGIN_DENY": "tools:t"})
    broken = cli(*call, env={"JCODE_PLUGIN_DENY": "tols:t"}, check=1)

    assert denied.code == 2
    assert "switch JCODE_PLUGIN_DENY" in denied.err
    assert broken.err.startswith("error: JCODE_PLUGIN_DENY: 'tols:t' is no denial; write kind:")


@pytest.mark.parametrize(
    "words",
    [words for words in COMMANDS if words[0] not in ("demo", "check")],
    ids=lambda words: words[0],
)
def test_every_command_that_loads_plugins_takes_a_mode(
    cli: Cli, words: tuple[str, ...]
) -> None:
    """A word that is none stops it before anything is started; so does one in the environment."""
    flagged = cli(*words, "--plugin-mode", "stric", check=1)
    variable = cli(*words, env={"JCODE_PLUGIN_MODE": "stric"}, check=1)

    assert flagged.err.startswith("error: --plugin-mode: 'stric' is no mode; use one of strict")
    assert variable.err.startswith("error: JCODE_PLUGIN_MODE: 'stric' is no mode")


def test_a_projects_file_is_read_and_what_it_may_not_say_is_told(cli: Cli) -> None:
    """Its line, and the reason."""
    file = cli.cwd / ".jcode" / "config.toml"
    file.parent.mkdir()
    file.write_text(f"[plugin]\nsources = [{{ type = 'file', path = '{GUARD}' }}]\n")
    ran = cli("dispatch", "PreToolUse", "-i", RM, check=0)
    assert f"warning: {file}:2: sources is ignored: a project's file cannot set it" in ran.err

    file.write_text("[plugin]\n[plugin.kill]\nguard = true\n")
    off = cli(*COMMANDS[0], check=3)
    assert f"guard is switched off by {file}:3" in off.err

    file.write_text("[plugin]\nmode = 3\n")
    assert cli(*COMMANDS[0], check=1).err.startswith(f"error: {file}:2: plugin.mode: ")


def test_an_unreadable_configuration_runs_nothing(cli: Cli, tmp_path: Path) -> None:
    """The guard that it may have asked for is not known."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text("[plugin\n")

    code, _, seen = _watched(cli, tmp_path, {})

    assert code == 1
    assert seen[0].startswith(f"error: {cli.home / 'config.toml'}:1:8: not TOML")
    assert [line for line in seen if line.startswith("process") or GUARD in line] == []


def _private_mounts() -> list[str]:
    """How a command gets mounts of its own here: as root, or as root of a user namespace."""
    for prefix in (["unshare", "--mount"], ["unshare", "-r", "--mount"]):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    pytest.skip("this machine gives no mount namespace")


def test_the_ceiling_of_the_machine_holds(cli: Cli) -> None:
    """In a mount namespace with an /etc of its own: against flag, environment and user, and when it is not root's."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text("[plugin]\nforce_deny = false\n")
    (cli.cwd / "t.js").write_text(TOOL)
    etc = cli.cwd / "etc"
    etc.mkdir()
    (etc / "plugin.toml").write_text("[plugin]\nforce_deny = true\n")
    command = [sys.executable, "-m", "host", "call", "plugin_t", "--plugin", "t.js"]
    command += ["--plugin-mode", "permissive"]
    script = 'mkdir -p /etc/jcode && mount --bind "$0" /etc/jcode && exec "$@"'

    def run(*, owner: int) -> subprocess.CompletedProcess[str]:
        prefix = _private_mounts()
        for path in (etc, etc / "plugin.toml"):
            os.chown(path, owner, -1)
        # An /etc that can have the directory, without one on the machine.
        inner = f"mount -t tmpfs none /mnt && cp -a /etc/. /mnt/ && mount --bind /mnt /etc && {script}"
        return subprocess.run(
            [*prefix, "sh", "-c", inner, str(etc), *command],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=cli.cwd,
            env=cli.environment() | {"JCODE_PLUGIN_MODE": "permissive"},
        )

    assert cli(*command[3:], check=0).out == "x\n"  # the control: without a ceiling
    held = run(owner=os.getuid())
    assert held.returncode == 2, held
    assert "/etc/jcode/plugin.toml:2 denies" in held.stderr
    if os.getuid() == 0:  # nobody else can give a file away
        assert "must belong to root" in run(owner=1).stderr
