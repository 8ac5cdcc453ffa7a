"""Loading an installed plugin: under its own name, with what was accepted, from the bytes that were installed."""

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.errors import PluginLoadError
from host.install.snapshots import Snapshots
from host.install.switch import put, remove
from host.install.tree import tree_of
from host.install.values import Installed, Origin, Release
from tests.integration.host_support import audited, pid_of
from tests.unit.worker.build_support import write_files

PACKAGE = {
    "name": "not-guard",
    "version": "9.9.9",
    "jcode-plugin": {
        "v2": {
            "name": "something-trusted",
            "entry": {"server": "./index.ts"},
            "capabilities": {"events": {"UserPromptSubmit": ["rewrite"], "Stop": ["veto"]}},
            "features": {
                "basic": {"description": "b", "default": True, "entry": "./basic.ts"},
                "extra": {"description": "e", "default": False, "entry": "./extra.ts"},
            },
            "settings": {
                "mood": {"type": "string", "default": "plain"},
                "level": {"type": "number", "default": 0},
            },
        }
    },
}
FILES = {
    "package.json": json.dumps(PACKAGE),
    "index.ts": """
        import { a } from "./a";
        import data from "./lib/d.json";
        export const said = [];
        export default (pi) => pi.on("UserPromptSubmit", () => ({
            modified_prompt: JSON.stringify({ a, d: data.d, said: globalThis.said ?? [], set: pi.getSettings() }),
        }));
    """,
    "basic.ts": '(globalThis.said ??= []).push("basic"); export {};',
    "extra.ts": '(globalThis.said ??= []).push("extra"); export {};',
    "a/index.ts": 'export const a: string = "sound";\n',
    "lib/d.json": '{"d": "!"}',
    "unused.js": "export {};\n",
}


def hashes(root: Path) -> dict[str, str]:
    """The SHA-256 of every file in *root*."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of the plugin."""
    write_files(tmp_path / "snapshot", FILES)
    return tmp_path / "snapshot"


@pytest.fixture
def guard(root: Path) -> Installed:
    """The plugin, installed as ``guard``."""
    files = hashes(root)
    current = Release(
        version="1.0.0",
        resolved="npm:not-guard@1.0.0",
        tree=tree_of(files),
        files=files,
        accepted=(("events", "UserPromptSubmit:rewrite"),),
    )
    return Installed(
        name="guard",
        id="npm:not-guard",
        origin=Origin("npm", "npm:not-guard"),
        current=current,
        enabled=True,
        installed_at=0.0,
        updated_at=0.0,
    )


@pytest.fixture
def host(tmp_path: Path) -> Iterator[BlockingPluginHost]:
    """A host with a home of its own."""
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as made:
        yield made


def answer(host: BlockingPluginHost) -> dict[str, object]:
    """What the plugin tells of itself."""
    outcome = host.dispatch("UserPromptSubmit", {"content": ""})
    told = json.loads(str(outcome.output["modified_prompt"]))
    assert isinstance(told, dict)
    return told


def test_an_installed_plugin_goes_by_the_name_it_was_installed_under(
    host: BlockingPluginHost, root: Path, guard: Installed
) -> None:
    """Whatever it calls itself; by hand, its manifest names it."""
    by_hand = host.load(root)
    assert by_hand.name == "something-trusted"
    host.unload(by_hand.name)

    info = host.load(root, installed=guard)

    assert (info.name, info.id, info.version) == ("guard", "npm:not-guard", "1.0.0")
    assert host.workspace.plugin("guard").spec.loaded == "installed"


def test_an_installed_plugin_has_what_was_accepted_and_no_more(
    host: BlockingPluginHost, root: Path, guard: Installed
) -> None:
    """Its manifest asks for a veto of Stop as well: by hand it has that, installed it does not."""
    host.load(root, installed=guard)
    chain = host.workspace.snapshot.chain

    consents = {(rule.kind, rule.pattern) for rule in chain.plugins["guard"].consent}

    assert consents == {("events", "UserPromptSubmit:rewrite")}


