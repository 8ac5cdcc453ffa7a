"""Bad input: exit code 1, never 2, and one line that says what, where and what to do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli_support import EXAMPLES, ROOT, Cli

GUARD = str(EXAMPLES / "guard.ts")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs in an empty project with an empty home."""
    project = tmp_path / "project"
    project.mkdir()
    return Cli(project, tmp_path / "home")


@pytest.mark.parametrize("words", [("tui",), ("list",), ("check", "a.js")])
def test_a_directory_that_is_gone_is_named_as_what_it_is(
    cli: Cli, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The system says no more than that some file is not there."""
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", sys.executable, "-m", "host", *words],
        cwd=gone,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JCODE_HOME": str(cli.home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == "error: the current directory is gone; cd to one that is there\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("frobnicate",), "No such command 'frobnicate'"),
        (("--frobnicate",), "No such option: --frobnicate"),
        (("inspect",), "Missing argument 'PATH'"),
        (("inspect", "a", "b"), "Got unexpected extra argument"),
        (("dispatch",), "Missing argument 'EVENT'"),
        (("dispatch", "Stop", "-i"), "Option '-i' requires an argument"),
        (("dispatch", "Stop", "--json=yes"), "Option '--json' does not take a value"),
        (("call", "x", "--nope"), "No such option: --nope"),
    ],
)
def test_usage_errors_exit_with_1(cli: Cli, words: tuple[str, ...], told: str) -> None:
    """2 is the libraries' own code for these, and ours for a veto."""
    ran = cli(*words, check=1)

    assert ran.out == ""
    # The words in front are the library's; some releases add what they think was meant.
    assert re.fullmatch(
        rf"error: {re.escape(told)}.*; see jcode-plugin( \w+)? --help\n", ran.err
    )


def test_an_unknown_event_comes_with_the_nearest_names(cli: Cli) -> None:
    """Or with all of them, when none is near."""
    near = cli("dispatch", "pretooluze", check=1).err
    far = cli("dispatch", "xyzzy", check=1).err
    number = cli("dispatch", "11", check=1).err

    assert re.match(
        r"error: unknown event 'pretooluze'; did you mean PreToolUse\b.*\?\n\Z", near
    )
    assert re.match(
        r"error: unknown event 'xyzzy'; the events are PreToolUse, .*Notification, .*ModelSelect\n\Z",
        far,
    )
    assert number.startswith("error: unknown event 11")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"a": 1,}', r"standard input:1:\d+: malformed JSON: .* \(line 1, column \d+\)"),
        (b'{\n  "a": oops\n}', r"standard input:2:8: malformed JSON: .* \(line 2, column 8\)"),
        (b"", r"standard input:1:1: malformed JSON: expecting value \(line 1, column 1\)"),
        (
            b'{"a": "NaN", "b": NaN}',
            r"standard input:1:19: malformed JSON: NaN is not JSON \(line 1, column 19\)",
        ),
        (b"{} {}", r"standard input:1:4: malformed JSON: extra data \(line 1, column 4\)"),
        (b'{"a":\n"\xff"}', r"standard input:2:2: not UTF-8"),
        (b"[1, 2]", r"standard input holds an array, not an object"),
        (b"null", r"standard input holds null, not an object"),
        (b"[" * 100_000, r"standard input: malformed JSON: nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", r"standard input: malformed JSON: .*digits"),
    ],
)
def test_malformed_json_is_located(cli: Cli, data: bytes, error: str) -> None:
    """Line and column, and no plugin is started for it."""
    ran = cli(
        "dispatch", "PreToolUse", "-p", "not-looked-at.ts", "-i", "-", stdin=data, check=1
    )

    assert re.match(rf"error: {error}; [^\n]+\n\Z", ran.err), ran.err
    assert ran.out == ""


def test_malformed_json_of_an_argument_and_a_file(cli: Cli) -> None:
    """The same, with their own names."""
    (cli.cwd / "bad.json").write_text('{\n"a"')
    argument = cli("call", "x", "-i", "{nope", check=1).err
    file = cli("call", "x", "-i", "@bad.json", check=1).err

    assert argument.startswith("error: input:1:2: malformed JSON: ")
    assert file.startswith("error: bad.json:2:4: malformed JSON: ")


