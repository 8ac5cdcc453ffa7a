"""``pi.env`` through real workers: what is granted, and nothing else."""

from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.outcome import Json
from tests.integration.host_support import plugin

READS = plugin("""
  const told = (run) => { try { return { output: run() ?? "(unset)" }; } catch (e) { return { output: e.code ?? e.name }; } };
  pi.registerCommand("get", { handler: (name) => told(() => pi.env.get(name)) });
  pi.registerCommand("list", { handler: () => told(() => pi.env.list()) });
  pi.registerCommand("odd", { handler: () => told(() => pi.env.get(5)) });
""")

VARIABLES = {
    "LANG": "C",
    "LC_ALL": "de_DE.UTF-8",
    "LC_TOKEN": "secret",
    "EMPTY": "",
    "ODD": "\udcff\u20ac",
    "HOME": "/home/ada",
}


@pytest.fixture
def host(tmp_path: Path) -> BlockingPluginHost:
    """A workspace with some variables, of which few may be read."""
    config = Config(
        allow={"env": ("LANG", "LC_*", "EMPTY", "ODD", "MISSING")}, deny={"env": ("*TOKEN*",)}
    )
    made = BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home")
    made.workspace.variables = VARIABLES
    return made


def run(host: BlockingPluginHost, name: str, args: str = "") -> Json:
    result = host.run_command(name, args)
    assert result.ok, result.error
    return result.output


def test_only_what_is_granted_is_read(host: BlockingPluginHost, tmp_path: Path) -> None:
    """At once; what is not set is undefined, what may not be read is an error, and the list holds the first alone."""
    (tmp_path / "reads.js").write_text(READS)
    with host:
        host.load(tmp_path / "reads.js")
        found = {
            name: run(host, "get", name)
            for name in ("LANG", "LC_ALL", "EMPTY", "ODD", "MISSING", "LC_TOKEN", "HOME")
        }
        listed = run(host, "list")
        odd = run(host, "odd")
        denied = [
            entry.data["target"]
            for entry in host.audit.recent(100, kind=Kind.DECISION)
            if entry.data is not None
            and entry.data["capability"] == "env"
            and entry.data["decision"] == "deny"
        ]

    assert found == {
        "LANG": "C",
        "LC_ALL": "de_DE.UTF-8",
        "EMPTY": "",
        "ODD": "\ufffd\u20ac",
        "MISSING": "(unset)",
        "LC_TOKEN": "E_DENIED",
        "HOME": "E_DENIED",
    }
    assert listed == ["EMPTY", "LANG", "LC_ALL", "ODD"]
    assert odd == "TypeError"
    assert denied == ["LC_TOKEN", "HOME"]


def test_the_host_s_own_variables_are_what_a_host_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without a workspace's own, it is this process's environment; a worker has none of it."""
    monkeypatch.setenv("JCODE_TEST_SEEN", "yes")
    (tmp_path / "reads.js").write_text(READS)
    config = Config(allow={"env": ("JCODE_TEST_*",)})
    with BlockingPluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(tmp_path / "reads.js")

        assert run(host, "get", "JCODE_TEST_SEEN") == "yes"
        assert run(host, "list") == ["JCODE_TEST_SEEN"]
