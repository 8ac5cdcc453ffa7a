"""Node's process and os in real workers: of the machine, what was granted and no more."""

import json
from pathlib import Path

from host import BlockingPluginHost, Config
from host.outcome import Json
from tests.integration.host_support import plugin

READS = 'import os from "node:os"; import process from "node:process";\n' + plugin("""
  const shown = () => ({
    home: os.homedir(), tmp: os.tmpdir(), user: os.userInfo().username, host: os.hostname(), cwd: process.cwd(), pid: process.pid,
    HOME: process.env.HOME ?? null, TOKEN: process.env.TOKEN ?? null, has: ["HOME", "TOKEN"].map((name) => name in process.env),
    keys: Object.keys(process.env).sort(), copy: { ...process.env },
  });
  pi.registerCommand("show", { handler: () => ({ output: JSON.stringify(shown()) }) });
  pi.registerCommand("set", { handler: () => { process.env.TOKEN = "mine"; delete process.env.HOME; return { output: JSON.stringify(shown()) }; } });
  pi.registerCommand("write", { handler: () => { process.stdout.write("half "); process.stdout.write("line\\nnext\\n"); process.stderr.write("bad\\n"); return { output: "" }; } });
  pi.registerCommand("exit", { handler: () => process.exit(2) });
""")

VARIABLES = {"HOME": "/home/ada", "TMPDIR": "/var/tmp/", "USER": "ada", "TOKEN": "secret"}


def show(tmp_path: Path, names: tuple[str, ...], command: str = "show") -> dict[str, Json]:
    """What the plugin finds when it may read the variables *names*."""
    (tmp_path / "reads.js").write_text(READS)
    made = BlockingPluginHost(
        Config(allow={"env": names} if names else {}),
        project_dir=tmp_path,
        home=tmp_path / "state",
    )
    made.workspace.variables = VARIABLES
    with made as host:
        host.load(tmp_path / "reads.js")
        result = host.run_command(command, "")
    assert result.ok, result.error
    found = json.loads(str(result.output))
    assert isinstance(found, dict)
    return found


def test_what_is_granted_is_there(tmp_path: Path) -> None:
    """The control: with the names granted, home and the directory for temporary files are the user's."""
    found = show(tmp_path, ("HOME", "TMPDIR", "USER"))

    assert found["home"] == found["HOME"] == "/home/ada"
    assert (found["tmp"], found["user"]) == ("/var/tmp", "ada")
    assert found["keys"] == ["HOME", "TMPDIR", "USER"]
    assert found["copy"] == {"HOME": "/home/ada", "TMPDIR": "/var/tmp/", "USER": "ada"}
    assert (found["TOKEN"], found["has"]) == (None, [True, False])


def test_without_a_grant_nothing_of_the_machine_shows(tmp_path: Path) -> None:
    """Home is the plugin's own directory, and there are no variables at all."""
    found = show(tmp_path, ())
    text = repr(found)

    assert (found["HOME"], found["TOKEN"], found["keys"], found["copy"]) == (None, None, [], {})
    assert found["home"] == found["tmp"]
    assert str(found["home"]).startswith(str(tmp_path / "state"))
    assert (found["user"], found["host"], found["cwd"]) == (
        "plugin",
        "localhost",
        str(tmp_path),
    )
    assert not any(secret in text for secret in ("/home/ada", "secret", "/var/tmp"))


def test_what_a_plugin_sets_stays_with_it(tmp_path: Path) -> None:
    """It may also forget what it was granted."""
    found = show(tmp_path, ("HOME",), "set")

    assert (found["TOKEN"], found["HOME"], found["keys"]) == ("mine", None, ["TOKEN"])
    assert VARIABLES["TOKEN"] == "secret"


def test_leaving_is_an_error_of_the_call(tmp_path: Path) -> None:
    """The worker lives on and answers the next call; its output is its log, by lines."""
    (tmp_path / "reads.js").write_text(READS)
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "state") as host:
        host.load(tmp_path / "reads.js")
        left = host.run_command("exit", "")
        wrote = host.run_command("write", "")

    assert not left.ok
    assert "process.exit(2)" in str(left.error)
    assert wrote.ok
