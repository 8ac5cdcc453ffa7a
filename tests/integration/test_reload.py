"""Hot reload: a newer version takes its place whole, or everything stays as it was."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest

from host import (
    Answer,
    BlockingPluginHost,
    Config,
    InputError,
    Outcome,
    PluginDisabledError,
    PluginHost,
    PluginLoadError,
    Question,
)
from host.audit import Kind
from host.waits import start
from host.workspace import Workspace
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, bash, on, plugin


def blocks(reason: str, more: str = "") -> str:
    """A version that says who it is."""
    return plugin(
        f'pi.on("PreToolUse", () => ({{ block: "{reason}" }}));'
        f'pi.registerTool({{ name: "who", description: "d", tier: "read", handler: () => "{reason}" }});'
        f"{more}"
    )


NEVER_READY = "export default async (pi) => { await new Promise(() => {}); };\n"


@asynccontextmanager
async def opened(
    tmp_path: Path,
    config: Config | None = None,
    approver: Callable[[Question], Awaitable[Answer]] | None = None,
) -> AsyncIterator[PluginHost]:
    """A host of an asyncio program."""
    async with PluginHost(
        config, project_dir=tmp_path, home=tmp_path / "home", approver=approver
    ) as host:
        yield host


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until *condition* holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


async def pids_of(host: PluginHost, name: str) -> tuple[int, ...]:
    """The processes of the plugin *name*; which those are, is told apart from what they say."""

    def found() -> tuple[int, ...]:
        return next(info.pids for info in host.plugins() if info.name == name)

    await until(lambda: bool(found()))
    return found()


async def gone(pids: tuple[int, ...]) -> None:
    """Wait for the end of the processes *pids*."""
    assert pids
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


def reason(host: BlockingPluginHost) -> str | None:
    """Who blocks a command now."""
    return host.dispatch("PreToolUse", bash()).reason


def pid_of(host: BlockingPluginHost, name: str) -> int:
    """The one process of the plugin *name*; which one it is, is told apart from what it says."""
    until_s = monotonic() + 30
    while True:
        (info,) = [info for info in host.plugins() if info.name == name]
        if info.pids:
            (pid,) = info.pids
            return pid
        reason(host)
        assert monotonic() < until_s


def test_a_newer_version_takes_the_place_of_the_older_one(
    host: BlockingPluginHost, write: Write
) -> None:
    """Handlers, tools and version are the newer one's; its process is another, and the older one is gone."""
    path = write("guard.js", blocks("one"))
    host.load(path)
    pid = pid_of(host, "guard")
    assert reason(host) == "one"

    write("guard.js", blocks("two").replace('"who"', '"whoami"'))
    done = host.reload("guard")

    assert done.changed
    assert done.info.name == "guard"
    assert reason(host) == "two"
    assert [tool.name for tool in host.tools()] == ["plugin_whoami"]
    assert pid_of(host, "guard") != pid
    until_s = monotonic() + 30
    while psutil.pid_exists(pid):  # a blocking host looks at what ended when it is called
        assert reason(host) == "two"
        assert monotonic() < until_s
    (entry,) = audited(host, Kind.RELOADED, "guard")
    assert "instead of sha256:" in entry.detail


def test_nothing_happens_when_nothing_changed(host: BlockingPluginHost, write: Write) -> None:
    """Not even when the file was written again, or only its types differ: the same process, the same generation."""
    typed = blocks("one") + "let none: TYPE;\n"
    path = write("guard.ts", typed.replace("TYPE", "number"))
    host.load(path)
    pid, generation = pid_of(host, "guard"), host.workspace.snapshot.generation

    for type_ in ("number", "string | undefined"):
        write("guard.ts", typed.replace("TYPE", type_))
        assert not host.reload("guard").changed

    assert pid_of(host, "guard") == pid
    assert host.workspace.snapshot.generation == generation
    assert audited(host, Kind.RELOADED) == []