def test_features_and_settings_are_those_of_the_installation_below_the_configuration(
    tmp_path: Path, root: Path, guard: Installed
) -> None:
    """Where the configuration says nothing, the installation does; where that does not, the manifest."""
    chosen = msgspec.structs.replace(
        guard,
        current=msgspec.structs.replace(guard.current, features=("extra",)),
        settings={"mood": "installed", "level": 3},
    )
    config = Config.model_validate(
        {"features": {"guard": ["basic", "extra"]}, "settings": {"guard": {"level": 5}}}
    )
    told = []
    for settings in (Config(), config):
        with BlockingPluginHost(settings, project_dir=tmp_path, home=tmp_path / "home") as host:
            for plugin in (guard, chosen):
                host.load(root, installed=plugin)
                told.append((answer(host)["said"], answer(host)["set"]))
                host.unload("guard")

    assert told == [
        (["basic"], {"mood": "plain", "level": 0}),
        (["extra"], {"mood": "installed", "level": 3}),
        (["basic", "extra"], {"mood": "plain", "level": 5}),
        (["basic", "extra"], {"mood": "installed", "level": 5}),
    ]


@pytest.mark.parametrize("is_cached", [False, True], ids=["built", "cached"])
def test_a_changed_byte_is_never_run(
    host: BlockingPluginHost, root: Path, guard: Installed, is_cached: bool
) -> None:
    """Not where it is built and not where a build is at hand; it is named and audited. By hand it runs: the control."""
    if is_cached:
        host.load(root, installed=guard)
        host.unload("guard")
    told = []
    for file in ("index.ts", "a/index.ts", "lib/d.json", "basic.ts", "package.json"):
        sound = (root / file).read_bytes()
        for damage in (None, sound[:-2] + bytes([sound[-2] ^ 1]) + sound[-1:]):
            if damage is None:
                (root / file).unlink()
            else:
                (root / file).write_bytes(damage)
            with pytest.raises(PluginLoadError) as caught:
                host.load(root, installed=guard)
            assert caught.value.code == "E_INTEGRITY"
            told.append(str(caught.value))
            why = "is missing" if damage is None else "was changed"
            assert told[-1].startswith(f"{root / file}: {why} since guard was installed; ")
            assert told[-1].endswith("jcode-plugin install npm:not-guard")
        (root / file).write_bytes(sound)

    failed = audited(host, Kind.LOAD_FAILED, "guard")
    assert [(entry.code, entry.detail) for entry in failed] == [
        ("E_INTEGRITY", line) for line in told
    ]
    assert host.plugins() == []
    (root / "a/index.ts").write_text('export const a: string = "sound?";\n')
    host.load(root)
    assert answer(host)["a"] == "sound?"


def test_a_build_of_changed_files_that_is_at_hand_is_not_run(
    host: BlockingPluginHost, root: Path, guard: Installed
) -> None:
    """Loaded by hand from the same place, so that the cache has just these files: they are still not those."""
    (root / "a/index.ts").write_text('export const a = "other";')
    host.load(root)
    assert answer(host)["a"] == "other"
    host.unload("something-trusted")

    with pytest.raises(PluginLoadError, match="was changed since guard") as caught:
        host.load(root, installed=guard)

    assert caught.value.code == "E_INTEGRITY"


def test_a_file_that_is_put_in_the_way_of_another_is_not_run(
    host: BlockingPluginHost, root: Path, guard: Installed
) -> None:
    """``./a`` would be found there first. What nothing asks for makes no difference."""
    (root / "more.ts").write_text("export {};")
    host.load(root, installed=guard)
    host.unload("guard")
    (root / "lib/d.json").rename(root / "lib/e.json")
    (root / "lib/d.json").symlink_to("e.json")
    host.load(root, installed=guard)  # the same bytes, wherever they lie
    host.unload("guard")
    (root / "a.ts").write_text('export const a = "other";')

    with pytest.raises(PluginLoadError, match="is not one of the files") as caught:
        host.load(root, installed=guard)

    assert str(caught.value).startswith(f"{root / 'a.ts'}: ")
    host.load(root)
    assert answer(host)["a"] == "other"  # the control: by hand it is what runs


@pytest.mark.parametrize("name", ["package.json", "index.ts"])
def test_a_file_that_would_decide_what_runs_is_not_believed(
    host: BlockingPluginHost, tmp_path: Path, name: str
) -> None:
    """Of a plugin without a manifest, one that has its only file elsewhere."""
    plain = tmp_path / "plain"
    write_files(plain, {"index.js": "export default () => {};"})
    files = hashes(plain)
    current = Release("1.0.0", "x", tree=tree_of(files), files=files)
    origin = Origin("directory", str(plain))
    installed = Installed("plain", "file:plain", origin, current, True, 0.0, 0.0)
    (plain / name).write_text('{"main": "./other.js"}')
    (plain / "other.js").write_text("export default () => {};")

    if name == "package.json":
        with pytest.raises(
            PluginLoadError, match="not one of the files that were there when plain"
        ) as caught:
            host.load(plain, installed=installed)
        assert caught.value.code == "E_INTEGRITY"
    else:
        assert host.load(plain, installed=installed).path.endswith("index.js")


