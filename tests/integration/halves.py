"""A plugin of two halves that tells everything it knows, for tests with real workers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from host import Config, PluginHost
from host.outcome import Json, JsonObject
from host.tui_half import TuiHalf

TELLS = """
export default (pi) => {
  const heard = [], events = [];
  pi.events.on("news", (data, about) => { heard.push([data, about.from, about.part]); });
  for (const name of NAMES) pi.on(name, (event) => { events.push(event); VERDICT });
  pi.registerCommand(`${pi.part}-does`, { handler: async (args) => {
    const [verb, value] = args.split(" ");
    if (verb === "say") return { output: (await pi.events.emit("news", value)).delivered };
    if (verb === "keep") await pi.kv.set("kept", value);
    return { output: { kind: pi.kind, part: pi.part, heard, events, kept: pi.kv.get("kept"), data: pi.dataDir } };
  } });
};
"""
"""Its command is ``server-does`` or ``tui-does``: say something, keep something, and tell what it knows."""


def tells(*names: str, verdict: str = "") -> str:
    """Source of a half that subscribes to *names* and answers *verdict*."""
    return TELLS.replace("NAMES", json.dumps(list(names))).replace("VERDICT", verdict)


WritePackage = Callable[..., Path]


def package(folder: Path, files: dict[str, str], **manifest: Json) -> Path:
    """Write a plugin of several files in *folder*, with *manifest*."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        (folder / name).write_text(source)
    said: JsonObject = {"name": folder.name, "jcode-plugin": {"v2": manifest}}
    (folder / "package.json").write_text(json.dumps(said))
    return folder


def pair(folder: Path, server: str = "", tui: str = "", **manifest: Json) -> Path:
    """Write a plugin of two files, one for each half."""
    files = {"server.js": server or tells("TurnEnd"), "tui.js": tui or tells("TurnEnd")}
    return package(folder, files, entry={"server": "server.js", "tui": "tui.js"}, **manifest)


@asynccontextmanager
async def opened(tmp_path: Path, config: Config | None = None) -> AsyncIterator[PluginHost]:
    """A host of an asyncio program."""
    async with PluginHost(config, project_dir=tmp_path, home=tmp_path / "home") as host:
        yield host


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until *condition* holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


def half_of(host: PluginHost, name: str) -> TuiHalf:
    """The TUI half of the plugin *name*, beside its server half or alone."""
    found = host.workspace.halves_of(name)[-1]
    assert isinstance(found, TuiHalf)
    return found


async def look(host: PluginHost, *names: str) -> None:
    """Attach an interface, and wait until the TUI halves of the plugins *names* are there."""
    host.workspace.show_interface(True)
    await until(lambda: all(half_of(host, name).state == "active" for name in names))


async def does(host: PluginHost, part: str, args: str = "", session: str = "") -> Json:
    """What the half *part* answers."""
    result = await host.run_command(f"{part}-does", args, session_id=session)
    assert result.ok, result.error
    return result.output


async def knows(host: PluginHost, part: str, session: str = "") -> JsonObject:
    """Everything that the half *part* knows."""
    output = await does(host, part, session=session)
    assert isinstance(output, dict)
    return output


async def heard_of(host: PluginHost, least: int, session: str = "") -> list[JsonObject]:
    """The events that the TUI half was told of, when it is at least so many."""
    while True:
        events = (await knows(host, "tui", session))["events"]
        assert isinstance(events, list)
        if len(events) >= least:
            return [event for event in events if isinstance(event, dict)]