def test_an_input_file_that_cannot_be_read(cli: Cli) -> None:
    """Missing, or a directory."""
    missing = cli("dispatch", "Stop", "-i", "@none.json", check=1).err
    folder = cli("dispatch", "Stop", "-i", "@.", check=1).err
    nameless = cli("dispatch", "Stop", "-i", "@", check=1).err

    assert (
        missing
        == "error: cannot read none.json: No such file or directory; give -i a JSON object, @FILE, or - for standard input\n"
    )
    assert folder.startswith("error: cannot read .: Is a directory; ")
    assert nameless.startswith("error: cannot read a file without a name: ")


@pytest.mark.parametrize(
    "command",
    [("inspect",), ("dispatch", "Stop", "-p"), ("call", "x", "-p"), ("command", "x", "-p")],
)
def test_a_missing_plugin_is_named(cli: Cli, command: tuple[str, ...]) -> None:
    """By every command that loads one."""
    ran = cli(*command, "none.ts", check=1)

    assert ran.err == "error: no such file or directory: none.ts; check the path\n"


def test_a_directory_without_an_entry(cli: Cli) -> None:
    """What could have been one is said."""
    (cli.cwd / "empty").mkdir()
    ran = cli("inspect", "empty", check=1)

    assert re.match(
        r"error: empty has no entry: .*index\.ts.*; add an entry, or name the plugin's file\n\Z",
        ran.err,
    )


def test_a_file_that_is_no_plugin(cli: Cli) -> None:
    """By its ending."""
    (cli.cwd / "notes.txt").write_text("x")

    assert "notes.txt is not a plugin file" in cli("inspect", "notes.txt", check=1).err


def test_a_syntax_error_shows_its_line(cli: Cli) -> None:
    """File, line, column, the line itself, and a caret beneath the place."""
    folder = cli.cwd / "plugin"
    folder.mkdir()
    (folder / "index.ts").write_text(
        'import { x } from "./lib";\nexport default (pi: any) => x;\n'
    )
    (folder / "lib.ts").write_text("export const x = 1;\n\tconst y = ;\n")
    ran = cli("inspect", "plugin", check=1)

    first, source, caret = ran.err.splitlines()
    assert re.fullmatch(r"error: plugin/lib\.ts:2:10: .+; correct this line", first)
    assert source == "  2 |  const y = ;"
    assert source[caret.index("^")] == "="


def test_an_import_that_leads_nowhere(cli: Cli) -> None:
    """The import is shown."""
    (cli.cwd / "lost.ts").write_text(
        '\nimport { x } from "./nowhere";\nexport default () => x;\n'
    )
    ran = cli("inspect", "lost.ts", check=1)

    assert re.match(
        r'error: lost\.ts:2:\d+: cannot find "\./nowhere"; add the missing file or correct the import\n',
        ran.err,
    )
    assert '  2 | import { x } from "./nowhere";\n' in ran.err


def test_a_plugin_that_throws_while_loading_shows_its_stack(cli: Cli) -> None:
    """The author's frames, none of ours, and nothing that a terminal obeys."""
    (cli.cwd / "throws.ts").write_text(
        'interface A { a: string }\nfunction inner(_: A) {\n  throw new RangeError("no \\x1b[2Jluck");\n}\n'
        'export default function (pi: any) {\n  inner({ a: "" });\n}\n'
    )
    ran = cli("inspect", "throws.ts", check=1)

    first, source, caret, *stack = ran.err.splitlines()
    assert re.fullmatch(
        r"error: throws\.ts:3:\d+: .*RangeError: no \\x1b\[2Jluck; correct the plugin", first
    )
    assert source == '  3 |   throw new RangeError("no \\\\x1b[2Jluck");'.replace("\\\\", "\\")
    assert caret.endswith("^")
    assert [re.sub(r":\d+:\d+\)", ")", frame) for frame in stack] == [
        "  at inner (throws.ts)",
        "  at default (throws.ts)",
    ]


