"""pi.events between plugins: real workers of one workspace, and what keeps a message from going on for ever."""

import os
import signal
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.bus import HEARD_PER_S, MAX_DATA_BYTES, MAX_DEPTH, SENT_PER_S
from host.core import HostCore
from host.outcome import Json
from host.waits import start
from host.workspace import Workspace
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, audited, plugin

TALLY = plugin(
    """
    const heard = [];
    pi.events.on("news", (data, about) => { heard.push([data, about.from]); });
    pi.registerTool({ name: "heard", description: "d", tier: "read", handler: () => ({ output: heard.slice() }) });
    """
)
"""Listens to "news" and tells what came."""


def say(body: str, name: str = "say") -> str:
    """Source of a plugin whose tool runs *body*, with ``params``."""
    return plugin(
        f'pi.registerTool({{ name: "{name}", description: "d", tier: "read", '
        f"handler: async (params, ctx) => {{ {body} }} }});"
    )


SAY = say('return (await pi.events.emit("news", params.data)).delivered;')


def call(
    host: BlockingPluginHost,
    tool: str,
    session_id: str = "",
    params: dict[str, Json] | None = None,
) -> Json:
    result = host.call_tool(tool, params or {}, session_id=session_id)
    assert result.ok, result.error
    return result.output


def settled(
    host: BlockingPluginHost, tool: str, least: int, session_id: str = ""
) -> list[Json]:
    """What a listener has heard, when it is at least so much: a message takes its turn."""
    while True:
        heard = call(host, tool, session_id)
        assert isinstance(heard, list)
        if len(heard) >= least:
            return heard


def test_a_message_reaches_the_others_as_a_copy(host: BlockingPluginHost, write: Write) -> None:
    """With who sent it; the sender learns how many will hear it."""
    host.load(write("tally.js", TALLY))
    host.load(write("say.js", SAY))

    assert call(host, "say", params={"data": {"n": [1, None, "é"]}}) == 1
    assert settled(host, "heard", 1) == [[{"n": [1, None, "é"]}, "say"]]


def test_within_a_plugin_it_is_at_once_and_in_order(
    host: BlockingPluginHost, write: Write
) -> None:
    """As in pi: handlers run before emit returns, one that throws is passed over, off takes back."""
    host.load(
        write(
            "own.js",
            say(
                """
                const seen = [];
                const first = (d) => seen.push(["first", d]);
                pi.events.on("x", first);
                const stop = pi.events.on("x", () => { throw new Error("oh"); });
                pi.events.once("x", (d) => seen.push(["once", d]));
                pi.events.on("x", async (d) => { await null; seen.push(["late", d]); });
                pi.events.emit("x", 1);
                seen.push("returned");
                stop();
                pi.events.emit("x", 2);
                seen.push(pi.events.off("x", first), pi.events.off("x", first), pi.events.off("x"));
                pi.events.emit("x", 3);
                return seen;
                """
            ),
        )
    )

    assert call(host, "say") == [
        ["first", 1],
        ["once", 1],
        "returned",
        ["first", 2],
        True,
        False,
        True,
        ["late", 1],
        ["late", 2],
    ]


def test_nobody_listens(host: BlockingPluginHost, write: Write) -> None:
    """What is taken back is not delivered any more."""
    host.load(write("say.js", SAY))
    host.load(
        write(
            "fickle.js",
            plugin(
                'const stop = pi.events.on("news", () => {});'
                'pi.registerTool({ name: "stop", description: "d", tier: "read", handler: () => { stop(); return 1; } });'
            ),
        )
    )
    assert call(host, "say") == 1
    call(host, "stop")
    assert call(host, "say") == 0


def test_another_project_hears_nothing(
    host: BlockingPluginHost, write: Write, tmp_path: Path
) -> None:
    """Two workspaces of one runtime; the control is a listener in the sender's own."""
    other = Workspace(host.runtime, host.config, tmp_path / "other")
    listener, own = write("tally.js", TALLY), write("say.js", SAY)
    with host._lock:
        host._wait(start(other.loads.load(listener)))
    host.load(own)
    assert call(host, "say", params={"data": 1}) == 0

    host.load(listener)
    assert call(host, "say", params={"data": 2}) == 1
    assert settled(host, "heard", 1) == [[2, "say"]]
    (foreign,) = [i for p in other.loaded() for i in p.all_instances()]
    assert foreign.seat.names == {"news"}
    assert foreign.seat.heard.refused == foreign.seat.missed == 0
    other.close()


def test_an_instance_of_several_projects_has_nobody_to_talk_to(
    host: BlockingPluginHost, write: Write
) -> None:
    """It neither sends nor hears, so that it carries nothing from one project to another."""
    host.load(write("tally.js", TALLY), scope="global")
    host.load(write("say.js", SAY))
    assert call(host, "say") == 0

    told = say('return await pi.events.emit("news", 1).catch((e) => e.code);', "shout")
    host.load(write("shout.js", told), scope="global")
    assert call(host, "shout") == "E_UNAVAILABLE"


