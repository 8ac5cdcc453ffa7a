"""pi.session: the agent's session for plugins, each the one its call belongs to, with who says it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from host import (
    BlockingPluginHost,
    Config,
    PluginEvent,
    PluginHost,
    SessionError,
    SessionMessage,
)
from host.hostcalls.session import SENT_AT_ONCE
from host.outcome import Json, JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, plugin, result_of

ALLOWED = Config(allow={"session": ("*",)})


class Sessions:
    """An agent's sessions, in memory. ``on_message`` is what the agent does when one comes."""

    def __init__(self) -> None:
        self.sent: list[SessionMessage] = []
        self.messages: dict[str, list[JsonObject]] = {"s": [{"role": "user", "content": "hi"}]}
        self.host: BlockingPluginHost | None = None
        self.told: list[str | None] = []

    def send_message(self, message: SessionMessage) -> None:
        if message.content == "no":
            raise SessionError("this session is read-only")
        if message.content == "bug":
            raise KeyError("/home/ada/secret")
        self.sent.append(message)
        if self.host is not None:
            outcome = self.host.dispatch(
                PluginEvent.USER_PROMPT_SUBMIT,
                {"content": str(message.content), "session_id": message.session_id},
            )
            self.told.append(outcome.reason)

    def get_messages(self, session_id: str, limit: int) -> Sequence[JsonObject]:
        return self.messages.get(session_id, [])


def do(body: str) -> str:
    """Source of a plugin whose tool runs *body*."""
    return plugin(
        'pi.registerTool({ name: "do", description: "d", tier: "read", handler: async (params, ctx) => { '
        f"try {{ {body} }} catch (e) {{ return {{ output: [e.code, e.message] }}; }} }} }});"
    )


def run(host: BlockingPluginHost, session_id: str = "s", **params: Json) -> Json:
    result = host.call_tool("do", dict(params), session_id=session_id)
    assert result.ok, result.error
    return result.output


SEND = do("return await ctx.session.sendMessage(params.content);")
READ = do("return [ctx.session.getId(), await ctx.session.getMessages({ limit: 5 })];")


def test_a_message_carries_its_origin(make_host: MakeHost, write: Write) -> None:
    """jcode's and pi's way to say it; a user's message is one that asks for an answer."""
    sessions = Sessions()
    host = make_host(ALLOWED, session=sessions)
    body = """
    await ctx.session.sendMessage({ content: [{ type: "text", text: "a" }], customType: "note", display: false, details: { n: 1 } }, { triggerTurn: true, deliverAs: "nextTurn" });
    pi.sendMessage({ customType: "mine", content: "b", display: true });
    await pi.sendUserMessage("c", { deliverAs: "followUp" });
    return "done";
    """
    host.load(write("talks.js", do(body)), scope="session")
    assert run(host) == "done"

    a, b, c = sessions.sent
    assert a == SessionMessage(
        "talks",
        "s",
        [{"type": "text", "text": "a"}],
        "custom",
        "note",
        False,
        {"n": 1},
        True,
        "nextTurn",
    )
    assert (b.role, b.custom_type, b.content, b.trigger_turn) == ("custom", "mine", "b", False)
    assert (c.plugin, c.role, c.trigger_turn, c.deliver_as) == (
        "talks",
        "user",
        True,
        "followUp",
    )


def test_it_is_the_call_s_own_session(make_host: MakeHost, write: Write) -> None:
    """Whatever a plugin says; a call of no session has none."""
    sessions = Sessions()
    host = make_host(ALLOWED, session=sessions)
    host.load(write("reads.js", READ))

    assert run(host) == ["s", [{"role": "user", "content": "hi"}]]
    assert run(host, "other") == ["other", []]
    none = run(host, "")
    assert isinstance(none, list)
    assert none[0] == "E_UNAVAILABLE"


