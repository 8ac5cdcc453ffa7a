"""``install`` and ``update`` from a registry: a loopback one, real commands, plugins that answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.outcome import JsonObject
from tests.integration.cli_support import Cli, InProcess
from tests.support.registry import LoopbackRegistry, loopback_registry, pack

WORD = "export default (word) => `${word} by words@VERSION`;\n"
GUARD = """
import say from "words";
export default (pi) => pi.on("PreToolUse", () => ({ block: say("guard VERSION") }));
"""
MANIFEST: JsonObject = {"schema": "jcode-plugin.v2", "capabilities": {"events": ["PreToolUse"]}}


@pytest.fixture
def registry() -> Iterator[LoopbackRegistry]:
    """Has guard 1.0.0, which needs words."""
    with loopback_registry() as made:
        publish(made, "1.0.0", "1.0.0")
        yield made


@pytest.fixture
def cli(tmp_path: Path, registry: LoopbackRegistry) -> Cli:
    """A user whose configuration names that registry, in a checkout that names another."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / "config.toml").write_text(
        f"[plugin.install]\nregistry = '{registry.url}'\n"
    )
    (tmp_path / "work" / ".npmrc").write_text("registry=http://127.0.0.1:9/\n")
    return InProcess(tmp_path / "work", tmp_path / "home")


def publish(registry: LoopbackRegistry, version: str, words: str) -> None:
    registry.publish("words", words, {"index.js": WORD.replace("VERSION", words)})
    registry.publish(
        "guard",
        version,
        {"index.js": GUARD.replace("VERSION", version)},
        dependencies={"words": words},
        inside={"type": "module", "jcode-plugin": MANIFEST},
    )


def said(cli: Cli) -> object:
    """What the installed guard answers."""
    ran = cli("dispatch", "PreToolUse", "-i", '{"tool_name": "x", "tool_input": {}}', "--json")
    output = ran.json()["output"]
    return output.get("block") if isinstance(output, dict) else ran


def installed(cli: Cli) -> JsonObject:
    plugins = cli("list", "--json", check=0).json()["plugins"]
    assert isinstance(plugins, list)
    (one,) = plugins
    assert isinstance(one, dict)
    return one


def test_from_a_registry(cli: Cli, registry: LoopbackRegistry) -> None:
    """With what it needs; updates stay in the range that was named; what is wrong leaves what runs."""
    ran = cli("install", "guard@^1", "--yes", check=0)
    assert "the registry's signature holds for all 2 packages" in ran.out + ran.err
    assert said(cli) == "guard 1.0.0 by words@1.0.0"
    row = installed(cli)
    assert (row["version"], row["type"], row["source"]) == ("1.0.0", "npm", "npm:guard@^1")

    asked = len(registry.requests)
    cli("update", "guard", "--yes", check=0)
    assert [r.path for r in registry.requests[asked:]] == [
        "/guard"
    ]  # it says that there is nothing newer

    publish(registry, "1.1.0", "2.0.0")
    publish(registry, "2.0.0", "3.0.0")
    cli("update", "guard", "--yes", check=0)
    assert said(cli) == "guard 1.1.0 by words@2.0.0"

    publish(registry, "1.2.0", "4.0.0")
    evil = {
        "package.json": json.dumps({"name": "words", "version": "4.0.0"}),
        "index.js": "evil",
    }
    registry.archives[registry.archive_path("words", "4.0.0")] = pack(evil)
    ran = cli("update", "guard", "--yes", "--json", check=1)
    assert "E_INTEGRITY" in ran.out
    assert said(cli) == "guard 1.1.0 by words@2.0.0"


def test_what_is_not_there(cli: Cli, registry: LoopbackRegistry) -> None:
    """One line, and nothing is installed."""
    ran = cli("install", "gaurd", "--yes", check=1)
    assert ran.err.splitlines()[-1].startswith(
        "error: gaurd is not in the registry at 127.0.0.1"
    )

    ran = cli("install", "guard@^7", "--yes", check=1)
    assert "there are 1.0.0; tags: latest = 1.0.0" in ran.err
    assert cli("list", "--json", check=0).json()["plugins"] == []


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        ({"package_name": "words"}, "E_IDENTITY"),  # another package of the same registry
        ({"name": "guard"}, "E_DUPLICATE"),  # a plugin that is installed
        ({"name": "gu\u0430rd"}, "E_DUPLICATE"),  # and one that reads like it
    ],
)
def test_a_package_takes_no_others_name(
    cli: Cli, registry: LoopbackRegistry, manifest: JsonObject, code: str
) -> None:
    """Whatever it says of itself; the control: under its own name it is installed."""
    cli("install", "guard", "--yes", check=0)
    own: JsonObject = {"type": "module", "jcode-plugin": MANIFEST | manifest}
    source = {"index.js": "export default () => {};\n"}
    registry.publish("mimic", "1.0.0", source, inside=own)
    ran = cli("install", "mimic", "--yes", "--json", check=1)
    assert ran.json()["code"] == code
    assert installed(cli)["source"] == "npm:guard"

    registry.publish("mimic", "1.0.1", source, inside=own | {"jcode-plugin": MANIFEST})
    assert cli("install", "mimic", "--yes", "--json", check=0).json()["name"] == "mimic"
