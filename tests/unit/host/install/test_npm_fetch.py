"""From a name to a directory: what is laid out, what is checked before, and what is refused."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from host.errors import InstallError
from host.install.npm import fetch_npm, newest
from host.install.npmrc import NpmSettings
from host.install.progress import Quiet
from host.install.spec import NpmSpec
from host.install.values import Fetched, Origin
from tests.support.registry import (
    KEYS,
    Answer,
    LoopbackRegistry,
    SigningKey,
    loopback_registry,
    pack,
    sri,
)

HOLDS: Final = "the registry's signature holds for 1 of 1 package"


@pytest.fixture
def registry() -> Iterator[LoopbackRegistry]:
    """An empty one."""
    with loopback_registry() as made:
        yield made


class Steps(Quiet):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.bytes = 0

    def step(self, told: str) -> None:
        self.told.append(told)

    def moved(self, done: int, total: int | None) -> None:
        self.bytes = done


class Fetching:
    """Fetches into a fresh directory each time."""

    def __init__(self, root: Path, registry: LoopbackRegistry) -> None:
        self._root = root
        self._count = 0
        self.settings = registry.settings
        self.progress = Steps()

    def __call__(self, name: str = "guard", wanted: str = "") -> Fetched:
        self._count += 1
        into = self._root / str(self._count) / "files"
        into.mkdir(parents=True)
        fetched = fetch_npm(NpmSpec(name, wanted), into, self.progress, settings=self.settings)
        assert [path.name for path in into.parent.iterdir()] == ["files"]
        return fetched

    def error(self, name: str = "guard", wanted: str = "") -> InstallError:
        with pytest.raises(InstallError) as caught:
            self(name, wanted)
        assert "\n" not in str(caught.value)
        # Nothing of ours is left beside it, whatever went wrong.
        assert [path.name for path in (self._root / str(self._count)).iterdir()] == ["files"]
        return caught.value


@pytest.fixture
def fetch(tmp_path: Path, registry: LoopbackRegistry) -> Fetching:
    """See :class:`Fetching`."""
    return Fetching(tmp_path, registry)


def files_in(directory: Path) -> list[str]:
    return sorted(
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file()
    )


# What comes of it.


def test_a_package_with_what_it_needs(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """The package at the top, what it imports beneath, and every fact of it."""
    registry.publish("guard", "1.2.0", dependencies={"@s/words": "^1", "list": "2"})
    registry.publish("@s/words", "1.4.0", dependencies={"list": "^1"})
    registry.publish("list", "1.0.0")
    registry.publish("list", "2.0.0")
    fetched = fetch("guard", "^1")
    root = fetched.directory

    assert files_in(root) == [
        "index.js",
        "node_modules/@s/words/index.js",
        "node_modules/@s/words/node_modules/list/index.js",
        "node_modules/@s/words/node_modules/list/package.json",
        "node_modules/@s/words/package.json",
        "node_modules/list/index.js",
        "node_modules/list/package.json",
        "package.json",
    ]
    assert "list@2.0.0" in (root / "node_modules/list/index.js").read_text()
    assert fetched.origin == Origin("npm", "npm:guard@^1")
    assert (fetched.resolved, fetched.version) == ("npm:guard@1.2.0", "1.2.0")
    assert fetched.integrity == registry.dist("guard", "1.2.0")["integrity"]
    assert fetched.notes == ("the registry's signature holds for all 4 packages",)
    assert fetch.progress.told[0] == "looking up guard"
    assert fetch.progress.bytes == sum(map(len, registry.archives.values()))


def test_one_package_in_two_places_is_fetched_once(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """And unpacked in both."""
    registry.publish("guard", dependencies={"a": "1", "b": "1", "x": "2"})
    for name in ("a", "b"):
        registry.publish(name, dependencies={"x": "1"})
    registry.publish("x", "1.0.0")
    registry.publish("x", "2.0.0")
    root = fetch().directory

    assert (root / "node_modules/a/node_modules/x/index.js").exists()
    assert (root / "node_modules/b/node_modules/x/index.js").exists()
    assert len(registry.asked(registry.archive_path("x", "1.0.0"))) == 1


def test_what_the_runtime_provides_is_not_fetched(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """It is not even asked about: in the registry anybody may have that name."""
    names = (
        "typebox",
        "@sinclair/typebox",
        "@earendil-works/pi-coding-agent",
        "buffer",
        "undici",
    )
    registry.publish("guard", dependencies=dict.fromkeys(names, "*"))
    root = fetch().directory

    assert not (root / "node_modules").exists()
    assert {r.path for r in registry.requests} == {
        "/guard",
        KEYS,
        registry.archive_path("guard"),
    }


def test_an_alias_is_in_the_folder_that_is_imported(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """Its package.json names the real one."""
    registry.publish("guard", dependencies={"short": "npm:@s/long-name@^1"})
    registry.publish("@s/long-name")
    root = fetch().directory

    assert (
        json.loads((root / "node_modules/short/package.json").read_text())["name"]
        == "@s/long-name"
    )


def test_scripts_and_deprecation_are_told(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """Neither stops anything; text of others is one line."""
    registry.publish(
        "guard", hasInstallScript=True, deprecated="use\n\x1b[2Jother", engines={"node": ">=99"}
    )
    notes = fetch().notes

    assert "guard@1.0.0 is deprecated: use\\n\\x1b[2Jother" in notes
    assert "has a script for its installation, which was not run: guard@1.0.0" in notes
    assert any("it wants node >=99" in note for note in notes)


STARTS: Final = frozenset(
    {"subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system"}
)
_started: list[str] = []
_is_watched = False


def _watch(event: str, _: object) -> None:
    if _is_watched and event in STARTS:
        _started.append(event)


def test_nothing_is_started(
    registry: LoopbackRegistry, fetch: Fetching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No npm, no node, no script, whatever the packages ask for; the control is a program that is."""
    sys.addaudithook(_watch)  # there is no way to take one away
    monkeypatch.setattr(sys.modules[__name__], "_is_watched", True)
    mark = tmp_path / "mark"
    scripts = dict.fromkeys(
        ("preinstall", "install", "postinstall", "prepare"), f"touch {mark}"
    )
    registry.publish("guard", scripts=scripts, dependencies={"a": "1"}, gypfile=True)
    registry.publish("a", scripts=scripts, files={"binding.gyp": "{}"}, hasInstallScript=True)
    fetch()

    assert _started == []
    assert not mark.exists()
    subprocess.run(["/bin/true"], check=True)
    assert _started