def test_an_installed_plugin_whose_files_are_gone_says_so(
    host: BlockingPluginHost, tmp_path: Path, guard: Installed
) -> None:
    """As a matter of its integrity, with what to do."""
    with pytest.raises(PluginLoadError, match="is missing since guard was") as caught:
        host.load(tmp_path / "nowhere", installed=guard)

    assert caught.value.code == "E_INTEGRITY"


def test_a_link_runs_from_where_it_lies_and_is_its_users_own(
    host: BlockingPluginHost, root: Path, guard: Installed
) -> None:
    """Changes and all, under the name it was linked as."""
    link = msgspec.structs.replace(
        guard,
        origin=Origin("link", str(root)),
        current=Release("1.0.0", str(root)),
    )
    (root / "a/index.ts").write_text('export const a = "changed";')

    info = host.load(root, installed=link)

    assert info.name == "guard"
    assert answer(host)["a"] == "changed"
    assert host.workspace.plugin("guard").spec.loaded == "hand"


def kept(host: BlockingPluginHost, root: Path) -> tuple[Path, Installed]:
    """Install what is in *root* as ``reader`` in the home of *host*, accepting all that it asks for."""
    home = host.runtime.home
    with Snapshots(home).keep(root) as snapshot:
        release = Release(
            "1.0.0",
            "x",
            tree=snapshot.tree,
            files=dict(snapshot.files),
            accepted=(("events", "UserPromptSubmit:rewrite"), ("fs_write", "$PLUGIN")),
        )
        origin = Origin("directory", str(root))
        plugin = Installed("reader", "file:reader", origin, release, True, 0.0, 0.0)
        put(home, plugin, instead_of=None)
    return Snapshots(home).path(release.tree), plugin


def test_a_plugin_reads_its_own_snapshot_and_writes_none(
    host: BlockingPluginHost, tmp_path: Path
) -> None:
    """Although it lies in our home, where nobody reads; and although it was allowed to write there."""
    write_files(
        tmp_path / "reader",
        {
            "package.json": json.dumps({"main": "index.js"}),
            "data.txt": "own",
            "index.js": """export default (pi) => pi.on("UserPromptSubmit", async () => {
                const tried = [];
                for (const act of [
                    () => pi.fs.readText("/plugin/data.txt"),
                    () => pi.fs.writeText("/plugin/data.txt", "x"),
                    () => pi.fs.readText("/plugin/../../../plugins/installed.json"),
                ]) tried.push(await Promise.resolve().then(act).catch((error) => error.code));
                return { modified_prompt: JSON.stringify({ tried }) };
            });""",
        },
    )
    path, plugin = kept(host, tmp_path / "reader")
    host.load(path, installed=plugin)

    assert answer(host)["tried"] == ["own", "E_DENIED", "E_DENIED"]
    assert Snapshots(host.runtime.home).verify(plugin.current.tree, plugin.current.files) == []


def test_a_plugin_that_is_removed_runs_on_where_it_runs(
    host: BlockingPluginHost, root: Path
) -> None:
    """A host has what it built; it is what starts next that finds nothing."""
    path, plugin = kept(host, root)
    host.load(path, installed=plugin)
    pid = pid_of(host, "reader")
    remove(host.runtime.home, "reader")
    assert not path.exists()

    assert answer(host)["a"] == "sound"
    os.kill(pid, signal.SIGKILL)
    host.dispatch("UserPromptSubmit", {"content": ""})  # in which its end may be noticed
    assert answer(host)["a"] == "sound"  # a worker that starts anew
    host.unload("reader")
    with pytest.raises(PluginLoadError, match="is missing since reader was installed"):
        host.load(path, installed=plugin)


def test_what_went_against_its_sandbox_stays_off_whatever_its_version(
    host: BlockingPluginHost, root: Path
) -> None:
    """It is remembered by what it is, not by where its files lie."""
    _, reader = kept(host, root)
    host.load(root, installed=reader)
    host.workspace.plugin("reader").quarantine("it tried")
    host.unload("reader")
    (root / "a/index.ts").write_text('export const a = "another version";')
    files = hashes(root)
    current = msgspec.structs.replace(reader.current, tree=tree_of(files), files=files)

    with pytest.raises(PluginLoadError, match="reader is off: it tried"):
        host.load(root, installed=msgspec.structs.replace(reader, current=current))