def test_sessions_are_apart(host: BlockingPluginHost, write: Write) -> None:
    """Both plugins have an instance for each session: what is said in one is not heard in the other."""
    host.load(write("tally.js", TALLY), scope="session")
    host.load(write("say.js", SAY), scope="session")
    for session in ("a", "b"):
        call(host, "heard", session)
    assert call(host, "say", "a", {"data": "in a"}) == 1

    assert settled(host, "heard", 1, "a") == [["in a", "say"]]
    assert call(host, "heard", "b") == []


@pytest.mark.parametrize(
    "answer",
    [
        'pi.events.emit("ball", 1);',
        'Promise.resolve().then(() => pi.events.emit("ball", 1));',
        'pi.kv.set("n", 1).then(() => pi.events.emit("ball", 1));',
    ],
    ids=["at once", "promise", "hostcall"],
)
def test_ping_pong_ends(host: BlockingPluginHost, write: Write, answer: str) -> None:
    """Two plugins that answer each other: the message carries how deep it is, and the last is refused and audited."""
    for name in ("ping", "pong"):
        source = plugin(
            f"""
            let hits = 0;
            pi.events.on("ball", (_, about) => {{
              if (about.from === pi.name) return;
              hits += 1;
              {answer}
            }});
            pi.registerTool({{ name: "{name}", description: "d", tier: "read", handler: () => hits }});
            """
        )
        host.load(write(f"{name}.js", source))
    host.load(write("say.js", say('pi.events.emit("ball", 0); return 1;')))
    call(host, "say")
    while not (refused := [e for e in audited(host, Kind.REFUSED) if e.code == "E_DEPTH"]):
        call(host, "ping")

    hits = call(host, "ping"), call(host, "pong")
    # Each of the two has the serve, and each serve goes back and forth.
    assert all(isinstance(n, int) and n <= MAX_DEPTH for n in hits)
    assert {entry.plugin for entry in refused} <= {"ping", "pong"}


def test_a_ping_pong_over_timers_has_a_rate(host: BlockingPluginHost, write: Write) -> None:
    """What begins anew each time has the sender's rate: more than that is refused."""
    told = say(
        """
        let refused = 0, sent = 0;
        for (let i = 0; i < params.n; i += 1) {
          await pi.events.emit("news", i).then(() => { sent += 1; }, (e) => { refused += e.code === "E_QUOTA" ? 1 : 0; });
        }
        return [sent, refused];
        """
    )
    host.load(write("say.js", told))
    answer = call(host, "say", params={"n": 3 * SENT_PER_S})

    assert isinstance(answer, list)
    assert answer[1] > 0
    assert sum(n for n in answer if isinstance(n, int)) == 3 * SENT_PER_S


def test_a_flood_does_not_end_who_hears_it(make_host: MakeHost, write: Write) -> None:
    """A listener that is behind misses messages, which is audited once; its worker and its answers are as before."""
    host = make_host(Config(mode="permissive"))
    host.load(write("tally.js", TALLY))
    n = HEARD_PER_S // SENT_PER_S + 2
    for i in range(n):
        told = say(
            f'for (let i = 0; i < {2 * SENT_PER_S}; i += 1) pi.events.emit("news", i); return 1;',
            f"say{i}",
        )
        host.load(write(f"say{i}.js", told))
    for i in range(n):
        call(host, f"say{i}")

    assert isinstance(call(host, "heard"), list)
    (lost,) = [e for e in audited(host, Kind.REFUSED, "tally") if e.code == "E_BUS"]
    assert "some are lost" in lost.detail
    assert _restarts(host) == 0


def _restarts(host: HostCore) -> int:
    return sum(i.restarts for p in host.workspace.loaded() for i in p.all_instances())


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (f'pi.events.emit("news", "x".repeat({MAX_DATA_BYTES}))', "E_TOO_LARGE"),
        ('pi.events.emit("", 1)', "TypeError"),
        ('pi.events.emit("x".repeat(201), 1)', "TypeError"),
        ("pi.events.emit({}, 1)", "TypeError"),
        ('pi.events.on("x", 1)', "TypeError"),
        ('pi.events.emit("news", { get a() { throw new RangeError("no"); } })', "RangeError"),
    ],
)
def test_what_is_no_message_is_an_error(
    host: BlockingPluginHost, write: Write, expression: str, code: str
) -> None:
    """For whoever waits for it; nothing is sent."""
    told = (
        f"try {{ await {expression}; return 'sent'; }} catch (e) {{ return e.code ?? e.name; }}"
    )
    host.load(write("say.js", say(told)))
    assert call(host, "say") == code


def test_a_new_worker_listens_again(host: BlockingPluginHost, write: Write) -> None:
    """What the last one listened to is forgotten with it."""
    host.load(write("say.js", SAY))
    host.load(write("tally.js", TALLY))
    assert call(host, "say", params={"data": 1}) == 1
    (instance,) = host.workspace.plugin("tally").all_instances()
    assert instance.link is not None
    os.kill(instance.link.pid, signal.SIGKILL)
    heard = host.call_tool("heard", {}, timeout_s=60)
    while not heard.ok:
        heard = host.call_tool("heard", {}, timeout_s=60)
    assert heard.output == []
    assert call(host, "say", params={"data": 2}) == 1
    assert settled(host, "heard", 1) == [[2, "say"]]
