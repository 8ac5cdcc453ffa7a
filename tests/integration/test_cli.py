"""The command line as a user meets it: what it prints and the code it exits with."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ipc.layers import LAYERS
from tests.integration.cli_support import EXAMPLES, ROOT, Cli

GUARD = str(EXAMPLES / "guard.ts")
WORKBENCH = str(EXAMPLES / "workbench.ts")
JOURNAL = str(EXAMPLES / "journal.js")

LS = '{"tool_name": "bash", "tool_input": {"command": "ls"}, "session_id": "s"}'
RM = '{"tool_name": "bash", "tool_input": {"command": "rm -rf /"}, "session_id": "s"}'


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs in an empty project with an empty home."""
    project = tmp_path / "project"
    project.mkdir()
    return Cli(project, tmp_path / "home")


# --- dispatch ------------------------------------------------------------------------------------------


def test_a_harmless_event_continues_and_exits_with_0(cli: Cli) -> None:
    """`dispatch` tells what every plugin did and ends with the verdict."""
    ran = cli("dispatch", "PreToolUse", "--plugin", GUARD, "-i", LS, check=0)

    assert re.search(r"guard\s+answered\s+continue", ran.out)
    assert ran.out.splitlines()[-1] == "PreToolUse: continue"
    assert ran.err == ""


def test_a_blocked_event_exits_with_2_and_says_why(cli: Cli) -> None:
    """Whoever runs us as a hook needs no more than the exit code."""
    ran = cli("dispatch", "PreToolUse", "--plugin", GUARD, "-i", RM, check=2)

    assert ran.out.splitlines()[-1].startswith('PreToolUse: block by guard: refused "rm -rf /"')


def test_dispatch_prints_the_outcome_as_one_object(cli: Cli) -> None:
    """The keys of `dispatch --json` are what a program relies on."""
    outcome = cli("dispatch", "PreToolUse", "-p", GUARD, "-i", RM, "--json", check=2).json()

    assert {
        "event",
        "action",
        "output",
        "blocked_by",
        "results",
        "conflicts",
        "generation",
        "elapsed_ms",
    } <= set(outcome)
    assert (outcome["event"], outcome["action"], outcome["blocked_by"]) == (
        "PreToolUse",
        "block",
        "guard",
    )
    results = outcome["results"]
    assert isinstance(results, list)
    assert isinstance(results[0], dict)
    assert set(results[0]) == {"plugin", "status", "action", "output", "error", "elapsed_ms"}


def test_input_comes_from_standard_input(cli: Cli) -> None:
    """`-i -` reads all of it."""
    cli("dispatch", "PreToolUse", "-p", GUARD, "-i", "-", stdin=RM.encode(), check=2)
    cli("dispatch", "PreToolUse", "-p", GUARD, "-i", "-", stdin=LS.encode(), check=0)


def test_input_comes_from_a_file(cli: Cli) -> None:
    """`-i @FILE`, relative to the current directory; an editor's byte order mark is no data."""
    (cli.cwd / "event.json").write_bytes(b"\xef\xbb\xbf" + RM.encode())

    cli("dispatch", "PreToolUse", "-p", GUARD, "-i", "@event.json", check=2)


def test_an_event_is_known_by_its_number_too(cli: Cli) -> None:
    """0 is PreToolUse."""
    assert (
        cli("dispatch", "0", "-p", GUARD, "-i", RM, "--json", check=2).json()["event"]
        == "PreToolUse"
    )


def test_several_plugins_are_asked(cli: Cli) -> None:
    """`--plugin` repeats; plugins are merged in the order given."""
    protect, rewrite = str(EXAMPLES / "protect.ts"), str(EXAMPLES / "rewrite.ts")
    payload = '{"tool_name": "bash", "tool_input": {"command": "npm install"}}'
    outcome = cli(
        "dispatch",
        "PreToolUse",
        "-p",
        GUARD,
        "-p",
        protect,
        "-p",
        rewrite,
        "-i",
        payload,
        "--json",
        check=0,
    ).json()

    results = outcome["results"]
    assert isinstance(results, list)
    assert [r["plugin"] for r in results if isinstance(r, dict)] == [
        "guard",
        "protect",
        "rewrite",
    ]
    assert outcome["output"] == {"modified_input": {"command": "pnpm install"}}


