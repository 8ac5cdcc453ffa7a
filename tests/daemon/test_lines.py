"""What a connection may send and leave unsent, read and leave unread; and how many there may be."""

import json
import socket
from collections.abc import Iterator
from typing import Final

import pytest

from jcode_plugins import FullError
from tests.daemon.conftest import StartDaemon
from tests.daemon.running import Daemon

CONFIG: Final = """
[plugin]
permission_mode = "bypass_permissions"
[plugin.daemon]
line_ms = 400
read_ms = 400
max_calls_each = 3
max_connections = 12
max_projects = 2
"""
WAITS: Final = """
export default (pi) => {
  pi.on("UserPromptSubmit", async () => { await pi.sleep(600); });
  pi.registerTool({ name: "big", description: "Much", tier: "read", handler: () => "x".repeat(4000000) });
};
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One daemon with narrow bounds; whatever is done to it, it ends well."""
    base = tmp_path_factory.mktemp("lines")
    daemon = Daemon(base / "home", base / "project")
    daemon.write(CONFIG, {"waits": WAITS})
    daemon.start()
    yield daemon
    with daemon.client() as client:
        assert client.dispatch("PreToolUse", {}).action == "continue"
    assert daemon.end() == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"GET / HTTP/1.1", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[]", "a request is an object"),
        (b'{"id": 1}', "method is the name"),
        (b'{"method": "hello"}', "id is"),
        (b'{"id": 1.5, "method": "hello"}', "id is"),
        (b'{"id": true, "method": "hello"}', "id is"),
        (b'{"id": 1, "method": "hello", "params": []}', "params is an object"),
        (b'{"id": 1, "method": "hello", "deadline_ms": 0}', "deadline_ms is"),
        (b'{"id": 1, "method": "hello", "session_id": 5}', "session_id is"),
        (b'{"id": 1, "method": "hello", "jsonrpc": "2.0"}', "a request has no jsonrpc"),
        (b'{"id": 1, "method": "hello", "params": {"x": NaN}}', "not JSON"),
        (b'{"id": 1, "method": "hello", "params": {"x": 1e999}}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": 1, "method": "\x1b]0;", "params": {}}', "not JSON"),
    ],
)
def test_garbage_ends_the_connection_with_one_line(
    daemon: Daemon, line: bytes, told: str
) -> None:
    """That says why; nothing after it is read."""
    with daemon.raw() as raw:
        raw.send(line + b'\n{"id": 2, "method": "hello"}\n')
        error = raw.error()

        assert error["id"] is None
        assert (error["type"], error["code"]) == ("protocol", "E_GARBAGE")
        assert told in str(error["message"])
        assert raw.is_closed()


def test_a_request_that_cannot_be_done_is_answered_and_the_connection_goes_on(
    daemon: Daemon,
) -> None:
    """An unknown method, wrong parameters, no project: errors with the request's id."""
    with daemon.raw() as raw:
        raw.send(b'{"id": "a", "method": "nothing"}\n{"id": "b", "method": "tools"}\n')
        told = [(error["id"], error["code"]) for error in (raw.error(), raw.error())]
        assert told == [("a", "E_METHOD"), ("b", "E_INPUT")]
        raw.send(b'{"id": "c", "method": "tools", "cwd": "relative"}\n')
        assert "absolute path" in str(raw.error()["message"])
        raw.send(b'{"id": "d", "method": "tools", "cwd": "/", "env": {"A": 1}}\n')
        assert "env is an object of texts" in str(raw.error()["message"])
        raw.send(b'{"id": "e", "method": "tools", "cwd": "/", "switches": {"PATH": "1"}}\n')
        assert "is no switch" in str(raw.error()["message"])
        raw.send(b'\n  \n{"id": "f", "method": "hello"}\n')

        assert raw.answer()["id"] == "f"


HALF: Final = "\ud800"


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("plugins", {"cwd": f"/{HALF}"}),
        ("plugins", {"env": {HALF: "x"}}),
        ("plugins", {"env": {"JCODE_PLUGIN_DIR": f"/{HALF}"}}),
        ("plugins", {"switches": {f"JCODE_PLUGIN_KILL_{HALF}": "1"}}),
        ("kill", {"params": {"name": HALF}}),
        ("check_tool", {"params": {"name": HALF, "input": {}}}),
    ],
)
def test_text_that_no_file_can_hold_is_refused(
    daemon: Daemon, method: str, more: dict[str, object]
) -> None:
    """Half of a surrogate pair is JSON, and neither a path nor a name. Nothing waits for it, and the next is served."""
    with daemon.raw() as raw:
        for id_ in (1, 2, 3):  # so many as an owner of files has threads, and one more
            request = {"id": id_, "method": method, "cwd": str(daemon.project), **more}
            raw.send(json.dumps(request).encode() + b"\n")
            answer = raw.answer()
            assert answer["id"] == id_
            error = answer["error"]
            assert isinstance(error, dict)
            assert (error["type"], error["code"]) == ("input", "E_INPUT")
            assert "surrogate" in str(error["message"])