def test_an_update_takes_the_newest_in_the_range(registry: LoopbackRegistry) -> None:
    """As installing the same again would."""
    for version in ("1.0.0", "1.5.0", "2.0.0"):
        registry.publish("guard", version)

    def of(spec: str) -> str:
        return newest(Origin("npm", spec), settings=registry.settings)

    assert [of("npm:guard"), of("npm:guard@^1"), of("npm:guard@1.0.0")] == [
        "2.0.0",
        "1.5.0",
        "1.0.0",
    ]


def test_whoever_stops_it_does_not_wait_for_the_rest(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """Downloads that never end do end, and nothing is left."""
    registry.publish("guard", dependencies={"a": "1"})
    registry.publish("a")
    for name in ("guard", "a"):
        slowly = iter(lambda: b"x", b"")
        registry.answers[registry.archive_path(name)] = Answer(body=slowly)

    def stopped(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    fetch.progress.moved = stopped  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        fetch()
    left = [thread.name for thread in threading.enumerate()]
    assert not [name for name in left if name.startswith(("archives", "registry"))]


# What archives carry of others.


def test_bundled_dependencies_come_from_the_archive(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """With what they need; one that is declared and not there is fetched, and finds its own place."""
    bundle = {
        "node_modules/in/package.json": '{"name": "in", "version": "1.0.0"}',
        "node_modules/in/index.js": "from the archive",
        "node_modules/deep/package.json": '{"name": "deep", "version": "1.0.0"}',
    }
    registry.publish(
        "guard",
        files=bundle,
        dependencies={"in": "^1", "gone": "^1", "plain": "1"},
        bundleDependencies=["in", "gone"],
    )
    registry.publish("gone", dependencies={"deep": "2"})
    registry.publish("plain")
    registry.publish("deep", "2.0.0")
    root = fetch().directory

    assert (root / "node_modules/in/index.js").read_text() == "from the archive"
    assert (root / "node_modules/deep/package.json").read_text() == bundle[
        "node_modules/deep/package.json"
    ]
    assert (root / "node_modules/gone/node_modules/deep/index.js").exists()
    assert not registry.asked("/in")


def test_what_is_not_declared_as_bundled_does_not_count(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """An archive cannot slip in what its neighbours import."""
    registry.publish("guard", dependencies={"a": "1"})
    registry.publish(
        "a", files={"node_modules/b/package.json": "{}", "dist/node_modules/x": "y"}
    )
    root = fetch().directory

    assert not (root / "node_modules/a/node_modules").exists()
    assert (root / "node_modules/a/dist/node_modules/x").exists()


# Bytes.


def test_a_swapped_archive(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """Nothing of it is unpacked; the control is the archive that is described."""
    registry.publish("guard")
    path = registry.archive_path("guard")
    good = registry.archives[path]
    registry.archives[path] = pack(
        {"package.json": '{"name":"guard","version":"1.0.0"}', "x": ""}
    )
    error = fetch.error()

    assert error.code == "E_INTEGRITY"
    assert "guard@1.0.0" in str(error)
    registry.archives[path] = good
    assert fetch().version == "1.0.0"


def test_a_swapped_archive_of_a_dependency(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """As of the package itself, an optional one included: it is there, and it is not what it claims to be."""
    for kind in ("dependencies", "optionalDependencies"):
        registry.publish("guard", **{kind: {"a": "1"}})
        registry.publish("a")
        registry.archives[registry.archive_path("a")] = b"other"

        assert fetch.error().code == "E_INTEGRITY"


@pytest.mark.parametrize(
    "stated", [None, "", "sha1-AAAA", "sha512-AAAA", "sha512-!", "md5-x sha1-y"]
)
def test_without_a_sha512_nothing_is_installed(
    registry: LoopbackRegistry, fetch: Fetching, stated: str | None
) -> None:
    """The older SHA-1 can be forged."""
    registry.publish("guard", is_signed=False)
    registry.dist("guard")["integrity"] = stated
    error = fetch.error()

    assert error.code == "E_INTEGRITY"
    assert "SHA-512" in str(error)
    assert not registry.asked(registry.archive_path("guard"))


def test_one_of_several_hashes_is_enough(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """As of any such list."""
    registry.publish("guard", is_signed=False)
    dist = registry.dist("guard")
    right = dist["integrity"]
    dist["integrity"] = f"sha1-AAAA {sri(b'other')} {right}?opt"

    assert fetch().integrity == right  # what was found right, and nothing else that was stated


def test_an_archive_that_is_no_archive(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """What the registry vouches for is still a stranger's."""
    registry.publish("guard", is_signed=False)
    registry.archives[registry.archive_path("guard")] = b"<html>"
    registry.dist("guard")["integrity"] = sri(b"<html>")
    error = fetch.error()

    assert error.code == "E_ARCHIVE"
    assert "guard@1.0.0" in str(error)


@pytest.mark.parametrize(
    "inside",
    [
        {"name": "other"},
        {"version": "6.6.6"},
        {"name": 3},
        {"version": None},
        {"name": "GUARD"},
    ],
)
def test_an_archive_that_calls_itself_otherwise(
    registry: LoopbackRegistry, fetch: Fetching, inside: dict[str, object]
) -> None:
    """Whoever looks at the files later would take it for something else."""
    registry.publish("guard", inside=inside)

    assert fetch.error().code == "E_INTEGRITY"


@pytest.mark.parametrize("stated", ["v1.0.0", "=1.0.0", "1.0.0+build.5", " 1.0.0 "])
def test_a_version_may_be_written_in_other_ways(
    registry: LoopbackRegistry, fetch: Fetching, stated: str
) -> None:
    """As publishing reads it."""
    registry.publish("guard", inside={"version": stated})

    assert fetch().version == "1.0.0"


def test_other_dependencies_inside_than_outside_are_told(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """What was reviewed in the one is not what is installed by the other."""
    registry.publish("guard", dependencies={"a": "1"}, inside={"dependencies": {"b": "1"}})
    registry.publish("a")
    fetched = fetch()

    assert any("other dependencies than the registry: a, b" in note for note in fetched.notes)
    assert (fetched.directory / "node_modules/a").is_dir()


# Signatures.


def test_a_signature_is_verified(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """The control of what follows."""
    registry.publish("guard")

    assert fetch().notes == (HOLDS,)


def _of_another_version(registry: LoopbackRegistry) -> None:
    registry.dist("guard")["signatures"] = registry.dist("guard", "0.9.0")["signatures"]


def _of_another_key(registry: LoopbackRegistry) -> None:
    signed = SigningKey().sign(f"guard@1.0.0:{registry.dist('guard')['integrity']}")
    registry.dist("guard")["signatures"] = [{**signed, "keyid": registry.keys[0].keyid}]


def _of_an_unknown_key(registry: LoopbackRegistry) -> None:
    signed = SigningKey().sign(f"guard@1.0.0:{registry.dist('guard')['integrity']}")
    registry.dist("guard")["signatures"] = [signed]


def _of_another_archive(registry: LoopbackRegistry) -> None:
    # The archive and its hash were changed together, by somebody without the key.
    data = pack({"package.json": '{"name":"guard","version":"1.0.0"}', "evil.js": ""})
    registry.archives[registry.archive_path("guard")] = data
    registry.dist("guard")["integrity"] = sri(data)


def _garbled(registry: LoopbackRegistry) -> None:
    registry.dist("guard")["signatures"] = [{"keyid": registry.keys[0].keyid, "sig": "?"}]


def _one_wrong_beside_a_right_one(registry: LoopbackRegistry) -> None:
    wrong = registry.keys[0].sign("guard@6.6.6:x")
    signatures = registry.dist("guard")["signatures"]
    assert isinstance(signatures, list)
    signatures.append(wrong)


@pytest.mark.parametrize(
    "forge",
    [
        _of_another_version,
        _of_another_key,
        _of_an_unknown_key,
        _of_another_archive,
        _garbled,
        _one_wrong_beside_a_right_one,
    ],
)
def test_a_signature_that_does_not_hold(
    registry: LoopbackRegistry, fetch: Fetching, forge: object
) -> None:
    """Each of them ends it before the archive is asked for."""
    registry.publish("guard", "0.9.0")
    registry.publish("guard")
    assert callable(forge)
    forge(registry)
    error = fetch.error()

    assert error.code == "E_SIGNATURE"
    assert not registry.asked(registry.archive_path("guard"))


def test_a_package_that_is_not_signed_is_told(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """Old ones are not."""
    registry.publish("guard", dependencies={"a": "1"})
    registry.publish("a", is_signed=False)

    assert fetch().notes == (
        "the registry's signature holds for 1 of 2 packages",
        "not signed by the registry: a@1.0.0",
    )


@pytest.mark.parametrize(
    "answer",
    [Answer(404), Answer(401), Answer(200, b"<html>welcome</html>"), Answer(200, b"{}")],
)
def test_a_registry_without_keys_is_told(
    registry: LoopbackRegistry, fetch: Fetching, answer: Answer
) -> None:
    """Most of a company's own have none."""
    registry.publish("guard")
    registry.answers[KEYS] = answer

    assert fetch().notes == ("the registry publishes no keys: signatures were not checked",)


def test_a_registry_whose_keys_cannot_be_had_just_now(
    registry: LoopbackRegistry, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no registry without keys."""
    monkeypatch.setattr("host.install.npm_http._FIRST_PAUSE_S", 0.001)
    registry.publish("guard")
    registry.answers[KEYS] = Answer(503)

    assert fetch.error().code == "E_NETWORK"


def test_a_key_that_expired_signs_what_was_published_before(
    registry: LoopbackRegistry, fetch: Fetching
) -> None:
    """And nothing later."""
    registry.keys = [SigningKey("2025-01-29T00:00:00.000Z")]
    registry.publish("guard", "1.0.0")
    registry.publish("guard", "2.0.0")
    times = registry.packages["guard"]["time"]
    assert isinstance(times, dict)
    times["2.0.0"] = "2025-02-01T00:00:00.000Z"

    assert fetch("guard", "1.0.0").notes == (HOLDS,)
    error = fetch.error("guard", "2.0.0")
    assert error.code == "E_SIGNATURE"
    assert "expired" in str(error)


def test_keys_of_another_kind_are_none(registry: LoopbackRegistry, fetch: Fetching) -> None:
    """A list may hold keys that only a later program knows."""
    registry.publish("guard")
    registry.keys[0].described["keytype"] = "quantum"

    assert "publishes no keys" in fetch().notes[0]


# Names that two registries have.


def test_a_scope_is_looked_up_in_its_registry_only(tmp_path: Path) -> None:
    """The public one has a newer version of the company's package: nobody asks it, with no credential either."""
    with loopback_registry() as public, loopback_registry() as company:
        public.publish("guard", dependencies={"@acme/core": "^1"})
        public.publish("@acme/core", "1.99.0")
        company.publish("@acme/core", "1.0.0")
        host = company.url.partition(":")[2]
        into = tmp_path / "into"
        into.mkdir()
        settings = NpmSettings(public.url, {"@acme": company.url}, {host: "Bearer secret"})
        fetch_npm(NpmSpec("guard"), into, Quiet(), settings=settings)

        core = json.loads((into / "node_modules/@acme/core/package.json").read_text())
        assert core["version"] == "1.0.0"
        assert not any("acme" in request.path for request in public.requests)
        assert {request.authorization for request in public.requests} == {None}
        assert {request.authorization for request in company.requests} == {"Bearer secret"}


def test_a_scope_that_only_the_company_has(tmp_path: Path) -> None:
    """Without it the name is not there, rather than looked for among strangers."""
    with loopback_registry() as public, loopback_registry() as company:
        public.publish("@acme/core", "1.99.0")
        into = tmp_path / "into"
        into.mkdir()
        settings = NpmSettings(public.url, {"@acme": company.url})
        with pytest.raises(InstallError) as caught:
            fetch_npm(NpmSpec("@acme/core"), into, Quiet(), settings=settings)

        assert caught.value.code == "E_NOT_FOUND"
        assert public.requests == []