def test_without_plugins_an_event_continues_with_a_warning(cli: Cli) -> None:
    """Nobody is asked, so nothing is blocked; that nobody was asked must be seen."""
    ran = cli("dispatch", "PreToolUse", "-i", RM, check=0)

    assert ran.out == "PreToolUse: continue (no plugin handles this event)\n"
    assert ran.err.startswith("warning: no plugin is loaded: ")


def test_configured_plugins_are_used_unless_some_are_named(cli: Cli) -> None:
    """`sources` of config.toml, else what `--plugin` says and nothing more."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text(
        f'[plugin]\n[[plugin.sources]]\ntype = "file"\npath = {json.dumps(GUARD)}\n'
    )

    cli("dispatch", "PreToolUse", "-i", RM, check=2)
    named = cli("dispatch", "PreToolUse", "-i", RM, "-p", JOURNAL, "--json", check=0).json()

    assert named["results"] == []


def test_a_configured_plugin_that_does_not_load_is_named(cli: Cli) -> None:
    """Open by default: the others serve. With fail_closed the command ends."""
    cli.home.mkdir()
    broken = cli.cwd / "broken.js"
    broken.write_text("const = 1;\n")
    sources = "".join(
        f'[[plugin.sources]]\ntype = "file"\npath = {json.dumps(path)}\n'
        for path in (str(broken), GUARD)
    )
    config = cli.home / "config.toml"
    config.write_text(f"[plugin]\n{sources}")
    opened = cli("dispatch", "PreToolUse", "-i", RM, check=2)
    config.write_text(f"[plugin]\nfail_closed = true\n{sources}")
    closed = cli("dispatch", "PreToolUse", "-i", RM, check=1)

    assert opened.err.startswith("warning: not loaded: broken.js:1:")
    assert closed.err.startswith("error: broken.js:1:")


# --- call and command ----------------------------------------------------------------------------------


def test_a_tool_is_called_and_its_data_stays(cli: Cli) -> None:
    """One run keeps a note, the next one finds it."""
    kept = cli("call", "plugin_note_add", "-i", '{"text": "milk"}', "-p", WORKBENCH, check=0)
    listed = cli("call", "note_list", "-p", WORKBENCH, "--json", check=0).json()

    assert re.fullmatch(r"Note kept\n[0-9a-f]{8}\n", kept.out)
    assert (listed["ok"], listed["output"], listed["plugin"]) == (True, "milk", "workbench")


def test_a_tool_that_fails_exits_with_1(cli: Cli) -> None:
    """Its error is one line on standard error, and where the author threw it."""
    ran = cli("call", "note_remove", "-i", '{"id": "none"}', "-p", WORKBENCH, check=1)

    assert ran.out == ""
    assert ran.err.startswith(
        "error: plugin_note_remove of workbench: Error: there is no note none\n"
    )
    assert re.search(r"at handler \(workbench\.ts:\d+:\d+\)", ran.err)


def test_a_blocked_tool_call_exits_with_2(cli: Cli) -> None:
    """PreToolUse holds for plugins' tools, too."""
    veto = cli.cwd / "veto.js"
    veto.write_text(
        'export default (pi) => pi.on("PreToolUse", (e) => ({ block: "not " + e.tool_name }));\n'
    )
    ran = cli("call", "note_list", "-p", WORKBENCH, "-p", "veto.js", check=2)

    assert ran.err == "blocked: plugin_note_list of workbench: not plugin_note_list\n"


def test_a_tool_without_a_handler_says_so(cli: Cli) -> None:
    """It is listed, and a call is an error."""
    ran = cli("call", "journal_export", "-p", JOURNAL, "--json", check=1).json()

    assert ran["ok"] is False
    assert "without a handler" in str(ran["error"])


def test_a_command_is_run_with_its_words_as_one_text(cli: Cli) -> None:
    """What follows the name is the command's to read."""
    echo = cli.cwd / "echo.js"
    echo.write_text(
        'export default (pi) => pi.registerCommand("echo", { handler: (args) => "<" + args + ">" });\n'
    )

    assert (
        cli("command", "echo", "-p", "echo.js", "two  words", "more", check=0).out
        == "<two  words more>\n"
    )
    assert cli("command", "/echo", "-p", "echo.js", check=0).out == "<>\n"
    assert (
        cli("command", "echo", "-p", "echo.js", "--json", "--", "--json", check=0).json()[
            "output"
        ]
        == "<--json>"
    )


# --- inspect -------------------------------------------------------------------------------------------


