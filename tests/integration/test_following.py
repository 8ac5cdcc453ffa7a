"""A host that follows: what its user changes on disk is loaded, reloaded and unloaded while it runs."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from host import BlockingPluginHost, PluginHost
from host.audit import Kind
from host.config import load_config
from host.install.store import Store
from host.install.switch import remove
from host.off import OffFile, entry
from host.orders import Orders
from host.trusting import Trust
from tests.integration.changing import blocks, install, trust
from tests.integration.host_support import audited, bash, on
from tests.unit.worker.build_support import write_files

MakeFollower = Callable[..., BlockingPluginHost]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a plugin in its directory."""
    write_files(tmp_path / "home" / "plugins", {"guard.js": blocks("one")})
    return tmp_path / "home"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without plugins."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def follow(home: Path, project: Path, nothing_stays: None) -> Iterator[MakeFollower]:
    """Return a function that makes a host of the user's files which follows them."""
    made: list[BlockingPluginHost] = []

    def make(*, follow: bool = True) -> BlockingPluginHost:
        config = load_config(home, project_dir=project, variables={})
        host = BlockingPluginHost(config, project_dir=project, home=home, follow=follow)
        made.append(host)
        return host.__enter__()

    yield make
    for host in made:
        host.close()


def until(host: BlockingPluginHost, condition: Callable[[], bool]) -> None:
    """Let ticks pass until *condition* holds."""
    until_s = monotonic() + 60
    while not condition():
        host.runtime.look_at = 0.0  # half a second later
        host.dispatch("PreToolUse", bash())
        assert monotonic() < until_s, [entry.detail for entry in host.audit.recent(20)]


def quiet(host: BlockingPluginHost) -> None:
    """Let ticks pass until nothing is left to be done."""
    following = host.workspace.following
    assert following is not None
    for _ in range(3):
        until(host, lambda: True)
        host.runtime.look_at = 0.0
        host.dispatch("PreToolUse", bash())
        until(host, lambda: not (following._is_busy or following._dirty or following._moving))


def reason(host: BlockingPluginHost) -> str | None:
    """Who blocks a command now."""
    return host.dispatch("PreToolUse", bash()).reason


def names(host: BlockingPluginHost) -> list[str]:
    """What is loaded, in order."""
    return [info.name for info in host.plugins()]


def test_the_users_plugin_directory_is_followed(follow: MakeFollower, home: Path) -> None:
    """A file that changes is reloaded, one that comes is loaded, one that goes is unloaded."""
    host = follow()
    assert reason(host) == "one"
    quiet(host)
    assert audited(host, Kind.RELOADED) == []

    write_files(home / "plugins", {"guard.js": blocks("two")})
    until(host, lambda: reason(host) == "two")

    write_files(home / "plugins", {"other.js": on("Stop", "return {};")})
    until(host, lambda: names(host) == ["guard", "other"])

    (home / "plugins" / "guard.js").unlink()
    until(host, lambda: names(host) == ["other"])
    assert reason(host) is None


def test_a_package_that_is_copied_bit_by_bit_is_loaded_when_it_can_be(
    follow: MakeFollower, home: Path
) -> None:
    """And reloaded for whichever of its files changes; a file that was written by a rename counts."""
    host = follow()
    folder = home / "plugins" / "pack"
    folder.mkdir()
    quiet(host)
    assert names(host) == ["guard"]
    write_files(
        folder, {"index.js": 'import { who } from "./lib/who";\n' + on("Stop", "who();")}
    )
    until(host, lambda: bool(audited(host, Kind.LOAD_FAILED)))  # there is no lib yet
    quiet(host)
    write_files(folder, {"lib/who.js": "export const who = () => 1;"})
    until(host, lambda: "pack" in names(host))
    quiet(host)

    (folder / "lib" / ".new").write_text("export const who = () => 2;")
    os.replace(folder / "lib" / ".new", folder / "lib" / "who.js")

    until(host, lambda: bool(audited(host, Kind.RELOADED, "pack")))


def test_a_version_that_does_not_work_is_told_once_and_mended(
    follow: MakeFollower, home: Path
) -> None:
    """The older one goes on meanwhile."""
    host = follow()
    quiet(host)
    write_files(home / "plugins", {"guard.js": "export default ("})
    until(host, lambda: host.plugins()[0].error is not None)
    quiet(host)
    assert len(audited(host, Kind.RELOAD_FAILED)) == 1
    assert reason(host) == "one"

    write_files(home / "plugins", {"guard.js": blocks("mended")})
    until(host, lambda: reason(host) == "mended")


