"""Plugins of two halves: two workers, one store, one name, and what one of them cannot do to the other."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from host import Config, PluginDisabledError, PluginLoadError, Timeouts
from host.audit import Kind
from host.outcome import JsonObject
from tests.integration.halves import (
    does,
    half_of,
    knows,
    look,
    opened,
    package,
    pair,
    tells,
    until,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("nothing_stays")]


async def test_each_half_has_a_worker_of_its_own(tmp_path: Path) -> None:
    """Another process, another realm; each knows which half it is."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        (info,) = host.plugins()

        assert info.tui is not None
        assert (info.part, info.tui.part, info.tui.name) == ("server", "tui", "two")
        assert len({*info.pids, *info.tui.pids}) == 2
        for part in ("server", "tui"):
            known = await knows(host, part)
            assert (known["kind"], known["part"]) == ("both", part)
        assert host.commands() == ["server-does", "tui-does"]


async def test_no_worker_without_an_interface(tmp_path: Path) -> None:
    """None before the first one is attached, none once the last one has gone; the server half never notices."""
    async with opened(tmp_path) as host:
        info = await host.load(pair(tmp_path / "two"))
        assert info.tui is not None
        assert (info.tui.state, info.tui.pids) == ("waiting", ())
        assert host.commands() == ["server-does"]

        await look(host, "two")
        (seen,) = host.plugins()
        assert seen.tui is not None
        (pid,) = seen.tui.pids
        host.workspace.halves.show(False, linger_s=0.0)
        await until(lambda: not psutil.pid_exists(pid))

        (gone,) = host.plugins()
        assert gone.tui is not None
        assert (gone.tui.state, gone.tui.pids, gone.pids) == ("waiting", (), info.pids)
        assert host.commands() == ["server-does"]


async def test_who_comes_back_finds_everything_as_it_was(tmp_path: Path) -> None:
    """The workers of halves stay for a while."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        before = host.plugins()[0].tui

        host.workspace.show_interface(False)
        await does(host, "server")
        host.workspace.show_interface(True)
        await does(host, "tui")

        assert host.plugins()[0].tui == before


@pytest.mark.parametrize(
    ("kind", "has_server"), [("tui", False), ("both", True), ("server", True)]
)
async def test_one_file_says_which_halves_it_has(
    tmp_path: Path, kind: str, has_server: bool
) -> None:
    """By its manifest's kind; a half that it has not is not there."""
    source = f'export const manifest = {{ name: "one", kind: "{kind}" }};\n{tells()}'
    path = tmp_path / "one.js"
    path.write_text(source)
    async with opened(tmp_path) as host:
        info = await host.load(path)
        host.workspace.show_interface(True)
        if kind != "server":
            await look(host, "one")

        parts = ["server"] * has_server + ["tui"] * (kind != "server")
        assert info.part == parts[0]
        assert host.commands() == [f"{part}-does" for part in parts]
        for part in parts:
            known = await knows(host, part)
            assert (known["kind"], known["part"]) == (kind, part)


async def test_a_plugin_of_kind_tui_alone_needs_no_worker(tmp_path: Path) -> None:
    """It is listed, answers no event, and no process is started for it."""
    folder = package(tmp_path / "screen", {"t.js": tells("PreToolUse")}, entry={"tui": "t.js"})
    async with opened(tmp_path) as host:
        info = await host.load(folder)

        assert (info.name, info.part, info.state, info.tui) == (
            "screen",
            "tui",
            "waiting",
            None,
        )
        assert info.pids == ()
        assert not host.has_handler("PreToolUse")
        assert (await host.dispatch("PreToolUse", {"tool_name": "t"})).results == ()
        await look(host, "screen")
        assert (await knows(host, "tui"))["kind"] == "tui"


async def test_the_halves_have_one_store(tmp_path: Path) -> None:
    """What one keeps the other reads, also what it kept while nobody looked."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await does(host, "server", "keep early")
        await look(host, "two")
        assert (await knows(host, "tui"))["kept"] == "early"

        await does(host, "tui", "keep late")

        while (await knows(host, "server"))["kept"] != "late":
            pass
        data = {(await knows(host, part))["data"] for part in ("server", "tui")}
        assert data == {str(half_of(host, "two").data_dir())}


async def test_the_halves_of_a_global_plugin_have_one_store(tmp_path: Path) -> None:
    """Though its TUI half is one of a project."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", scope="global"))
        await look(host, "two")
        await does(host, "tui", "keep it")

        assert (await knows(host, "server"))["kept"] == "it"