def test_a_half_line_expires(daemon: Daemon) -> None:
    """A byte now and then does not keep it alive: the clock runs from the first."""
    with daemon.raw() as raw:
        raw.send(b'{"id": 1, "method"')
        raw.socket.settimeout(0.05)
        for _ in range(200):  # far longer than a line may take
            try:
                raw.socket.sendall(b" ")
                if raw.socket.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
        raw.socket.settimeout(60)

        assert raw.error()["code"] == "E_HALF_LINE"
        assert raw.is_closed()


def test_a_line_without_an_end_is_cut_off(daemon: Daemon) -> None:
    """At its limit, whatever is still to come."""
    with daemon.raw() as raw, pytest.raises(OSError, match=r"Broken pipe|reset"):
        raw.send(b"x" * (64 * 1024 * 1024))
    with daemon.client() as client:
        cut_off = client.stats()["cut_off"]

    assert isinstance(cut_off, dict)
    assert cut_off["E_TOO_LARGE"] == 1


def test_whoever_sends_no_more_still_gets_its_answers(daemon: Daemon) -> None:
    """As a shell does it: ``printf ... | nc -U``."""
    with daemon.raw() as raw:
        raw.request(1, "dispatch", event="UserPromptSubmit", payload={})
        raw.socket.shutdown(socket.SHUT_WR)

        assert raw.answer()["id"] == 1
        assert raw.is_closed()


def test_answers_come_in_any_order(daemon: Daemon) -> None:
    """What is quick does not wait for what is slow."""
    with daemon.raw() as raw:
        raw.request(1, "dispatch", event="UserPromptSubmit", payload={})
        raw.request(2, "hello")

        assert [raw.answer()["id"], raw.answer()["id"]] == [2, 1]


def test_a_connection_has_only_so_many_calls(daemon: Daemon) -> None:
    """One more is answered at once, and not done."""
    with daemon.raw() as raw:
        for id_ in range(4):
            raw.request(id_, "dispatch", event="UserPromptSubmit", payload={})

        error = raw.error()
        assert (error["id"], error["code"]) == (3, "E_FULL")
        assert sorted(int(str(raw.answer()["id"])) for _ in range(3)) == [0, 1, 2]


def test_full_is_an_answer(daemon: Daemon) -> None:
    """Who comes when there is no room is told so; when somebody leaves, there is room."""
    raws = [daemon.raw() for _ in range(12)]
    for raw in raws:
        raw.request(1, "hello")
        raw.answer()
    with daemon.client() as client, pytest.raises(FullError, match="as many connections"):
        client.hello()
    for raw in raws:
        raw.close()

    with daemon.client() as client:
        for _ in range(100):
            try:
                assert client.hello()["pid"] == daemon.pid
                break
            except FullError:
                continue
        else:
            pytest.fail("there is no room again")


def test_there_are_only_so_many_projects(daemon: Daemon) -> None:
    """The one that was used the longest ago makes room, unless it is busy."""
    places = [daemon.project.parent / f"p{n}" for n in range(3)]
    for place in places:
        place.mkdir(exist_ok=True)
        with daemon.client(place) as client:
            client.tools()
            assert client.stats()["projects"] in (1, 2)


def test_who_does_not_read_is_cut(daemon: Daemon) -> None:
    """And costs nobody else anything meanwhile."""
    with daemon.raw() as raw:
        for id_ in range(3):
            raw.request(id_, "call_tool", name="big", input={})
        with daemon.client() as client:
            while not client.stats()["cut_off"].get("E_SLOW"):  # type: ignore[union-attr]
                assert client.dispatch("PreToolUse", {}).action == "continue"


def test_a_slow_reader_gets_everything(daemon: Daemon) -> None:
    """The control: one that reads on, however little at a time."""
    with daemon.raw() as raw:
        raw.request(1, "call_tool", name="big", input={})
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        data = b""
        while not data.endswith(b"\n"):
            data += raw.socket.recv(65536)

        assert len(json.loads(data)["result"]["output"]) == 4_000_000


def test_a_client_that_leaves_takes_its_calls_with_it(start: StartDaemon) -> None:
    """The daemon gives up what nobody waits for."""
    daemon = start(waits=WAITS)
    with daemon.raw() as raw:
        raw.request(1, "dispatch", event="UserPromptSubmit", payload={})
        with daemon.client() as client:
            while client.stats()["calls"] != 2:
                pass
            raw.close()
            while client.stats()["calls"] != 1:
                pass
            assert client.stats()["requests"]["dispatch"] == {"E_LOST": 1}  # type: ignore[index, call-overload]