def test_a_stack_cannot_name_files_outside_of_the_plugin(cli: Cli) -> None:
    """A stack is whatever the plugin says; only its own files are quoted."""
    (cli.cwd / "secret.txt").write_text("the secret\n")
    folder = cli.cwd / "plugin"
    folder.mkdir()
    for place in ("../secret.txt", str(cli.cwd / "secret.txt"), "link"):
        (folder / "index.js").write_text(
            f'const e = new Error("x"); Object.defineProperty(e, "stack", {{ value: "    at f ({place}:1:1)" }}); throw e;\n'
        )
        if not (folder / "link").is_symlink():
            (folder / "link").symlink_to("../secret.txt")
        ran = cli("inspect", "plugin", "--json", check=1)
        assert "the secret" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            "export default 42;",
            "default export is neither a function nor an object with metadata",
        ),
        ("nowhere();", "nowhere is not defined"),
        ("export default async () => { await null; throw new Error('late'); };", "late"),
    ],
)
def test_what_else_goes_wrong_while_loading(cli: Cli, source: str, error: str) -> None:
    """One line, with the file."""
    (cli.cwd / "p.js").write_text(source + "\n")
    ran = cli("inspect", "p.js", check=1)

    first = ran.err.splitlines()[0]
    assert first.startswith("error: p.js")
    assert error in first
    assert first.endswith("; correct the plugin")


def test_errors_under_json_are_an_object_too(cli: Cli) -> None:
    """On standard output, beside the line on standard error: for a plugin, for input, for usage."""
    (cli.cwd / "bad.js").write_text("const = 1;\n")
    plugin = cli("inspect", "bad.js", "--json", check=1)
    given = cli("dispatch", "Stop", "--json", "-i", "[]", check=1)
    usage = cli("inspect", "--json", check=1)
    tool = cli("call", "note_ad", "-p", str(EXAMPLES / "workbench.ts"), "--json", check=1)
    invalid = cli(
        "call",
        "note_add",
        "-p",
        str(EXAMPLES / "workbench.ts"),
        "--json",
        "-i",
        '{"text": 1}',
        check=1,
    )

    for ran in (plugin, given, usage, tool, invalid):
        report = ran.json()
        assert report["ok"] is False
        assert ran.err.startswith(f"error: {report['error']}\n")
    report = plugin.json()
    assert (report["code"], report["path"], report["line"]) == ("E_SYNTAX", "bad.js", 1)
    assert report["source_line"] == "const = 1;"
    assert tool.json()["code"] == "E_NO_TOOL"
    assert "did you mean plugin_note_add" in tool.err
    assert invalid.json()["code"] == "E_INVALID"


def test_an_unknown_command_lists_what_there_is(cli: Cli) -> None:
    """Names of the registered ones."""
    ran = cli("command", "nope", "-p", str(EXAMPLES / "journal.js"), check=1)

    assert ran.err == "error: there is no command 'nope'; registered: journal\n"


def test_a_configuration_that_is_wrong_stops_everything(cli: Cli) -> None:
    """File, line, and what to do; a key that is not known is a warning."""
    cli.home.mkdir()
    config = cli.home / "config.toml"
    config.write_text("[plugin]\nfail_closed = 3\n")
    wrong = cli("dispatch", "Stop", "-p", GUARD, check=1).err
    config.write_text("[plugin]\nfail_close = true\n")
    odd = cli("dispatch", "Stop", "-p", GUARD, check=0).err

    assert wrong.startswith(f"error: {config}:2: plugin.fail_closed: ")
    assert odd.startswith(f"warning: {config}:2: ")


def test_a_mistake_of_ours_exits_with_1(cli: Cli, tmp_path: Path) -> None:
    """No traceback unless it is asked for, and no code that means a veto."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import host.cli.calling as c\ndef broken(*_, **__): raise KeyError('x\\x1b[2J')\nc.run_dispatch = broken\n"
    )
    env = {"PYTHONPATH": f"{site}:{cli.environment()['PYTHONPATH']}"}
    ran = cli("dispatch", "Stop", env=env, check=1)
    told = cli("dispatch", "Stop", env=env | {"JCODE_PLUGIN_LOG": "debug"}, check=1)

    assert re.match(r"error: KeyError: .*; this is a mistake of jcode-plugin: .*\n\Z", ran.err)
    assert "\x1b" not in ran.err + told.err
    assert "Traceback" in told.err