@pytest.mark.parametrize("scope", ["project", "session"])
async def test_the_halves_hear_each_other(tmp_path: Path, scope: str) -> None:
    """And themselves at once; each message says which half sent it."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", scope=scope))
        await look(host, "two")
        for part in ("server", "tui"):  # of a session there is none before its first call
            await knows(host, part, "s")

        assert await does(host, "server", "say down", "s") == 1
        assert await does(host, "tui", "say up", "s") == 1

        wanted = [["down", "two", "server"], ["up", "two", "tui"]]
        for part in ("server", "tui"):
            while len((await knows(host, part, "s"))["heard"]) < 2:  # type: ignore[arg-type]  # a list
                pass
            assert sorted((await knows(host, part, "s"))["heard"]) == wanted  # type: ignore[arg-type]  # a list


async def test_another_session_s_half_hears_nothing(tmp_path: Path) -> None:
    """Where both halves have an instance for each session."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", scope="session"))
        await look(host, "two")
        for session in ("a", "b"):
            for part in ("server", "tui"):
                await knows(host, part, session)

        assert await does(host, "server", "say secret", "a") == 1

        assert (await knows(host, "tui", "b"))["heard"] == []


@pytest.mark.parametrize(("victim", "other"), [("tui", "server"), ("server", "tui")])
async def test_the_death_of_one_half_is_not_the_other_s(
    tmp_path: Path, victim: str, other: str
) -> None:
    """It loses what it had in memory and runs again; the other has its process and its memory still."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        await does(host, "server", "say something")
        pids = dict(zip(("server", "tui"), _pids(host.plugins()), strict=True))
        os.kill(pids[victim], signal.SIGKILL)
        await until(lambda: _pids(host.plugins())[victim == "tui"] not in (0, pids[victim]))

        assert (await knows(host, victim))[
            "heard"
        ] == []  # the control: memory does not survive
        assert (await knows(host, other))["heard"] == [["something", "two", "server"]]
        assert _pids(host.plugins())[other == "tui"] == pids[other]


def _pids(infos: list) -> tuple[int, int]:  # type: ignore[type-arg]  # of one plugin
    (info,) = infos
    return (sum(info.pids), sum(info.tui.pids))


async def test_a_half_that_fails_too_often_is_alone_in_that(tmp_path: Path) -> None:
    """Its breaker opens, and looking again does not close it; enable does. The server half goes on."""
    crashes = tells().replace(
        'if (verb === "say")', 'if (verb === "spin") for (;;) {}\nif (verb === "say")'
    )
    async with opened(tmp_path, Config(timeouts=Timeouts(max_busy_ms=500))) as host:
        await host.load(pair(tmp_path / "two", tui=crashes))
        await look(host, "two")
        half = half_of(host, "two")
        while half.state != "blocked":
            await until(lambda: half.state in ("active", "blocked"))
            await host.run_command("tui-does", "spin")
        host.workspace.halves.show(False, linger_s=0.0)
        await until(lambda: not host.workspace.halves.is_shown)
        host.workspace.show_interface(True)

        assert half.state == "blocked"
        assert host.plugins()[0].state == "active"
        host.enable("two")
        await until(lambda: half.state == "active")


async def test_a_switch_takes_both_halves(tmp_path: Path) -> None:
    """By the plugin's name; lifted, both are back. Switched off while nobody looks, none starts for who looks then."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        pids = _pids(host.plugins())

        host.set_switches({"JCODE_PLUGIN_KILL_TWO": "1"})
        (off,) = host.plugins()
        assert off.tui is not None
        assert (off.state, off.tui.state, host.commands()) == ("disabled", "disabled", [])
        await until(lambda: not any(map(psutil.pid_exists, pids)))
        host.workspace.halves.show(False, linger_s=0.0)
        await until(lambda: not host.workspace.halves.is_shown)
        host.workspace.show_interface(True)
        assert half_of(host, "two").state == "disabled"
        with pytest.raises(PluginDisabledError):
            host.enable("two")

        host.set_switches({})
        await until(lambda: len(host.commands()) == 2)
        assert (
            len([e for e in host.audit.recent(100, kind=Kind.REFUSED) if e.code == "E_SWITCH"])
            == 2
        )


async def test_tools_and_providers_are_not_a_tui_half_s_to_offer(tmp_path: Path) -> None:
    """They are refused with a problem that names them; its commands and the rest of it are there."""
    offers = tells() + (
        'pi.registerTool({ name: "early", description: "d", handler: () => 1 });'
        'pi.registerProvider("models", { models: [{ id: "m" }] });'
        'pi.registerCommand("later", { handler: () => { pi.registerTool({ name: "late", description: "d", handler: () => 1 }); } });'
    )
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", tui=offers))
        await look(host, "two")
        await host.run_command("later")

        half = host.plugins()[0].tui
        assert half is not None
        assert (host.tools(), host.providers()) == ([], [])
        assert half.registry.problems[-1] == "tools are a server half's to offer: early, late"
        told = [entry.detail for entry in host.audit.recent(100, kind=Kind.REFUSED)]
        assert "tui half: tools are a server half's to offer: early" in told
        assert "tui half: providers are a server half's to offer: models" in told