@pytest.mark.parametrize(
    ("config", "code"),
    [(Config(), "E_DENIED"), (Config(allow={"session": ("getMessages",)}), "E_DENIED")],
)
def test_sending_takes_a_permission(
    make_host: MakeHost, write: Write, config: Config, code: str
) -> None:
    """Reading does not give it."""
    sessions = Sessions()
    host = make_host(config, session=sessions)
    host.load(write("sends.js", SEND))
    answer = run(host, content="x")
    assert isinstance(answer, list)
    assert answer[0] == code
    assert sessions.sent == []


def test_without_a_provider_there_is_no_session(make_host: MakeHost, write: Write) -> None:
    """It is said so."""
    host = make_host(ALLOWED)
    host.load(write("sends.js", SEND))
    assert run(host, content="x") == ["E_UNAVAILABLE", "this agent offers plugins no session"]


def test_refusals_and_mistakes_of_the_agent(make_host: MakeHost, write: Write) -> None:
    """Its own words where it meant them; of a mistake nothing but that there was one."""
    host = make_host(ALLOWED, session=Sessions())
    host.load(write("sends.js", SEND))
    assert run(host, content="no") == ["E_SESSION", "this session is read-only"]
    assert run(host, content="bug") == ["E_SESSION", "the agent could not do it"]


def test_messages_have_a_rate_and_a_size(make_host: MakeHost, write: Write) -> None:
    """What a plugin sends in a loop is somebody's money."""
    sessions = Sessions()
    host = make_host(ALLOWED, session=sessions)
    host.load(write("sends.js", SEND))
    answers = [run(host, content=f"{n}") for n in range(SENT_AT_ONCE + 2)]
    refused = [answer for answer in answers if isinstance(answer, list)]
    assert refused
    assert refused[0][0] == "E_QUOTA"
    assert len(sessions.sent) == len(answers) - len(refused)
    big = run(host, content="x" * 300_000)
    assert isinstance(big, list)
    assert big[0] == "E_TOO_LARGE"


def test_what_a_message_causes_skips_who_sent_it(make_host: MakeHost, write: Write) -> None:
    """The agent fires an event while it takes the message: the sender is not entered, and has not agreed."""
    sessions = Sessions()
    host = make_host(ALLOWED, session=sessions)
    sessions.host = host
    listens = 'pi.on("UserPromptSubmit", () => { throw new Error("entered"); });'
    host.load(write("sends.js", SEND.replace("=> {", f"=> {{ {listens}", 1)))
    assert run(host, content="x") == {}
    assert sessions.told == [
        "sends may veto UserPromptSubmit and is waiting for this call itself"
    ]

    # The control: an event of the agent's own reaches it.
    outcome = host.dispatch("UserPromptSubmit", {"content": "c", "session_id": "s"})
    assert "entered" in str(result_of(outcome, "sends").error)


def test_the_asyncio_host_runs_it_on_its_loop(tmp_path: Path) -> None:
    """A coroutine, cancelled with the call that it is for."""
    asyncio.run(send_and_cancel(tmp_path))


async def send_and_cancel(tmp_path: Path) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    class Agent:
        async def send_message(self, message: SessionMessage) -> None:
            began.set()
            try:
                await asyncio.sleep(600)
            finally:
                ended.set()

        async def get_messages(self, session_id: str, limit: int) -> Sequence[JsonObject]:
            return [{"n": n} for n in range(10)]

    async with PluginHost(
        ALLOWED, project_dir=tmp_path, home=tmp_path / "home", session=Agent()
    ) as host:
        sends, reads = tmp_path / "sends.js", tmp_path / "reads.js"
        sends.write_text(SEND)
        reads.write_text(READ.replace('"do"', '"read"'))
        await host.load(sends)
        await host.load(reads)
        read = await host.call_tool("read", {}, session_id="s")
        assert read.output == ["s", [{"n": n} for n in range(5, 10)]]

        task = asyncio.create_task(host.call_tool("do", {"content": "x"}, session_id="s"))
        await asyncio.wait_for(began.wait(), 60)
        task.cancel()
        await asyncio.wait_for(ended.wait(), 60)
