"""The view with real workers: a newer version, a crash, two halves, and a program without an event loop."""

import asyncio
import queue
import threading
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, InputError, PluginHost
from host.outcome import Json, JsonObject
from host.rate import Rate
from host.view import limits
from tests.integration.halves import pair
from tests.integration.host_support import Write, plugin
from tests.integration.person import HANG_S, Person, words

OLD = """
pi.registerShortcut("ctrl+o", { description: "old", handler: () => {} });
pi.registerCommand("ask", { handler: async (args, ctx) => {
  ctx.ui.setStatus("s", "old");
  ctx.ui.setWidget("w", ["old"]);
  return { said: await ctx.ui.confirm("Old asks?", "") };
} });
"""
NEW = """
pi.registerShortcut("ctrl+n", { description: "new", handler: (ctx) => ctx.ui.setStatus("s", "new") });
pi.registerCommand("ask", { handler: async (args, ctx) => ({ said: await ctx.ui.confirm("New asks?", "") }) });
"""


def open_host(tmp_path: Path) -> PluginHost:
    project = tmp_path / "project"
    project.mkdir()
    return PluginHost(Config(), project_dir=project, home=tmp_path / "home")


def text(value: JsonObject, name: str = "line") -> str:
    return words(value[name])


def test_a_newer_version_shows_what_is_its_own(tmp_path: Path, write: Write) -> None:
    """What the older one showed is gone with its place; what it asks is still answered."""

    async def main() -> None:
        async with open_host(tmp_path) as host:
            path = write("ui.js", plugin(OLD))
            await host.load(path, name="ui")
            async with Person(host) as person:
                asking = asyncio.create_task(host.run_command("ask"))
                dialog, _ = await person.dialog()
                assert set(person.values("keymap")) == {"ctrl+o"}
                assert set(person.values("widget")) == {"w"}
                path.write_text(plugin(NEW))
                await host.reload("ui")
                assert set(person.values("keymap")) == {"ctrl+n"}
                assert person.values("widget") == person.values("status") == {}
                assert set(person.values("dialog")) == {dialog}
                person.view.answer(dialog, value=True)
                assert (await asking).output == {"said": True}
                assert not (await host.press_key("ctrl+o")).handled
                assert (await host.press_key("ctrl+n")).handled
                await person.until(lambda: person.values("status") or None)
                asking = asyncio.create_task(host.run_command("ask"))
                _, value = await person.dialog()
                assert text(value, "title") == "New asks?"
                await host.unload("ui")
                assert host.view.snapshot()["entries"] == []
                await asking

    asyncio.run(main())


SHOWS = """
pi.registerCommand("show", { handler: (args, ctx) => {
  for (let n = 0; n < 10; n++) ctx.ui.notify(`VERSION ${n}`);
  ctx.ui.setWidget("w", ["x".repeat(400)]);
} });
"""


def test_newer_versions_show_no_more_than_the_plugin_may(tmp_path: Path, write: Write) -> None:
    """What the older ones told stays among the newest of one plugin, and their bytes are given back."""

    async def main() -> None:
        async with open_host(tmp_path) as host:
            path = write("ui.js", plugin(SHOWS.replace("VERSION", "0")))
            await host.load(path, name="ui")
            async with Person(host) as person:
                sizes = set()
                for version in range(1, 8):
                    host.workspace.plugin("ui").shown.notices = Rate(1e9, 0.0)
                    await host.run_command("show")
                    await person.shown("widget", "w")
                    sizes.add(host.workspace.plugin("ui").shown.bytes)
                    path.write_text(plugin(SHOWS.replace("VERSION", str(version))))
                    await host.reload("ui")
                    assert person.values("widget") == {}
                assert len(sizes) == 1
                assert host.workspace.plugin("ui").shown.bytes == 0
                assert len(person.values("notice")) == limits.MAX_NOTICES

    asyncio.run(main())


HANGS = """
export default async (pi) => {
  const loads = pi.kv.get("loads") ?? 0;
  await pi.kv.set("loads", loads + 1);
  if (loads === 1) throw new Error("not this time");
  pi.registerCommand("show", { handler: (args, ctx) => {
    ctx.ui.setStatus("s", "here");
    ctx.ui.setTitle("mine");
  } });
  pi.registerCommand("spin", { handler: () => { for (;;); } });
};
"""