def test_inspect_prints_what_a_plugin_registers(cli: Cli) -> None:
    """The keys of `inspect --json`."""
    report = cli("inspect", WORKBENCH, "--json", check=0).json()

    assert (report["ok"], report["error"], report["name"]) == (True, None, "workbench")
    assert report["id"] == f"file:{WORKBENCH}"
    assert report["origin"] == WORKBENCH
    tools = report["tools"]
    assert isinstance(tools, list)
    assert {
        "name": "note_list",
        "description": "List the notes of this project",
        "tier": "read",
    } in tools
    assert "PreToolUse" in report["events"]  # type: ignore[operator]
    for key in ("commands", "flags", "shortcuts", "providers"):
        assert report[key], key
    assert report["externals"] == []
    assert report["preflight"] == []
    assert report["capabilities"] == []  # it declares none
    worker = report["worker"]
    assert isinstance(worker, dict)
    assert isinstance(worker["pid"], int)
    assert isinstance(worker["memory_bytes"], int)
    assert worker["memory_bytes"] > 1024 * 1024
    layers = worker["layers"]
    assert isinstance(layers, dict)
    assert set(layers) == set(LAYERS)
    for name in (
        "descriptors",
        "environment",
        "rlimits",
        "no_new_privs",
        "pdeathsig",
        "seccomp",
    ):
        assert layers[name]["applied"] is True, name  # type: ignore[index,call-overload]
    # Of these the kernel tells anyone; a word of the worker's is not taken for them.
    for name in ("rlimits", "no_new_privs", "capabilities", "not_dumpable", "seccomp"):
        assert layers[name]["verified_by"] != "worker", name  # type: ignore[index,call-overload]


def test_inspect_is_readable_too(cli: Cli) -> None:
    """The same for people."""
    ran = cli("inspect", WORKBENCH, check=0)

    assert ran.out.startswith("workbench ")
    assert re.search(r"^tools\s+note_add\s+write", ran.out, re.MULTILINE)
    assert re.search(r"^isolation .*no_new_privs", ran.out, re.MULTILINE)


def test_inspect_keeps_nothing(cli: Cli) -> None:
    """What a plugin writes while it is inspected is gone, and so is every cache."""
    writer = cli.cwd / "writer.js"
    writer.write_text(
        'export default async (pi) => { const was = pi.kv.get("n"); await pi.kv.set("n", 1);'
        ' pi.registerFlag("was-" + was); };\n'
    )
    for _ in range(2):
        flags = cli("inspect", "writer.js", "--json", check=0).json()["flags"]
        assert isinstance(flags, list)
        assert [flag["name"] for flag in flags] == ["was-null"]  # type: ignore[index, call-overload]

    assert not cli.home.exists()
    assert os.listdir(cli.cwd) == ["writer.js"]