def test_who_does_not_follow_hears_only_what_is_ordered(
    follow: MakeFollower, home: Path
) -> None:
    """``jcode-plugin reload`` reaches every host that runs."""
    host = follow(follow=False)
    write_files(home / "plugins", {"guard.js": blocks("two")})
    for _ in range(5):
        host.runtime.look_at = 0.0
        assert reason(host) == "one"

    Orders(home).give("reload", "guard")

    until(host, lambda: reason(host) == "two")
    late = follow(follow=False)
    assert audited(late, Kind.RELOADED) == []


def test_what_is_installed_is_followed(follow: MakeFollower, home: Path) -> None:
    """Installed, updated, removed: each is seen by hosts that run."""
    (home / "plugins" / "guard.js").unlink()
    host = follow()
    assert names(host) == []

    install(home, "made", blocks("first"))
    until(host, lambda: reason(host) == "first")
    install(home, "made", blocks("second"))
    until(host, lambda: reason(host) == "second")
    assert len(audited(host, Kind.RELOADED, "made")) == 1
    remove(home, "made")
    until(host, lambda: names(host) == [])


def test_a_damaged_record_unloads_nothing(follow: MakeFollower, home: Path) -> None:
    """What runs goes on until the record can be read again."""
    install(home, "made", blocks("first"))
    host = follow()
    good = Store(home).path.read_bytes()

    Store(home).path.write_bytes(b"{")
    quiet(host)

    assert names(host) == ["guard", "made"]
    Store(home).path.write_bytes(good)
    remove(home, "made")
    until(host, lambda: names(host) == ["guard"])


def test_a_projects_plugins_run_as_they_are_trusted(
    follow: MakeFollower, home: Path, project: Path
) -> None:
    """Not before anybody agrees, never in a version nobody agreed to, and no more when they are trusted no more."""
    (home / "plugins" / "guard.js").unlink()
    host = follow()
    write_files(project / ".jcode" / "plugins", {"own.js": blocks("own")})
    quiet(host)
    assert names(host) == []

    trust(home, project)
    until(host, lambda: reason(host) == "own")
    write_files(project / ".jcode" / "plugins", {"own.js": blocks("changed")})
    until(host, lambda: bool(audited(host, Kind.RELOAD_FAILED, "own")))
    quiet(host)
    assert reason(host) == "own"

    trust(home, project)
    until(host, lambda: reason(host) == "changed")
    Trust(home).forget(str(project.resolve()))
    until(host, lambda: names(host) == [])


def test_what_was_off_when_the_host_started_comes_back(
    follow: MakeFollower, home: Path
) -> None:
    """The host never read it; it is loaded when the switch is lifted."""
    with OffFile(home).changing() as off:
        off.plugins["guard"] = entry("kill")
    host = follow()
    assert names(host) == []

    with OffFile(home).changing() as off:
        off.plugins.clear()

    until(host, lambda: reason(host) == "one")


def test_what_is_switched_off_while_it_runs_is_not_taken_away(
    follow: MakeFollower, home: Path
) -> None:
    """Plugins that nobody looks for at the moment are not gone."""
    host = follow()
    quiet(host)
    with OffFile(home).changing() as off:
        off.all = entry("kill")
    until(host, lambda: reason(host) is None)
    for _ in range(5):
        host.runtime.look_at = 0.0
        assert reason(host) is None
    assert [info.state for info in host.plugins()] == ["disabled"]

    with OffFile(home).changing() as off:
        off.all = None

    until(host, lambda: reason(host) == "one")
    assert audited(host, Kind.UNLOADED) == []


def test_an_order_enables_what_is_blocked(follow: MakeFollower, home: Path) -> None:
    """The person who enables it need not know in which host it was stopped."""
    host = follow()
    plugin = host.workspace.plugin("guard")
    with host._lock:
        for instance in plugin.all_instances():
            instance.block("it failed too often")
    assert host.plugins()[0].state == "blocked"

    Orders(home).give("enable", "guard")

    until(host, lambda: reason(host) == "one")


def test_an_event_loop_follows_between_events(
    home: Path, project: Path, nothing_stays: None
) -> None:
    """Nothing needs to be called."""

    async def run() -> None:
        config = load_config(home, project_dir=project, variables={})
        async with PluginHost(config, project_dir=project, home=home, follow=True) as host:
            write_files(home / "plugins", {"guard.js": blocks("two")})
            async with asyncio.timeout(60):
                while not audited(host, Kind.RELOADED, "guard"):
                    await asyncio.sleep(0.01)  # until a tick has seen it twice
            assert (await host.dispatch("PreToolUse", bash())).reason == "two"

    asyncio.run(run())