def test_a_worker_that_hangs_leaves_only_that_it_is_gone(tmp_path: Path, write: Write) -> None:
    """As long as there is no other; the next one that loads shows nothing of it again by itself."""

    async def main() -> None:
        config = Config.model_validate({"timeouts": {"max_busy_ms": 300}})
        project = tmp_path / "project"
        project.mkdir()
        async with PluginHost(config, project_dir=project, home=tmp_path / "home") as host:
            await host.load(write("ui.js", HANGS), name="ui")
            async with Person(host) as person:
                await host.run_command("show")
                await person.shown("title", "")
                assert not (await host.run_command("spin")).ok

                def is_blocked() -> JsonObject | None:
                    about = person.values("plugin")[""]
                    return about if about["state"] == "blocked" else None

                about = await person.until(is_blocked)
                assert "not this time" in str(about["error"])
                assert set(person.values("status")) == {"s"}
                assert str(person.values("status")["s"]["gone"]).startswith("ui is off: ")
                assert person.values("title") == {}
                host.enable("ui")
                await person.no("status")
                assert person.values("plugin")[""]["state"] == "active"

    asyncio.run(main())


def test_the_halves_of_a_plugin_have_entries_of_their_own(tmp_path: Path, write: Write) -> None:
    """Under the same key, too; keys and answers reach the half that they are for."""
    show = 'pi.registerShortcut("ctrl+{k}", {{ handler: (ctx) => ctx.ui.setStatus("s", "{word}") }});'

    async def main() -> None:
        async with open_host(tmp_path) as host:
            server = plugin(show.format(k="s", word="server"))
            tui = plugin(show.format(k="t", word="tui"))
            folder = pair(tmp_path / "twice", server, tui, kind="both")
            await host.load(folder, name="twice")
            async with Person(host) as person:
                await person.until(lambda: person.values("keymap", "twice#tui") or None)
                assert (await host.press_key("ctrl+s")).plugin == "twice"
                assert (await host.press_key("ctrl+t")).plugin == "twice#tui"
                await person.until(lambda: person.values("status", "twice#tui") or None)
                await person.until(lambda: person.values("status", "twice") or None)
                assert text(person.values("status", "twice#tui")["s"]) == "tui"
                assert text(person.values("status", "twice")["s"]) == "server"
                assert set(person.values("plugin", "twice#tui")) == {""}

    asyncio.run(main())


LATER = """
pi.registerCommand("later", { handler: (args, ctx) => { setTimeout(() => ctx.ui.setStatus("s", "later"), 20); } });
pi.registerShortcut("ctrl+k", { handler: async (ctx) => {
  const name = await ctx.ui.input("Name?", "");
  ctx.ui.setStatus("n", `hello ${name}`);
} });
"""


def entries_of(diffs: "queue.Queue[JsonObject]", area: str, key: str) -> Json:
    """The value of *area* and *key* in the next diff that has one."""
    while True:
        diff = diffs.get(timeout=HANG_S)
        assert isinstance(diff["set"], list)
        for entry in diff["set"]:
            assert isinstance(entry, dict)
            if entry["area"] == area and key in ("", entry["key"]):
                return entry


def test_a_program_without_a_loop_is_told_between_its_calls(
    tmp_path: Path, write: Write
) -> None:
    """By a thread of the host's: nothing is called while it waits for the diffs."""
    with BlockingPluginHost(project_dir=tmp_path, home=tmp_path / "home") as host:
        host.load(write("ui.js", plugin(LATER)), name="ui")
        diffs: queue.Queue[JsonObject] = queue.Queue()
        with pytest.raises(InputError):
            host.view.attach(width=0)
        ui = host.view.attach(width=60)
        listener = host.view.listen(diffs.put)
        host.run_command("later")
        entry = entries_of(diffs, "status", "s")
        assert isinstance(entry, dict)
        assert entry["value"] == {"line": [["later", ""]], "severity": "info"}

        pressed = host.press_key("Ctrl+K")  # ends when it asks, not when it is answered
        assert (pressed.handled, pressed.plugin) == (True, "ui")
        dialog = entries_of(diffs, "dialog", "")
        assert isinstance(dialog, dict)
        answering = threading.Thread(
            target=host.view.answer, args=(dialog["key"],), kwargs={"value": "Ada"}
        )
        answering.start()
        entry = entries_of(diffs, "status", "n")
        answering.join()
        assert isinstance(entry, dict)
        assert entry["value"] == {"line": [["hello Ada", ""]], "severity": "info"}
        assert not host.press_key("x").handled
        with pytest.raises(InputError):
            host.press_key("nonsense")
        with pytest.raises(InputError):
            host.open_route("ui", "nowhere")
        with pytest.raises(InputError):
            host.select_item("ui", "Sidebar/x", "1")
        ui.update(width=61)
        state = host.view.snapshot()["ui"]
        assert isinstance(state, dict)
        assert state["width"] == 61
        listener.close()
        ui.close()
        assert host.view.snapshot()["ui"] is None
