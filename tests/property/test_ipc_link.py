"""Any order of any messages against the link's state machine: no exception, no call lost, no account open.

No processes: the zygote here makes two pipes, and the worker is whatever the example says.
"""

import os
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.calls import Call
from host.link import HostcallRequest, Link, Loss, Sent
from host.outcome import Status
from host.reactor import Reactor, now_s
from host.spawn import Child, Exit, WorkerLimits
from ipc.codec import encode, event_frame, event_middle, result_frame
from ipc.framing import frame
from ipc.host_end import HostEnd
from ipc.messages import (
    CAST,
    END,
    EVENT,
    FLAG_ENTRY_ENDED,
    FROM_WORKER,
    HELLO,
    HOSTCALL,
    PUSH,
    RESULT,
    YIELD,
    Message,
)
from tests.support.wire import rows

FAR: Final = 1e6


class Pipes:
    """A zygote as far as a link knows one."""

    def __init__(self) -> None:
        self.fds: tuple[int, int] = (-1, -1)

    def spawn(self, child: Child, limits: WorkerLimits, max_frame_bytes: int) -> HostEnd:
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self.fds = (from_host, to_host)
        os.set_blocking(from_host, False)
        os.set_blocking(to_host, False)
        return HostEnd(from_worker, to_worker, max_frame_bytes=max_frame_bytes)


class Listener:
    """Keeps hostcalls for later, delivers nothing by itself, and counts."""

    def __init__(self) -> None:
        self.waiting: deque[Call] = deque()
        self.requests: list[HostcallRequest] = []
        self.results: Counter[int] = Counter()
        self.losses: list[Loss] = []

    def on_hello(self, link: Link, layers: str) -> None:
        pass

    def on_hostcall(self, link: Link, request: HostcallRequest) -> None:
        self.requests.append(request)

    def on_cast(self, link: Link, call: Call | None, name: str, text: str) -> None:
        pass

    def on_result(self, link: Link, call: Call, status: int, text: str) -> None:
        self.results[call.id] += 1
        call.finish(Status.ANSWERED, text)

    def on_ready(self, link: Link) -> None:
        pass

    def on_throttled(self, link: Link) -> None:
        pass

    def on_lost(self, link: Link, why: Loss) -> None:
        self.losses.append(why)


class Play:
    """One link, and what a test does to it from both sides."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.pipes = Pipes()
        self.listener = Listener()
        self.finished: Counter[int] = Counter()
        self.calls: list[Call] = []
        self.delivered: list[Call] = []
        self.gone: list[Link] = []
        self.link = Link(
            self.reactor,
            self.pipes,  # type: ignore[arg-type]  # all of a zygote that a link uses
            self.listener,
            WorkerLimits(),
            grace_s=FAR,
            max_busy_s=FAR,
            on_gone=self.gone.append,
        )

    def say(self, message: Message) -> None:
        """The worker writes *message*; the host hears it."""
        self.raw(frame(encode(message)))

    def raw(self, data: bytes) -> None:
        try:
            os.write(self.pipes.fds[1], data)
        except BrokenPipeError:
            assert self.link.is_lost
        self.turn()

    def turn(self) -> None:
        while ready := self.reactor.poll(0):
            self.reactor.handle(ready)
            try:
                while os.read(self.pipes.fds[0], 1 << 20):
                    pass
            except BlockingIOError:
                continue

    def deliver(self) -> None:
        """The host delivers the next call, if it may."""
        call = self._next_call()
        if self.link.is_idle and not self.link.is_lost:
            self.calls.append(call)
            if self.link.deliver(call, 32) is Sent.YES:
                self.delivered.append(call)
        self.turn()

    def exchange(self, early: bytes) -> None:
        """The host sends the next event and looks for its answer at once; *early* is in the pipe already."""
        if self.link.is_lost:
            return
        call = self._next_call()
        assert call.frame is not None
        os.write(self.pipes.fds[1], early)
        data = self.link.exchange(call.frame, call.plain_answer)
        if data is not None:
            self.calls.append(call)
            if data != call.plain_answer:
                self.delivered.append(call)
                self.link.adopt(call, data)
        self.turn()

    def _next_call(self) -> Call:
        id_ = len(self.calls) + 1
        return Call(
            [EVENT, id_],
            FAR,
            now_s(),
            self._on_done,
            frame=event_frame(id_, event_middle(100, 0), b"{}"),
            plain_answer=result_frame(id_, 0, FLAG_ENTRY_ENDED, ""),
        )

    def _on_done(self, call: Call, status: Status, text: str) -> None:
        self.finished[call.id] += 1

    def cancel(self, at: int) -> None:
        """The host gives up a call that is under way."""
        open_ = [c for c in self.delivered if c.id in self.link.calls and c.state == 1]
        if open_ and not self.link.is_lost:
            call = open_[at % len(open_)]
            self.link.cancel(call)
            self.finished[call.id] += 1  # as Instance.give_up does
        self.turn()

    def answer(self, at: int) -> None:
        """The host answers a hostcall, maybe one that it answered before."""
        requests = self.listener.requests
        if requests:
            requests[at % len(requests)].answer("{}")
        self.turn()

    def push(self, _: int) -> None:
        if not self.link.is_lost:
            self.link.push([PUSH, "{}"])
        self.turn()

    def close(self) -> None:
        """The worker's process ends, and everything has to add up."""
        if not self.link.is_gone:
            self.link.on_exited(Exit(0, 11))
        assert self.gone == [self.link]
        assert len(self.listener.losses) == 1
        assert {call.id for call in self.delivered} == set(self.finished)
        assert set(self.finished.values()) <= {1}
        assert self.reactor.demand == 0
        assert not self.link.calls
        for fd in self.pipes.fds:
            os.close(fd)
        self.reactor.close()