@pytest.mark.parametrize("is_inspected", [True, False], ids=["inspect", "dispatch"])
def test_inspect_lets_a_plugin_reach_only_its_own(cli: Cli, is_inspected: bool) -> None:
    """Whatever the user allowed, to all or to the name that a stranger takes; the control is a plugin that runs."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text(
        '[plugin]\nmode = "permissive"\n[plugin.allow]\nfs_read = ["*"]\nfs_write = ["*"]\n'
        '[plugin.plugins.nosy.allow]\nfs_read = ["*"]\n'
    )
    (cli.cwd / "private.txt").write_text("private")
    (cli.cwd / "nosy.js").write_text("""
      import fs from "node:fs";
      const attempt = (body) => { try { return body(); } catch (error) { return error.code; } };
      const name = [
        attempt(() => fs.readFileSync("/plugin/nosy.js").length > 0),
        attempt(() => fs.readFileSync("private.txt", "utf8")),
        attempt(() => fs.writeFileSync("written.txt", "x")),
      ].join("_");
      export default (pi) => {
        pi.registerFlag(`f_${name}`, { type: "boolean", description: "d" });
        pi.on("UserPromptSubmit", () => ({ modified_prompt: name }));
      };
    """)
    if is_inspected:
        found = str(cli("inspect", "nosy.js", "--json", check=0).json()["flags"])
    else:
        dispatch = (
            "dispatch",
            "UserPromptSubmit",
            "-p",
            "nosy.js",
            "-i",
            '{"content": ""}',
            "--json",
        )
        found = str(cli(*dispatch, check=0).json()["output"])

    assert ("true_EACCES_EACCES" in found) is is_inspected, found
    assert ("true_private_" in found) is not is_inspected
    assert (cli.cwd / "written.txt").exists() is not is_inspected


def test_inspect_names_packages_that_are_not_there(cli: Cli) -> None:
    """A missing package is no error until it is used."""
    (cli.cwd / "uses.ts").write_text(
        'import x from "left-pad";\nexport default (pi: any) => pi.on("Stop", () => x());\n'
    )
    report = cli("inspect", "uses.ts", "--json", check=0).json()

    assert report["externals"] == ["left-pad"]


def test_a_directory_is_a_plugin(cli: Cli) -> None:
    """Its index is its entry."""
    folder = cli.cwd / "folder"
    folder.mkdir()
    (folder / "index.ts").write_text(
        "export default (pi: any) => { pi.on('Stop', () => undefined); };\n"
    )

    assert cli("inspect", "folder", "--json", check=0).json()["name"] == "folder"


# --- terminals, pipes, streams -------------------------------------------------------------------------


def test_a_plugin_cannot_command_the_terminal(cli: Cli) -> None:
    """Escape sequences and line breaks in what it says come out as escapes, wherever they come out."""
    (cli.cwd / "esc.js").write_text(
        r"""
        export default (pi) => {
          pi.on("PreToolUse", () => ({ block: "\x1b[2J\x9b31mred\u202e[bold]x[/bold]\nsecond" }));
          pi.registerTool({ name: "t", description: "\x1b]0;title\x07", handler: () => "a\x1b[2J\nb" });
          pi.registerCommand("c", { description: "\x1b[2J", handler: () => { throw new Error("\x1b[2J"); } });
        };
        """
    )
    runs = [
        cli("inspect", "esc.js", check=0),
        cli("inspect", "esc.js", "--json", check=0),
        cli("dispatch", "PreToolUse", "-p", "esc.js", check=2),
        cli("dispatch", "PreToolUse", "-p", "esc.js", "--json", check=2),
        cli("call", "t", "-p", "esc.js", check=2),
        cli("command", "c", "-p", "esc.js", check=1),
    ]

    for ran in runs:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err)
    assert (
        runs[2].out.splitlines()[-1].endswith(r"\x1b[2J\x9b31mred\u202e[bold]x[/bold]\nsecond")
    )


def test_pipes_get_no_colours(cli: Cli) -> None:
    """Nor does NO_COLOR, even where colours are asked for."""
    plain = cli("dispatch", "PreToolUse", "-p", GUARD, "-i", RM, check=2).out
    silenced = cli(
        "dispatch",
        "PreToolUse",
        "-p",
        GUARD,
        "-i",
        RM,
        env={"NO_COLOR": "1", "FORCE_COLOR": "1"},
        check=2,
    ).out

    assert "\x1b" not in plain
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", silenced)


def test_output_that_cannot_be_written_is_an_error(cli: Cli) -> None:
    """A full disk gives 1, not 0, not the interpreter's own 120, and never a 2 that nobody meant."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "host",
                "dispatch",
                "PreToolUse",
                "-p",
                GUARD,
                "-i",
                LS,
                "--json",
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=cli.cwd,
            env=cli.environment(),
        )

    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_crash(cli: Cli) -> None:
    """`jcode-plugin ... | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "host", "--version"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        cwd=cli.cwd,
        env=cli.environment(),
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


def test_closed_streams_are_no_trouble(cli: Cli) -> None:
    """Run without any of the three, the exit code is still the verdict."""
    words = " ".join(
        f"'{word}'"
        for word in (
            sys.executable,
            "-m",
            "host",
            "dispatch",
            "PreToolUse",
            "-p",
            GUARD,
            "-i",
            RM,
        )
    )
    done = subprocess.run(
        ["sh", "-c", f"exec {words} <&- >&- 2>&-"],
        check=False,
        cwd=cli.cwd,
        env=cli.environment(),
    )

    assert done.returncode == 2


def test_an_interrupt_ends_everything(cli: Cli) -> None:
    """Ctrl-C: the code that shells expect, no traceback, and no worker that lives on."""
    (cli.cwd / "slow.js").write_text(
        'export default (pi) => pi.registerTool({ name: "slow", description: "waits",'
        ' handler: (_, ctx) => { console.warn("waiting"); return ctx.sleep(50_000); } });\n'
    )
    with subprocess.Popen(
        [sys.executable, "-m", "host", "call", "slow", "-p", "slow.js"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cli.cwd,
        env=cli.environment(),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"WARNING [slow] waiting\n"
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)

    assert children
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert (process.returncode, rest) == (130, (b"", b""))


def test_plugins_log_to_standard_error_from_the_level_asked_for(cli: Cli) -> None:
    """JCODE_PLUGIN_LOG; warnings by default."""
    (cli.cwd / "log.js").write_text('console.log("quiet"); console.warn("loud");\n')
    normal = cli("inspect", "log.js", "--json", check=0)
    verbose = cli("inspect", "log.js", "--json", env={"JCODE_PLUGIN_LOG": "info"}, check=0)
    unknown = cli("inspect", "log.js", "--json", env={"JCODE_PLUGIN_LOG": "all"}, check=0)

    assert normal.err == "WARNING [log] loud\n"
    assert "INFO [log] quiet\n" in verbose.err
    assert unknown.err.startswith(
        "warning: JCODE_PLUGIN_LOG=all is no level; use one of debug, info, "
    )


def test_a_terminal_sees_no_escape_sequence_of_a_plugin(cli: Cli) -> None:
    """Whatever way it goes to the log: as text, in a value, as a name, in a table, in a group, from a timer's error."""
    escape = r"\u001b[31m\u009b2J\u0007\u202e"
    (cli.cwd / "log.js").write_text(
        f"const text = '{escape}'; console.warn(text); console.error('%s %o', text, {{ [text]: [text] }}); console.error(Symbol(text));"
        "console.error(new Map([[text, text]]), new Error(text)); console.group(text); console.error('in'); console.groupEnd();"
        "console.assert(false, text); console.table([{ [text]: text }]); Object.defineProperty(console.error, 'name', { value: text });"
        "pi.logger.error(text); queueMicrotask(() => { throw new TypeError(text); });\n"
    )
    shown = cli("inspect", "log.js", env={"JCODE_PLUGIN_LOG": "debug"}, check=0)

    assert shown.err.count("ERROR [log]") >= 6
    assert not set("\x1b\x9b\x07\u202e") & set(shown.err + shown.out)


