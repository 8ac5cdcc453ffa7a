"""The registry that this machine's npm is configured with: real packages, and the same trees that npm would make."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host.install.npm import fetch_npm
from host.install.npm_package import is_in, published
from host.install.npm_registry import Registry
from host.install.npm_resolve import Tree, resolve
from host.install.npmrc import NpmSettings, ask_npm, registry_url
from host.install.progress import Quiet
from host.install.spec import NpmSpec
from ipc.provided import is_provided

PLUGINS: Final = ("pi-aliases", "pi-prompt-template-model")
TREES: Final = {
    "cheerio": "1.1.2",
    "@modelcontextprotocol/inspector-client": "0.16.2",
    "express": "4.21.2",
    "pi-mermaid": "0.3.0",
    "pi-mcp-adapter": "2.36.0",
}
SLOW: Final = frozenset(TREES) - {"cheerio"}
"""For npm, which asks for one package after another."""
_WITHIN_S: Final = 300

pytestmark = [
    pytest.mark.skipif(shutil.which("npm") is None, reason="asks npm which registry there is"),
    pytest.mark.timeout(_WITHIN_S + 60),
]


@pytest.fixture(scope="module")
def settings() -> NpmSettings:
    """Of the registry that npm names."""
    told = ask_npm(os.environ)
    assert told is not None
    return NpmSettings(registry_url(told, "npm"))


@pytest.fixture(scope="module")
def registry(settings: NpmSettings) -> Iterator[Registry]:
    """One client for all trees."""
    with Registry(settings) as made:
        yield made


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_as_it_is_published(name: str, settings: NpmSettings, tmp_path: Path) -> None:
    """Every archive is the one that is vouched for; signatures hold where the registry has keys for them."""
    fetched = fetch_npm(NpmSpec(name), tmp_path, Quiet(), settings=settings)
    manifest = json.loads((tmp_path / "package.json").read_text())

    assert manifest["name"] == name
    assert fetched.resolved == f"npm:{name}@{manifest['version']}"
    assert fetched.integrity.startswith("sha512-")
    with Registry(settings) as registry:
        root = registry.packument(name).pick(fetched.version)
        holds = registry.check_signature(root)
    first = fetched.notes[0]
    assert first.startswith(
        "the registry's signature holds for"
        if holds
        else ("not signed", "the registry publishes no keys")
    )
    for folder in manifest.get("dependencies", {}):
        assert (
            is_provided(folder)
            or (tmp_path / "node_modules" / folder / "package.json").exists()
        )


def npm_names(name: str, version: str, folder: Path) -> set[str]:
    """Folders that npm's tree has for *name*, but those that only its own peers or what the runtime provides lead to."""
    (folder / "package.json").write_text(json.dumps({"dependencies": {name: version}}))
    subprocess.run(
        [
            "npm",
            "install",
            "--package-lock-only",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ],
        cwd=folder,
        capture_output=True,
        timeout=_WITHIN_S,
        check=True,
    )
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    found: set[str] = set()
    todo = [f"node_modules/{name}"]
    while todo:
        path = todo.pop()
        described = packages[path]
        if path in found or published("x", "1.0.0", described).is_for_another_machine:
            continue
        found.add(path)
        edges = {
            **described.get("dependencies", {}),
            **described.get("optionalDependencies", {}),
            **({} if path == f"node_modules/{name}" else described.get("peerDependencies", {})),
        }
        for wanted in edges:
            holder = path
            while not is_provided(wanted):
                inner = (
                    f"{holder}/node_modules/{wanted}" if holder else f"node_modules/{wanted}"
                )
                if inner in packages:
                    todo.append(inner)
                    break
                if not holder:
                    break  # optional, and not for this machine
                holder = (
                    holder.rpartition("/node_modules/")[0] if "/node_modules/" in holder else ""
                )
    return {path.rpartition("node_modules/")[2] for path in found} - {name}


def test_one_with_more_than_a_hundred_dependencies(registry: Registry) -> None:
    """Its archive and signature, and a place for each; they are not laid out here, as they have 9000 files."""
    root = registry.packument("pi-mermaid").pick("")
    registry.check_signature(root)
    assert len(registry.archive(root)) > 1000

    assert edges_of(resolve(root, registry, lambda package: {})) > 100


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.soak] * (name in SLOW)) for name in TREES]
)
def test_a_tree_has_what_npms_has(name: str, registry: Registry, tmp_path: Path) -> None:
    """The same packages, and each edge finds a version that is in its range."""
    tree = resolve(registry.packument(name).pick(TREES[name]), registry, lambda package: {})

    assert {node.folder for node in tree.root.within()} - {""} == npm_names(
        name, TREES[name], tmp_path
    )
    assert edges_of(tree) > 0


def edges_of(tree: Tree) -> int:
    """How many edges there are, each of which is checked."""
    count = 0
    for node in tree.root.within():
        for folder, text in node.package.dependencies.items():
            if is_provided(folder):
                continue
            found = node.find(folder)
            assert found is not None, f"{node.package.id} finds no {folder}"
            wanted = text.rpartition("@")[2] if text.startswith("npm:") else text
            assert is_in(found.package.version, wanted), (
                f"{node.package.id} finds {found.package.id}"
            )
            count += 1
    return count