SMALL: Final = st.integers(0, 4)
LIKELY: Final[st.SearchStrategy[Message]] = st.one_of(
    st.tuples(SMALL, st.integers(0, 3), st.integers(0, 2), st.sampled_from(["", "{}"])).map(
        lambda f: [RESULT, *f]
    ),
    st.tuples(SMALL, SMALL, st.integers(0, 2)).map(lambda f: [HOSTCALL, *f, "kv.load", "{}"]),
    SMALL.map(lambda id_: [CAST, id_, "log", "{}"]),
    SMALL.map(lambda id_: [END, id_]),
    st.just([YIELD]),
    st.sampled_from([1, 2]).map(lambda version: [HELLO, version, "e", "{}"]),
    rows(FROM_WORKER),
)
HOST_ACTS: Final[st.SearchStrategy[Callable[[Play], None]]] = st.one_of(
    st.just(Play.deliver),
    SMALL.map(lambda at: lambda play: play.cancel(at)),
    SMALL.map(lambda at: lambda play: play.answer(at)),
    SMALL.map(lambda at: lambda play: play.push(at)),
    st.one_of(
        st.just(b""), st.binary(max_size=3), LIKELY.map(lambda message: frame(encode(message)))
    ).map(lambda early: lambda play: play.exchange(early)),
)
ACTS: Final = st.lists(st.one_of(LIKELY, HOST_ACTS), max_size=25)


def perform(play: Play, acts: list[object]) -> None:
    for act in acts:
        if callable(act):
            act(play)
        elif not play.link.is_lost:
            play.say(act)  # type: ignore[arg-type]  # a Message


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_any_order_of_messages_leaves_the_books_balanced(acts: list[object]) -> None:
    """Every call that was delivered is finished once, whatever the worker says and when."""
    play = Play()
    play.say([HELLO, 1, "e", "{}"])
    perform(play, acts)
    play.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.binary(min_size=1, max_size=12), LIKELY.map(lambda m: frame(encode(m)))),
        max_size=8,
    ),
    st.integers(0, 3),
)
def test_any_bytes_leave_the_books_balanced(parts: list[bytes], calls: int) -> None:
    """As above, for bytes that come in any pieces."""
    play = Play()
    play.say([HELLO, 1, "e", "{}"])
    for part in parts:
        if calls:
            calls -= 1
            play.deliver()
        if not play.link.is_lost:
            play.raw(part)
    play.close()


@st.composite
def honest(draw: st.DrawFn) -> list[object]:
    """What a worker that keeps to the protocol does with one call: in any of the ways there are."""
    acts: list[object] = [Play.deliver]
    for _ in range(draw(st.integers(0, 3))):
        acts.append(draw(st.sampled_from([[YIELD], [CAST, 0, "log", "{}"]])))
    acts.append(draw(st.sampled_from(["plain", "value", "later"])))
    return acts


@settings(max_examples=100, deadline=None)
@given(st.lists(honest(), min_size=1, max_size=6))
def test_a_worker_that_keeps_to_the_protocol_is_never_ended(
    entries: list[list[object]],
) -> None:
    """The control: the checks above do not bite the innocent."""
    play = Play()
    play.say([HELLO, 1, "e", "{}"])
    open_: list[int] = []
    for acts in entries:
        perform(play, acts[:-1])
        id_ = len(play.calls)
        match acts[-1]:
            case "plain":
                play.say([RESULT, id_, 0, 1, ""])
            case "value":
                play.say([RESULT, id_, 1, 0, "{}"])
                play.say([END, 0])
            case _:
                play.say([END, 0])
                open_.append(id_)
    for id_ in open_:
        play.push(0)
        play.say([RESULT, id_, 1, 1, "{}"])

    assert not play.link.is_lost
    assert set(play.finished) == set(range(1, len(entries) + 1))
    assert play.reactor.demand == 0
    play.close()


@pytest.mark.parametrize("order", ["result_first", "end_first"])
def test_a_cancel_that_crosses_its_result_is_no_violation(order: str) -> None:
    """Both orders happen, as nobody knows when the other writes."""
    play = Play()
    play.say([HELLO, 1, "e", "{}"])
    play.deliver()
    play.say([END, 0])
    play.cancel(0)
    result: Message = [RESULT, 1, 0, 0, ""]
    for message in [result, [END, 1]] if order == "result_first" else [[END, 1]]:
        play.say(message)

    assert not play.link.is_lost
    if order == "end_first":
        play.deliver()
        play.say(result)  # late, during the next entry
        play.say([RESULT, 2, 0, 1, ""])
    assert not play.link.is_lost
    play.close()
