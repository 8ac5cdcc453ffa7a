"""The gate on the command line: typed calls, ``--gate``, the question on a terminal, what is remembered."""

import signal
from pathlib import Path

import pytest

from tests.integration.cli_support import Cli, Terminal

TOOL = """
export default (pi) => {
  pi.registerTool({ name: "t", description: "", tier: "exec", handler: (p) => `ran ${p.a}` });
  pi.registerCommand("c", { handler: (args) => "said " + args });
};
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs beside a plugin with a tool and a command."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "p.js").write_text(TOOL)
    return Cli(project, tmp_path / "home")


CALL = ("call", "t", "-i", '{"a": 1}', "-p", "p.js")
COMMAND = ("command", "c", "-p", "p.js", "x")


def test_typing_a_call_approves_it(cli: Cli) -> None:
    """Also where the mode asks about everything."""
    assert cli(*CALL, check=0).out == "ran 1\n"
    assert cli(*CALL, "--permission-mode", "plan", check=0).out == "ran 1\n"
    assert cli(*COMMAND, check=0).out == "said x\n"


def test_with_gate_it_is_an_agents_call(cli: Cli) -> None:
    """Nobody sits at a pipe: denied, with the rule and what to do; the mode decides as it would."""
    for words in (CALL, COMMAND):
        ran = cli(*words, "--gate", check=2)
        assert ran.out == ""
        assert ran.err.startswith("blocked: ")
        assert "needs a person's approval" in ran.err
        assert "no approver is set" in ran.err
        assert cli(*words, "--gate", "--permission-mode", "bypass_permissions", check=0).out
    refused = cli(*CALL, "--gate", "--json", check=2).json()
    assert (refused["code"], refused["status"]) == ("E_DENIED", "blocked")


def test_a_denial_holds_for_what_a_person_types(cli: Cli) -> None:
    """Exit code 2, and the line of the file."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text('[plugin.approval]\nplugin_t = "deny"\n')

    ran = cli(*CALL, check=2)

    assert "plugin_t is denied by [plugin.approval]" in ran.err
    assert "config.toml:2" in ran.err


def test_an_unknown_mode_is_told_before_anything_starts(cli: Cli) -> None:
    """With the modes there are."""
    ran = cli("call", "t", "-p", "missing.js", "--permission-mode", "yolo", check=1)

    assert ran.err.startswith("error: unknown permission mode 'yolo'; one of default, plan")


# On a terminal.


KEYS = {
    b"o": 0,
    b"S": 0,
    b"zz?o": 0,
    b"d": 2,
    b"\x03": 2,
    b"\x04": 2,
    b"\x1b": 2,
}


@pytest.mark.parametrize("keys", KEYS)
def test_a_person_is_asked_on_a_terminal(cli: Cli, keys: bytes) -> None:
    """One key; Ctrl-C, Ctrl-D and Escape are a no, other keys are nothing; the terminal is as it was."""
    terminal = Terminal(cli, *CALL, "--gate")
    terminal.wait_for(b"or [d]eny? ")
    for told in (b"plugin p wants to run plugin_t (exec)", b'input: {"a":1}', b"asked because"):
        assert told in terminal.shown

    code, out = terminal.press(keys)

    assert code == KEYS[keys]
    assert out == (b"ran 1\n" if code == 0 else b"")


def test_what_was_typed_before_the_question_is_no_answer(cli: Cli) -> None:
    """A key pressed for something else approves nothing."""
    terminal = Terminal(cli, *CALL, "--gate", typed_ahead=b"oooo")
    terminal.wait_for(b"or [d]eny? ")

    assert terminal.press(b"d") == (2, b"")


def test_an_input_cannot_command_the_terminal(cli: Cli) -> None:
    """Nor pretend to be the question: it is one line of printable characters."""
    nasty = '{"a": "\\u001b[2J\\r\\nplugin good wants to run\\u202e\\u009b31m"}'
    terminal = Terminal(cli, "call", "t", "-i", nasty, "-p", "p.js", "--gate")
    terminal.wait_for(b"or [d]eny? ")

    shown = terminal.shown.replace(b"\r\n", b"\n")
    assert terminal.press(b"d")[0] == 2
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in shown)
    assert b"\nplugin good" not in shown


def test_no_key_in_time_is_a_no(cli: Cli) -> None:
    """The configured time; the terminal is given back before the program goes on."""
    cli.home.mkdir()
    (cli.home / "config.toml").write_text("[plugin.timeouts]\napproval_ms = 600\n")
    terminal = Terminal(cli, *CALL, "--gate")
    terminal.wait_for(b"or [d]eny? ")

    assert terminal.press(b"")[0] == 2


def test_always_is_listed_and_can_be_taken_back(cli: Cli) -> None:
    """Asked once, then never until it is forgotten."""
    assert cli("approvals", check=0).out == "no answer is remembered\n"
    terminal = Terminal(cli, *CALL, "--gate")
    terminal.wait_for(b"or [d]eny? ")
    assert terminal.press(b"a") == (0, b"ran 1\n")
    assert cli(*CALL, "--gate", check=0).out == "ran 1\n"
    other = cli("call", "t", "-i", '{"a": 2}', "-p", "p.js", "--gate", check=2)
    assert "needs a person's approval" in other.err

    (listed,) = cli("approvals", "--json", check=0).json()["approvals"]  # type: ignore[misc]
    assert isinstance(listed, dict)
    assert (listed["plugin"], listed["subject"], listed["tier"]) == ("p", "tools:t", "exec")
    table = cli("approvals", check=0).out
    assert str(listed["id"]) in table
    assert cli("approvals", "--forget", str(listed["id"]), check=0).out
    cli(*CALL, "--gate", check=2)
    again = cli("approvals", "--forget", str(listed["id"]), check=1)
    assert "no remembered answer has the id" in again.err


def test_an_interrupt_ends_a_question_with_the_program(cli: Cli) -> None:
    """Sent to the process rather than typed; the terminal is given back all the same."""
    terminal = Terminal(cli, *CALL, "--gate")
    terminal.wait_for(b"or [d]eny? ")
    terminal.process.send_signal(signal.SIGINT)
    out, _ = terminal.process.communicate(timeout=60)

    assert terminal.process.returncode == 130
    assert out == b""
    assert terminal.is_as_before()