def test_settings_alone_are_a_change(
    host: BlockingPluginHost, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And so is a manifest: what a worker is told differs, although its code does not."""
    folder = tmp_path / "plugins" / "pack"
    manifest = '{"name": "pack", "version": "%s", "jcode-plugin": {"v2": {"entry": {"server": "index.js"}}}}'
    source = plugin('pi.registerCommand("v", { handler: () => pi.version });')
    write("pack/index.js", source)
    write("pack/package.json", manifest % "1.0.0")
    host.load(folder)
    write("pack/package.json", manifest % "2.0.0")

    assert host.reload("pack").changed

    assert host.run_command("v").output == "2.0.0"
    assert host.plugins()[0].version == "2.0.0"


def test_the_place_in_the_order_stays(host: BlockingPluginHost, write: Write) -> None:
    """Of two that change the same field the later one wins, whichever was reloaded last."""
    for name in ("first", "second"):
        host.load(
            write(
                f"{name}.js", on("UserPromptSubmit", f'return {{ modified_prompt: "{name}" }}')
            )
        )

    write("first.js", on("UserPromptSubmit", 'return { modified_prompt: "first again" }'))
    assert host.reload("first").changed

    outcome = host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
    assert outcome.output == {"modified_prompt": "second"}
    assert [result.plugin for result in outcome.results] == ["first", "second"]


def test_what_it_was_loaded_with_holds_for_the_newer_version(
    host: BlockingPluginHost, write: Write
) -> None:
    """The name, the scope, the settings and the rights are the embedding program's word."""
    tells = (
        'pi.registerCommand("tell", { handler: () => [pi.name, pi.getConfig("of"), VERSION] });'
    )
    watches = 'pi.on("PreToolUse", () => ({ block: "no" }));'
    path = write("guard.js", "const VERSION = 1;\n" + plugin(tells + watches))
    host.load(
        path,
        name="watcher",
        scope="session",
        rights={4: frozenset()},  # type: ignore[dict-item] # an event by its number
        settings={"of": "mine"},
    )
    before = host.plugins()[0]

    write("guard.js", "const VERSION = 2;\n" + plugin(tells + watches))
    done = host.reload("watcher")

    assert (done.changed, done.info.scope) == (True, before.scope)
    assert host.run_command("tell").output == ["watcher", "mine", 2]


BROKEN = [
    ("E_SYNTAX", "export default (pi) => {", {}),
    ("E_LOAD", 'export default () => { throw new Error("broken"); };', {}),
    ("E_HUNG", "for (;;);", {"limits": {"load_busy_ms": 300}}),
    ("E_LOAD_TIMEOUT", NEVER_READY, {"limits": {"load_total_ms": 1000}}),
    ("E_NAME", 'export const manifest = { name: "other" };\n' + blocks("two"), {}),
    (
        "E_PREFLIGHT",
        plugin('pi.on("Stop", async () => { await pi.exec("rm", ["-rf", "/"]); });'),
        {},
    ),
    ("E_NOT_FOUND", None, {}),
]


@pytest.mark.parametrize(("code", "source", "more"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_version_that_does_not_work_changes_nothing(
    make_host: MakeHost, write: Write, code: str, source: str | None, more: dict[str, object]
) -> None:
    """The older one serves with its process; the error is raised, kept and audited; a mended one then runs."""
    host = make_host(Config.model_validate(more))
    path = write("guard.js", blocks("one"))
    host.load(path)
    pid, generation = pid_of(host, "guard"), host.workspace.snapshot.generation
    if source is None:
        path.unlink()
    else:
        write("guard.js", source)

    with pytest.raises(PluginLoadError) as failed:
        host.reload("guard")

    assert failed.value.code == code
    assert reason(host) == "one"
    assert pid_of(host, "guard") == pid
    assert host.workspace.snapshot.generation == generation
    assert [entry.code for entry in audited(host, Kind.RELOAD_FAILED, "guard")] == [code]
    assert host.plugins()[0].error == str(failed.value)
    assert host.plugins()[0].state == "active"

    write("guard.js", blocks("mended"))
    assert host.reload("guard").changed
    assert reason(host) == "mended"
    assert host.plugins()[0].error is None


def test_the_error_is_forgotten_when_the_change_is_taken_back(
    host: BlockingPluginHost, write: Write
) -> None:
    """What runs is what lies there."""
    path = write("guard.js", blocks("one"))
    host.load(path)
    write("guard.js", "export default (")
    with pytest.raises(PluginLoadError):
        host.reload("guard")

    write("guard.js", blocks("one"))

    assert not host.reload("guard").changed
    assert host.plugins()[0].error is None


def test_only_what_is_loaded_can_be_reloaded(host: BlockingPluginHost, write: Write) -> None:
    """The nearest name is told."""
    host.load(write("guard.js", blocks("one")))

    with pytest.raises(InputError, match="did you mean guard"):
        host.reload("gaurd")


def test_kv_and_data_are_the_plugins_not_the_versions(
    host: BlockingPluginHost, write: Write
) -> None:
    """What the older one stored, the newer one finds."""
    source = (
        'pi.registerCommand("keep", { handler: async () => { await pi.kv.set("k", "old"); } });'
    )
    tells = 'pi.registerCommand("tell", { handler: () => [pi.kv.get("k"), pi.dataDir] });'
    host.load(write("store.js", plugin(source + tells)))
    host.run_command("keep")
    before = host.run_command("tell").output

    write("store.js", plugin(tells))
    assert host.reload("store").changed

    assert host.run_command("tell").output == before
    assert isinstance(before, list)
    assert before[0] == "old"


def test_the_older_version_is_waited_for_no_longer_than_its_calls(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """A handler that never ends has its deadline; then the agent has its answer, and the process is gone."""

    async def run() -> None:
        config = Config.model_validate({"timeouts": {"actionable_ms": 500}})
        async with opened(tmp_path, config) as host:
            info = await host.load(
                write(
                    "slow.js",
                    on("UserPromptSubmit", "await new Promise(() => {});", is_async=True),
                )
            )
            pids = await pids_of(host, info.name)
            event = asyncio.create_task(
                host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
            )
            link = host.workspace.plugin("slow").instance_for("s").link
            assert link is not None
            await until(lambda: bool(link.calls))
            write("slow.js", blocks("two"))
            assert (await host.reload("slow")).changed

            assert psutil.pid_exists(pids[0])
            assert (await event).results[0].status.value == "timed_out"
            await gone(pids)
            assert host.runtime.replaced == {}

    asyncio.run(run())


SIGNALLED = """
  const told = () => pi.kv.get("go") === "yes";
  const wait = async () => { while (!told()) await pi.sleep(5); return VERSION; };
  pi.on("UserPromptSubmit", async () => ({ modified_prompt: await wait() }));
  pi.registerCommand("go", { handler: async () => { await pi.kv.set("go", "yes"); return VERSION; } });
  pi.registerTool({ name: "slow", description: "d", tier: "exec", handler: wait });
"""


def signalled(version: str) -> str:
    """A version that ends what it is at when any version's command ``go`` was run."""
    return f'const VERSION = "{version}";\n' + plugin(SIGNALLED)


def test_answers_of_the_older_version_are_its_own(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Both versions work side by side; each answers what it was asked."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            info = await host.load(write("slow.js", signalled("one")))
            pids = await pids_of(host, info.name)
            event = asyncio.create_task(
                host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
            )
            tool = asyncio.create_task(host.call_tool("plugin_slow", {}, typed=True))
            link = host.workspace.plugin("slow").instance_for("s").link
            assert link is not None
            await until(lambda: len(link.calls) == 2)

            write("slow.js", signalled("two"))
            assert (await host.reload("slow")).changed
            assert (await host.run_command("go")).output == "two"

            assert (await event).output == {"modified_prompt": "one"}
            assert (await tool).output == "one"
            await gone(pids)
            assert (await host.call_tool("plugin_slow", {}, typed=True)).output == "two"

    asyncio.run(run())


def test_a_tool_call_that_waits_for_its_approval_keeps_its_version(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """What a person was shown is what runs; the next call is about other code and is asked again."""

    async def run() -> None:
        asked: list[str] = []
        said: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        async def approver(question: Question) -> Answer:
            asked.append(question.content)
            return await said if len(asked) == 1 else "once"

        source = plugin(
            'pi.registerTool({ name: "who", description: "d", tier: "exec", handler: () => "one" });'
        )
        async with opened(tmp_path, approver=approver) as host:
            info = await host.load(write("tool.js", source))
            pids = await pids_of(host, info.name)
            call = asyncio.create_task(host.call_tool("plugin_who", {}))
            await until(lambda: bool(asked))
            write("tool.js", source.replace('"one"', '"two"'))
            assert (await host.reload("tool")).changed
            said.set_result("session")

            assert (await call).output == "one"
            await gone(pids)
            assert (await host.call_tool("plugin_who", {})).output == "two"
            assert len(asked) == len(set(asked)) == 2

    asyncio.run(run())


def test_a_second_look_is_taken_by_who_took_the_first(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """A guard that answered at once is needed again when another plugin rewrites; meanwhile it was reloaded."""

    async def run() -> None:
        guard = on(
            "PreToolUse", 'if (event.tool_input.command === "evil") return { block: "old" };'
        )
        rewrites = plugin("""
          const wait = async () => { while (pi.kv.get("go") !== "yes") await pi.sleep(5); };
          pi.on("PreToolUse", async () => { await wait(); return { modified_input: { command: "evil" } }; });
          pi.registerCommand("go", { handler: () => pi.kv.set("go", "yes") });
        """)
        async with opened(tmp_path) as host:
            info = await host.load(write("guard.js", guard))
            pids = await pids_of(host, info.name)
            await host.load(write("rewriter.js", rewrites))
            event = asyncio.create_task(host.dispatch("PreToolUse", bash()))
            old = host.workspace.plugin("guard").instance_for("s")
            slow = host.workspace.plugin("rewriter").instance_for("s")
            await until(lambda: bool(slow.link and slow.link.calls) and old.is_done)

            write("guard.js", guard.replace('"old"', '"new"'))
            assert (await host.reload("guard")).changed
            await host.run_command("go")

            assert (await event).reason == "old"
            await gone(pids)
            assert (await host.dispatch("PreToolUse", bash())).reason == "new"

    asyncio.run(run())


def test_two_who_ask_at_once_share_a_reload_and_who_asks_later_gets_a_later_one(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Nobody is told of success for a source that was read before they asked."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            await host.load(write("guard.js", blocks("one")))
            slowly = blocks("two").replace("(pi) => {", "async (pi) => { await pi.sleep(500);")
            write("guard.js", slowly)  # long enough for all that follows here
            first = asyncio.create_task(host.reload("guard"))
            await until(lambda: bool(host.workspace.reloads.others()))
            write("guard.js", blocks("three"))
            later = [asyncio.create_task(host.reload("guard")) for _ in range(5)]

            assert (await first).changed
            assert len({id(done) for done in await asyncio.gather(*later)}) == 1
            assert (await host.dispatch("PreToolUse", bash())).reason == "three"
            assert len(audited(host, Kind.RELOADED)) == 2

    asyncio.run(run())


def test_a_reload_goes_on_when_who_asked_for_it_goes_away(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """Others may wait for it."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            await host.load(write("guard.js", blocks("one")))
            write("guard.js", blocks("two"))
            asked = asyncio.create_task(host.reload("guard"))
            await until(lambda: bool(host.workspace.reloads.others()) or asked.done())
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await until(lambda: bool(audited(host, Kind.RELOADED)))

            assert (await host.dispatch("PreToolUse", bash())).reason == "two"

    asyncio.run(run())


@pytest.mark.parametrize("what", ["unload", "kill", "disable", "close"])
def test_what_happens_while_the_newer_version_loads(
    tmp_path: Path, write: Write, nothing_stays: None, what: str
) -> None:
    """Unloaded, switched off, closed: the reload ends with an error and neither version runs."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            await host.load(write("guard.js", blocks("one")))
            write("guard.js", NEVER_READY)
            asked = asyncio.create_task(host.reload("guard"))
            await until(lambda: any(one.info for one in staged(host)))
            await until(lambda: all(link.pid for link in host.runtime.links))
            pids = tuple(link.pid for link in host.runtime.links)
            if what == "unload":
                await host.unload("guard")
            elif what == "close":
                await host.close()
            else:
                switch = "KILL_GUARD" if what == "kill" else "KILL_ALL"
                host.set_switches({f"JCODE_PLUGIN_{switch}": "1"})

            expected = PluginDisabledError if what in ("kill", "disable") else PluginLoadError
            async with asyncio.timeout(30):
                with pytest.raises((expected, InputError)):
                    await asked
            await gone(pids)
            assert host.workspace.reloads.others() == []
            assert audited(host, Kind.RELOAD_FAILED) == []
            if what in ("kill", "disable"):  # lifted, what was there before is there again
                host.set_switches({})
                assert (await host.dispatch("PreToolUse", bash())).reason == "one"

    asyncio.run(run())


class Staged:
    """A version that is not in its place yet."""

    def __init__(self, info: bool) -> None:
        self.info = info


def staged(host: PluginHost) -> list[Staged]:
    """Versions that load, and whether their worker has the plugin."""
    return [
        Staged(any(i.link is not None and i.link.calls for i in other.all_instances()))
        for other in host.workspace.reloads.others()
    ]


@pytest.mark.parametrize("what", ["unload", "kill", "close"])
def test_what_the_older_version_is_at_ends_with_the_plugin(
    tmp_path: Path, write: Write, nothing_stays: None, what: str
) -> None:
    """Nothing of a plugin that is switched off or unloaded goes on because it began before a reload."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            info = await host.load(write("slow.js", signalled("one")))
            pids = await pids_of(host, info.name)
            event = asyncio.create_task(
                host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
            )
            link = host.workspace.plugin("slow").instance_for("s").link
            assert link is not None
            await until(lambda: bool(link.calls))
            write("slow.js", signalled("two"))
            assert (await host.reload("slow")).changed

            if what == "unload":
                await host.unload("slow")
            elif what == "close":
                await host.close()
            else:
                host.set_switches({"JCODE_PLUGIN_KILL_SLOW": "1"})

            async with asyncio.timeout(30):
                outcome: Outcome = await event
            assert outcome.results[0].status.value in ("blocked", "cancelled")
            await gone(pids)
            assert host.runtime.replaced == {}

    asyncio.run(run())


def test_a_version_that_breaks_out_takes_its_successor_along(
    tmp_path: Path, write: Write, nothing_stays: None
) -> None:
    """They are of one author; a person enables them again."""

    async def run() -> None:
        async with opened(tmp_path) as host:
            await host.load(write("slow.js", signalled("one")))
            old = host.workspace.plugin("slow")
            event = asyncio.create_task(
                host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
            )
            await until(lambda: not old.instance_for("s").is_done)
            write("slow.js", signalled("two"))
            assert (await host.reload("slow")).changed

            old.quarantine("it called what is forbidden")  # as its instance does

            assert (await event).results[0].status.value == "blocked"
            assert host.plugins()[0].state == "blocked"
            write("slow.js", signalled("three"))
            with pytest.raises(PluginLoadError, match="jcode-plugin enable slow"):
                await host.reload("slow")
            host.enable("slow")
            assert (await host.run_command("go")).output == "two"

    asyncio.run(run())


PI = """
  pi.on("session_start", (event) => { pi.events.length; seen.push(event.reason); });
  pi.on("session_shutdown", () => {});
  pi.registerCommand("seen", { handler: (_, ctx) => ({ output: { VERSION, seen } }) });
"""


def of_pi(version: str) -> str:
    """An extension of pi's that remembers why its sessions started."""
    return f'const VERSION = "{version}"; const seen = [];\n' + plugin(PI)


def test_each_session_moves_with_its_next_event(host: BlockingPluginHost, write: Write) -> None:
    """A pi extension hears that it was reloaded, once for each session that was there, before anything else."""
    host.load(write("ext.js", of_pi("one")))
    for session in "ab":
        host.dispatch("SessionStart", {"session_id": session, "project_dir": "p"})
    assert host.plugins()[0].scope == "session"
    old = {link.pid for link in host.runtime.links}

    write("ext.js", of_pi("two"))
    assert host.reload("ext").changed
    for session in "ab":
        for _ in range(2):
            told = host.run_command("seen", session_id=session).output
            assert told == {"VERSION": "two", "seen": ["reload"]}
    host.dispatch("SessionStart", {"session_id": "c", "project_dir": "p"})

    assert host.run_command("seen", session_id="c").output == {
        "VERSION": "two",
        "seen": ["startup"],
    }
    until_s = monotonic() + 30
    while len(pids := host.plugins()[0].pids) < 3:  # told apart from what they say
        host.run_command("seen", session_id="c")
        assert monotonic() < until_s
    assert set(pids).isdisjoint(old)


def test_a_session_that_ended_stays_ended(host: BlockingPluginHost, write: Write) -> None:
    """No worker is started by the newer version to be told of an end that the older one was told of."""
    host.load(write("ext.js", of_pi("one")))
    for session in "ab":
        host.dispatch("SessionStart", {"session_id": session, "project_dir": "p"})
    host.dispatch("SessionShutdown", {"session_id": "a"})

    write("ext.js", of_pi("two"))
    assert host.reload("ext").changed
    outcome = host.dispatch("SessionEnd", {"session_id": "a"})

    assert outcome.results == ()


def test_a_plugin_of_our_own_format_is_not_told_of_a_session_that_did_not_begin(
    host: BlockingPluginHost, write: Write
) -> None:
    """SessionStart is the agent's word."""
    source = 'const seen = []; pi.on("SessionStart", (e) => { seen.push(e.session_id); });'
    source += 'pi.registerCommand("seen", { handler: () => [VERSION, seen] });'
    host.load(write("own.js", "const VERSION = 1;\n" + plugin(source)), scope="session")
    host.dispatch("SessionStart", {"session_id": "a", "project_dir": "p"})
    write("own.js", "const VERSION = 2;\n" + plugin(source))
    assert host.reload("own").changed

    assert host.run_command("seen", session_id="a").output == [2, []]


def test_what_workspaces_share_is_reloaded_for_all_of_them(
    host: BlockingPluginHost, write: Write, tmp_path: Path
) -> None:
    """One instance before, one after; both projects' events go to the newer one."""
    path = write("shared.js", blocks("one"))
    (tmp_path / "other").mkdir()
    other = Workspace(host.runtime, Config(), tmp_path / "other")

    def there(name: str) -> Outcome:
        outcome = other.dispatch(name, bash())
        return outcome if isinstance(outcome, Outcome) else host._wait(outcome)

    host.load(path, scope="global")
    with host._lock:
        host._wait(start(other.loads.load(path, scope="global")))
        assert there("PreToolUse").reason == "one"

    write("shared.js", blocks("two"))
    assert host.reload("shared").changed

    with host._lock:
        assert there("PreToolUse").reason == "two"
        assert not host._wait(start(other.reload("shared"))).changed
    assert reason(host) == "two"
    assert len(host.runtime.shared) == 1
    assert host.plugins()[0].pids == other.plugins()[0].pids
    with host._lock:
        other.close()
    assert reason(host) == "two"


def test_a_version_that_is_shared_no_more_leaves_the_others_theirs(
    host: BlockingPluginHost, write: Write, tmp_path: Path
) -> None:
    """The newer manifest asks for an instance of each project: the other one moves when it reloads."""
    scoped = 'export const manifest = { name: "shared", scope: "%s" };\n'
    path = write("shared.js", scoped % "global" + blocks("one"))
    (tmp_path / "other").mkdir()
    other = Workspace(host.runtime, Config(), tmp_path / "other")

    def there() -> str | None:
        outcome = other.dispatch("PreToolUse", bash())
        return (outcome if isinstance(outcome, Outcome) else host._wait(outcome)).reason

    host.load(path)
    with host._lock:
        host._wait(start(other.loads.load(path)))
    write("shared.js", scoped % "project" + blocks("two"))
    assert host.reload("shared").changed

    with host._lock:
        assert (reason_now := there()) == "one", reason_now
        assert host._wait(start(other.reload("shared"))).changed
        assert there() == "two"
        other.close()
    assert reason(host) == "two"
    assert host.runtime.shared == {}
    assert host.runtime.replaced == {}