# --- the program itself --------------------------------------------------------------------------------


def test_version_is_the_projects(cli: Cli) -> None:
    """Alone, and beside other words."""
    ran = cli("--version", check=0)

    assert f'version = "{ran.out.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


def test_version_needs_no_library() -> None:
    """What takes long to import is imported by the command that needs it."""
    script = (
        "import sys; sys.argv = ['jcode-plugin', '--version']; from jcode_plugin_start import main; main();"
        "print(*{'typer', 'rich', 'pydantic', 'msgspec', 'psutil'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout.splitlines()[1:] == [""]


def test_help_is_not_an_error(cli: Cli) -> None:
    """Asked for, it is output; a missing command is an error."""
    assert "dispatch" in cli("--help", check=0).out
    assert "--plugin" in cli("dispatch", "-h", check=0).out
    assert (
        cli(check=1).err
        == "error: no command was given, for example demo; see jcode-plugin --help\n"
    )


@pytest.mark.parametrize(
    ("make", "name"),
    [("worker.py", "worker"), ("ipc/__init__.py", "ipc"), ("policies/__init__.py", "policies")],
)
def test_somebody_elses_package_of_our_name_is_refused(cli: Cli, make: str, name: str) -> None:
    """The current directory comes first under `python -m`; what lies there must not run as ours."""
    theirs = cli.cwd / make
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("raise SystemExit('a stranger ran')\n")
    ran = cli("--version", check=1)

    assert ran.out == ""
    assert "a stranger ran" not in ran.err
    place = theirs if theirs.parent == cli.cwd else theirs.parent
    assert ran.err.startswith(
        f"error: the package {name} resolves to {place}, not to {ROOT / name}; "
    )


def test_completions_of_a_command_are_printed(cli: Cli) -> None:
    """A line each, harmless for terminals; nothing runs."""
    path = cli.cwd / "deploy.js"
    path.write_text(
        'pi.registerCommand("deploy", { handler: () => "ran", getArgumentCompletions: (p) => '
        '["prod", { value: "pre\\x1b[2J", description: "a\\nb" }].filter((v) => (v.value ?? v).startsWith(p)) });'
    )
    words = ("command", "deploy", "pr", "--complete", "--plugin", "deploy.js")
    ran = cli(*words, check=0)
    assert ran.out.splitlines()[0] == "prod"
    assert "\x1b" not in ran.out
    assert len(ran.out.splitlines()) == 2
    completions = cli(*words, "--json", check=0).json()["completions"]
    assert isinstance(completions, list)
    assert completions[0] == {"value": "prod", "label": "prod", "description": ""}
