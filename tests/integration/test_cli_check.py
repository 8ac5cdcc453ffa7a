"""``check``: manifest, decisions and findings of a plugin that is not run; exit codes 0, 1, 2, 3."""

import json
from pathlib import Path

import pytest

from host.outcome import Json, JsonObject
from tests.integration.cli_support import EXAMPLES, Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line with a home of the test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return Cli(tmp_path / "work", tmp_path / "home")


def package(root: Path, manifest: JsonObject, source: str = "") -> Path:
    """Write a package."""
    root.mkdir()
    (root / "package.json").write_text(
        json.dumps({"name": "guard", "jcode-plugin": {"v2": manifest}}, indent=1)
    )
    (root / "index.ts").write_text(source)
    return root


CAPABILITIES: JsonObject = {
    "fs_read": ["src", "$HOME/.ssh/id_rsa", "{a,b}"],
    "http_hosts": ["*.acme.dev:8443"],
    "shell_commands": ["git status"],
    "events": {"PreToolUse": ["veto"], "PermissionRequest": ["decide"]},
}


def verdicts(ran: JsonObject) -> dict[str, tuple[Json, Json]]:
    """By kind and pattern: the verdict and the layer."""
    found: dict[str, tuple[Json, Json]] = {}
    capabilities = ran["capabilities"]
    assert isinstance(capabilities, list)
    for item in capabilities:
        assert isinstance(item, dict)
        decision = item["decision"]
        told = (
            (decision["verdict"], decision["layer"])
            if isinstance(decision, dict)
            else (None, None)
        )
        found[f"{item['kind']} {item['pattern']}"] = told
    return found


def test_every_declared_capability_has_its_decision(cli: Cli, tmp_path: Path) -> None:
    """By whom, with the line that asks and the line that decides."""
    root = package(tmp_path / "guard", {"capabilities": CAPABILITIES})
    config = cli.home / "config.toml"
    config.write_text('[plugin.plugins.guard.allow]\nhttp_hosts = ["*.acme.dev:*"]\n')
    ran = cli("check", str(root), "--json", check=0).json()

    assert verdicts(ran) == {
        "fs_read src": ("allow", 3),
        "fs_read $HOME/.ssh/id_rsa": ("deny", 0),
        "fs_read {a,b}": (None, None),
        "http_hosts *.acme.dev:8443": ("allow", 3),
        "shell git status": ("ask", 5),
        "events PreToolUse:observe": ("allow", 3),
        "events PreToolUse:veto": ("allow", 3),
        "events PermissionRequest:observe": ("allow", 3),
        "events PermissionRequest:decide": ("ask", 5),
    }
    assert ran["asks"] == ["shell git status", "events PermissionRequest:decide"]
    hosts = ran["capabilities"][3]  # type: ignore[index,call-overload]
    assert hosts["source"] == f"manifest {root}/package.json:12"  # type: ignore[index,call-overload]
    assert hosts["decision"]["source"] == f"{config}:2"  # type: ignore[index,call-overload]
    assert hosts["example"] == "x.acme.dev:8443"  # type: ignore[index,call-overload]


def test_without_anybody_to_ask_it_is_denied(cli: Cli, tmp_path: Path) -> None:
    """The same decision, alone."""
    root = package(tmp_path / "guard", {"capabilities": {"shell_commands": ["git status"]}})
    (item,) = cli("check", str(root), "--json", check=0).json()["capabilities"]  # type: ignore[misc]

    assert item["decision"]["verdict"] == "ask"  # type: ignore[index,call-overload]
    assert item["verdict_unattended"] == "deny"  # type: ignore[index,call-overload]


def test_our_own_state_is_protected_where_it_really_is(cli: Cli, tmp_path: Path) -> None:
    """Checked in a scratch host, but against the user's own directory."""
    pattern = f"{cli.home}/config.toml"
    root = package(tmp_path / "guard", {"capabilities": {"fs_write": [pattern]}})
    ran = cli("check", str(root), "--json", check=0).json()

    assert verdicts(ran)[f"fs_write {pattern}"] == ("deny", 0)