async def test_a_command_of_both_halves_is_the_server_half_s(tmp_path: Path) -> None:
    """The other is refused, and not under a number; another plugin's of that name keeps its number."""
    same = 'export default (pi) => { pi.registerCommand("same", { handler: () => ({ output: pi.part }) }); };'
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two", server=same, tui=same))
        await host.load(pair(tmp_path / "other", server=same, tui=same))
        await look(host, "two", "other")

        assert host.commands() == ["same", "same:2"]
        assert (await host.run_command("same")).output == "server"
        (told,) = [e.detail for e in host.audit.recent(100, plugin="two", kind=Kind.REFUSED)]
        assert told == "command same of the tui half of two: its server half has it"


async def test_a_tui_half_that_does_not_load_is_told_and_costs_the_other_nothing(
    tmp_path: Path,
) -> None:
    """Also where somebody looks already."""
    async with opened(tmp_path) as host:
        host.workspace.show_interface(True)
        await host.load(pair(tmp_path / "two", tui='throw new Error("no screen");'))
        await until(lambda: half_of(host, "two").state == "blocked")

        (info,) = host.plugins()
        assert (info.state, info.error) == ("active", None)
        assert info.tui is not None
        assert "no screen" in (info.tui.error or "")
        assert await does(host, "server")


async def test_a_half_that_is_never_ready_keeps_nobody_waiting(tmp_path: Path) -> None:
    """The server half is loaded and answers while the other still loads."""
    never = "await new Promise(() => {}); export default () => {};"
    async with opened(tmp_path) as host:
        host.workspace.show_interface(True)
        await host.load(pair(tmp_path / "two", tui=never))

        assert await does(host, "server")
        assert half_of(host, "two").state == "starting"


async def test_what_a_tui_half_is_made_of_is_judged_before_anything_runs(
    tmp_path: Path,
) -> None:
    """A missing file, one outside, and what preflight blocks in it stop the load of the whole plugin."""
    async with opened(tmp_path) as host:
        for tui, code in (
            ("gone.js", "E_RESOLVE"),
            ("../x.js", "E_ESCAPE"),
            ("bad.js", "E_PREFLIGHT"),
        ):
            files = {
                "s.js": tells(),
                "bad.js": 'export default (pi) => pi.exec("rm", ["-rf", "/"]);',
            }
            folder = package(tmp_path / "two", files, entry={"server": "s.js", "tui": tui})
            with pytest.raises(PluginLoadError) as caught:
                await host.load(folder)

            assert caught.value.code == code, str(caught.value)
        assert host.plugins() == []


async def test_who_attaches_is_shown_both_halves(tmp_path: Path) -> None:
    """Attaching starts the TUI half; the view tells the halves apart."""

    def states() -> JsonObject:
        entries = host.view.snapshot()["entries"]
        assert isinstance(entries, list)
        return {
            str(one["plugin"]): one["value"]["state"]  # type: ignore[index,call-overload]  # an object
            for one in entries
            if isinstance(one, dict) and one["area"] == "plugin"
        }

    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        assert states() == {"two": "active", "two#tui": "waiting"}

        attached = host.view.attach(width=80, height=24)
        await until(lambda: states() == {"two": "active", "two#tui": "active"})
        attached.close()
        host.workspace.halves.show(False, linger_s=0.0)

        await until(lambda: states() == {"two": "active", "two#tui": "waiting"})


@pytest.mark.parametrize("culprit", [0, 1])
async def test_what_goes_against_the_sandbox_in_one_half_stops_both(
    tmp_path: Path, culprit: int
) -> None:
    """It is the same author's; a person's word brings both back."""
    async with opened(tmp_path) as host:
        await host.load(pair(tmp_path / "two"))
        await look(host, "two")
        pids = _pids(host.plugins())

        host.workspace.halves_of("two")[culprit].quarantine(
            "it made a call that no plugin makes"
        )

        assert [half.state for half in host.workspace.halves_of("two")] == [
            "blocked",
            "blocked",
        ]
        await until(lambda: not any(map(psutil.pid_exists, pids)))
        host.enable("two")
        await until(
            lambda: [h.state for h in host.workspace.halves_of("two")] == ["active"] * 2
        )
