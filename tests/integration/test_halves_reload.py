"""A newer version of a plugin of two halves takes the place of both, or of none."""

from pathlib import Path

import pytest

from host import PluginLoadError
from host.audit import Kind
from tests.integration.halves import (
    does,
    half_of,
    heard_of,
    look,
    opened,
    package,
    pair,
    tells,
    until,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("nothing_stays")]


def says(word: str) -> str:
    """Source of a half whose command answers *word* and the half."""
    return (
        "export default (pi) => { pi.registerCommand(`${pi.part}-does`, "
        f'{{ handler: () => ({{ output: `{word} ${{pi.part}}` }}) }}); pi.on("TurnEnd", () => {{}}); }};'
    )


@pytest.mark.parametrize("changed", ["server.js", "tui.js", "both"])
async def test_a_change_of_one_file_renews_both_halves(tmp_path: Path, changed: str) -> None:
    """No version is ever beside another one's half; nothing of the old one stays."""
    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", says("old"), says("old"))
        await host.load(folder)
        await look(host, "two")
        old = host.workspace.halves_of("two")
        for name in ("server.js", "tui.js") if changed == "both" else (changed,):
            (folder / name).write_text(says("new"))

        assert (await host.reload("two")).changed

        words = {
            "server": "old" if changed == "tui.js" else "new",
            "tui": "old" if changed == "server.js" else "new",
        }
        for part, word in words.items():
            assert await does(host, part) == f"{word} {part}"
        assert all(one not in host.workspace.halves_of("two") for one in old)
        await until(lambda: len(host.runtime.links) == 2)
        assert not (await host.reload("two")).changed


@pytest.mark.parametrize("broken", ["server.js", "tui.js"])
async def test_a_version_that_fails_in_one_half_leaves_both_as_they_were(
    tmp_path: Path, broken: str
) -> None:
    """Its other half is ended again."""
    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", says("old"), says("old"))
        await host.load(folder)
        await look(host, "two")
        old = host.workspace.halves_of("two")
        pids = [pid for one in old for pid in host.workspace.info(one).pids]
        for name in ("server.js", "tui.js"):
            (folder / name).write_text(says("new"))
        (folder / broken).write_text('throw new Error("half a version");')

        with pytest.raises(PluginLoadError, match="half a version"):
            await host.reload("two")

        assert host.workspace.halves_of("two") == old
        for part in ("server", "tui"):
            assert await does(host, part) == f"old {part}"
        assert host.audit.recent(10, kind=Kind.RELOAD_FAILED)
        await until(lambda: len(host.runtime.links) == len(pids))


async def test_a_half_comes_and_goes_with_a_version(tmp_path: Path) -> None:
    """From one file for all, to two halves, to a TUI half alone, and back."""
    async with opened(tmp_path) as host:
        folder = package(
            tmp_path / "two", {"server.js": says("1")}, entry={"server": "server.js"}
        )
        await host.load(folder)
        host.workspace.show_interface(True)

        pair(folder, says("2"), says("2"))
        await host.reload("two")
        assert await does(host, "server") == "2 server"
        assert await does(host, "tui") == "2 tui"

        package(folder, {"tui.js": says("3")}, entry={"tui": "tui.js"})
        await host.reload("two")
        assert host.commands() == ["tui-does"]
        assert await does(host, "tui") == "3 tui"
        assert host.workspace.halves.beside() == []

        package(folder, {"server.js": says("4")}, entry={"server": "server.js"})
        await host.reload("two")
        assert host.commands() == ["server-does"]
        assert await does(host, "server") == "4 server"
        await until(lambda: len(host.runtime.links) == 1)


async def test_without_an_interface_a_reload_starts_no_tui_half(tmp_path: Path) -> None:
    """It is there when somebody looks."""
    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", says("old"), says("old"))
        await host.load(folder)
        (folder / "tui.js").write_text(says("new"))

        assert (await host.reload("two")).changed
        assert half_of(host, "two").state == "waiting"
        await look(host, "two")
        assert await does(host, "tui") == "new tui"


async def test_unloading_takes_both_halves(tmp_path: Path) -> None:
    """No command, no process and no listener is left, and the name is free."""
    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", says("old"), says("old"))
        await host.load(folder)
        await look(host, "two")

        await host.unload("two")

        assert (host.plugins(), host.commands()) == ([], [])
        assert not host.has_handler("TurnEnd")
        await until(lambda: not host.runtime.links)
        await host.load(folder)


async def test_a_session_goes_on_in_the_newer_half(tmp_path: Path) -> None:
    """What happens after the reload is told to the newer version."""
    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", tells("TurnEnd"), tells("TurnEnd"), scope="session")
        await host.load(folder)
        await look(host, "two")
        await host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 1})
        await heard_of(host, 1, "s")
        (folder / "tui.js").write_text(tells("TurnEnd") + "// newer\n;0;")

        assert (await host.reload("two")).changed
        await host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 2})

        assert [event["turn_number"] for event in await heard_of(host, 1, "s")] == [2]


async def test_projects_that_share_a_global_plugin_have_a_half_each(tmp_path: Path) -> None:
    """The half of one is not shown for the other's interface; a reload renews both."""
    from host.workspace import Workspace  # what a daemon makes for each project

    async with opened(tmp_path) as host:
        folder = pair(tmp_path / "two", says("old"), says("old"), scope="global")
        await host.load(folder)
        other = Workspace(host.runtime, host.config, tmp_path / "elsewhere")
        await host._run(other.loads.load(folder))
        other.show_interface(True)
        await until(lambda: other.halves_of("two")[1].state == "active")
        assert other.halves_of("two")[0] is host.workspace.halves_of("two")[0]
        assert half_of(host, "two").state == "waiting"

        (folder / "tui.js").write_text(says("new"))
        await host.reload("two")

        await until(lambda: other.halves_of("two")[1].state == "active")
        assert other.halves_of("two")[0] is host.workspace.halves_of("two")[0]
        assert "new" in other.halves_of("two")[1].script()
        other.close()
        await look(host, "two")
        assert await does(host, "tui") == "new tui"


async def test_a_half_of_pi_s_format_hears_that_it_was_reloaded(tmp_path: Path) -> None:
    """Before anything else of the session that goes on, as a server half does."""
    source = """
    export default (pi) => {
      const events = [];
      pi.on("session_start", (event) => { events.push({ reason: event.reason }); });
      pi.on("turn_end", (event) => { events.push({ turn: event.turnIndex }); });
      pi.registerCommand("tui-does", { handler: () => ({ output: { events } }) });
    };
    """
    async with opened(tmp_path) as host:
        folder = package(tmp_path / "two", {"t.js": source}, entry={"tui": "t.js"})
        await host.load(folder)
        await look(host, "two")
        await host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 1})
        assert await heard_of(host, 1, "s") == [{"turn": 1}]
        (folder / "t.js").write_text(source + ";0;")

        assert (await host.reload("two")).changed
        await host.dispatch("TurnEnd", {"session_id": "s", "turn_number": 2})

        assert await heard_of(host, 2, "s") == [{"reason": "reload"}, {"turn": 2}]