def test_the_manifest_is_told_whole(cli: Cli) -> None:
    """Where it came from and what is in it."""
    ran = cli("check", str(EXAMPLES / "workbench.ts"), "--json", check=0).json()
    manifest = ran["manifest"]
    assert isinstance(manifest, dict)

    assert (manifest["origin"], manifest["file"]) == (
        "export const manifest",
        str(EXAMPLES / "workbench.ts"),
    )
    assert (ran["name"], ran["version"], manifest["tier"]) == ("workbench", "1.0.0", "read")
    assert ran["ok"] is True


def test_nothing_of_the_plugin_runs(cli: Cli, tmp_path: Path) -> None:
    """Not even code that would fail at once; the control is inspect, which loads it."""
    root = package(tmp_path / "guard", {}, "throw new Error('it ran');")
    assert "it ran" in cli("inspect", str(root), check=1).err

    cli("check", str(root), check=0)


def test_a_plugin_that_preflight_blocks_exits_with_2(cli: Cli, tmp_path: Path) -> None:
    """The findings are there all the same; the operator's trust lifts the block."""
    root = package(tmp_path / "guard", {}, 'pi.exec("rm", ["-rf", "/"]);')
    ran = cli("check", str(root), "--json", check=2).json()

    assert (ran["ok"], ran["blocked"]) == (False, True)
    assert [finding["rule"] for finding in ran["preflight"]][:1] == ["destructive-shell"]  # type: ignore[union-attr,index,call-overload]
    assert "blocked by preflight" in cli("check", str(root), check=2).out

    (cli.home / "config.toml").write_text("[plugin.plugins.guard]\ntrusted = true\n")

    assert cli("check", str(root), "--json", check=0).json()["blocked"] is False


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("export const manifest = {\n tier: 'root' };", "p.ts:2: tier: must be 'read', 'write' or 'exec', not 'root'; correct it"),
        ("export const manifest = {\n tier: pick() };", "p.ts:2:8: a manifest is read without being run, so a call cannot stand in it; write literals"),
        ("export const manifest = { engines: { jcode: '^3' } };", "p.ts:1: engines.jcode wants '^3', and this is 0.30; update jcode-plugins, or the plugin"),
        ("export const manifest = {", "p.ts:1:"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_exits_with_1(cli: Cli, source: str, told: str) -> None:
    """One line with the place, in both forms."""
    (cli.cwd / "p.ts").write_text(source)
    ran = cli("check", "p.ts", "--json", check=1)

    assert ran.err.startswith(f"error: {told}")
    assert ran.json()["ok"] is False
    assert str(ran.json()["error"]).startswith(told)


def test_a_switch_exits_with_3(cli: Cli) -> None:
    """With plugins off no plugin file is read."""
    ran = cli("check", "nowhere.ts", env={"JCODE_DISABLE_PLUGINS": "1"}, check=3)

    assert "JCODE_DISABLE_PLUGINS" in ran.err


def test_text_of_the_plugin_is_harmless_for_a_terminal(cli: Cli, tmp_path: Path) -> None:
    """Names, patterns, descriptions and keys are the plugin's words."""
    evil = "\x1b]0;owned\x07\u202e"
    root = package(
        tmp_path / "guard",
        {
            "name": f"g{evil}",
            "description": evil,
            f"k{evil}": 1,
            "capabilities": {"env_read": [f"A{evil}"], "fs_read": [f"b{evil}"]},
            "settings": {f"s{evil}": {"type": "string"}},
            "features": {f"f{evil}": {}},
            "tags": [evil],
        },
    )
    ran = cli("check", str(root), check=0)

    assert "owned" in ran.out
    assert all(character.isprintable() for character in ran.out.replace("\n", ""))


def test_inspect_tells_the_capabilities_too(cli: Cli, tmp_path: Path) -> None:
    """The same items as check."""
    root = package(tmp_path / "guard", {"capabilities": CAPABILITIES})
    checked = cli("check", str(root), "--json", check=0).json()
    inspected = cli("inspect", str(root), "--json", check=0).json()

    assert inspected["capabilities"] == checked["capabilities"]
