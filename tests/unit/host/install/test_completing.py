"""Plugins from elsewhere than npm get what they depend on from the registry, as far as they did not bring it along."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.errors import InstallError
from host.install.completing import completed
from host.install.directory import fetch_path
from host.install.npmrc import NpmSettings
from host.install.progress import Quiet
from host.install.spec import PathSpec
from host.install.values import Fetched
from tests.support.registry import LoopbackRegistry, loopback_registry, pack


@pytest.fixture
def registry() -> Iterator[LoopbackRegistry]:
    """With a package that needs another one."""
    with loopback_registry() as made:
        made.publish("words", "1.4.0", dependencies={"list": "^1"})
        made.publish("list", "1.0.0")
        yield made


class Elsewhere:
    """A directory that is fetched and completed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.source = root / "guard"
        self.source.mkdir()

    def write(self, path: str, **package: object) -> None:
        (self.source / path).mkdir(parents=True, exist_ok=True)
        (self.source / path / "package.json").write_text(json.dumps(package))
        (self.source / path / "index.js").write_text("export default 'brought'")

    def __call__(self, settings: NpmSettings) -> Fetched:
        into = self._root / "staging/files"
        into.mkdir(parents=True)
        fetched = fetch_path(PathSpec(self.source), into)
        try:
            return completed(fetched, Quiet(), settings=settings)
        finally:
            assert [path.name for path in into.parent.iterdir()] == ["files"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """See :class:`Elsewhere`."""
    return Elsewhere(tmp_path)


def packages_in(directory: Path) -> dict[str, str]:
    return {
        str(path.parent.relative_to(directory)): json.loads(path.read_text())["version"]
        for path in sorted(directory.rglob("node_modules/**/package.json"))
    }


def test_what_is_missing_is_laid_out(registry: LoopbackRegistry, elsewhere: Elsewhere) -> None:
    """With what it needs in turn; the registry's signatures are checked as ever."""
    elsewhere.write(".", name="guard", version="2.0.0", dependencies={"words": "^1"})
    found = elsewhere(registry.settings)

    assert packages_in(found.directory) == {
        "node_modules/list": "1.0.0",
        "node_modules/words": "1.4.0",
    }
    assert found.notes == ("the registry's signature holds for all 2 packages",)
    assert (found.version, found.origin.type) == ("2.0.0", "directory")


def test_what_was_brought_along_stays(registry: LoopbackRegistry, elsewhere: Elsewhere) -> None:
    """In its version, whatever the registry has; only the rest is fetched."""
    registry.publish("extra", "1.0.0", dependencies={"list": "^1"})
    elsewhere.write(".", dependencies={"words": "^1", "extra": "^1"})
    elsewhere.write("node_modules/words", name="words", version="1.0.0-ours")
    found = elsewhere(registry.settings)

    assert packages_in(found.directory) == {
        "node_modules/extra": "1.0.0",
        "node_modules/list": "1.0.0",
        "node_modules/words": "1.0.0-ours",
    }
    assert "brought" in (found.directory / "node_modules/words/index.js").read_text()
    assert not any("words" in request.path for request in registry.requests)


def test_nobody_is_asked_about_what_is_complete(
    registry: LoopbackRegistry, elsewhere: Elsewhere
) -> None:
    """All that it imports is there, or is the runtime's to provide."""
    elsewhere.write(".", dependencies={"words": "^1", "typebox": "1"})
    elsewhere.write("node_modules/words", name="words", version="1.0.0")

    assert elsewhere(registry.settings).notes == ()
    assert not registry.requests


@pytest.mark.parametrize(
    ("dependencies", "says"),
    [
        ({"absent": "1"}, "absent"),
        ({"words": "^9"}, "words"),
        ({"words": "workspace:*"}, "only packages of the registry"),
        ({"words": "file:../words"}, "only packages of the registry"),
    ],
)
def test_what_cannot_be_had_is_said(
    dependencies: dict[str, str],
    says: str,
    registry: LoopbackRegistry,
    elsewhere: Elsewhere,
) -> None:
    """The plugin is installed without: where it is imported it is missed."""
    elsewhere.write(".", name="guard", dependencies={"list": "1", **dependencies})
    found = elsewhere(registry.settings)

    assert packages_in(found.directory) == {}
    assert len(found.notes) == 2
    assert "does not bring along" in found.notes[0]
    assert found.notes[1].startswith("nothing of that was added: ")
    assert says in found.notes[1]
    assert all(note.isprintable() for note in found.notes)


def test_without_a_registry_it_is_said(elsewhere: Elsewhere) -> None:
    """And what to do."""
    elsewhere.write(".", dependencies={"words": "1"})

    assert "no npm registry is configured" in elsewhere(NpmSettings(None)).notes[1]


def test_what_is_not_what_it_claims_to_be_ends_it(
    registry: LoopbackRegistry, elsewhere: Elsewhere
) -> None:
    """Other bytes than those that the registry vouches for are no missing package."""
    registry.archives["/list/-/list-1.0.0.tgz"] = pack({"package.json": "{}"})
    elsewhere.write(".", dependencies={"words": "^1"})
    with pytest.raises(InstallError) as caught:
        elsewhere(registry.settings)

    assert caught.value.code == "E_INTEGRITY"
