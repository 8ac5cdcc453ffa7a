"""Values that arrive once, and flows that wait for them, without a loop."""

import pytest

from host.waits import Wait, start


class Told(Exception):  # noqa: N818 - a stand-in for any error
    """What a test delivers as a failure."""


def test_a_value_is_there_when_it_was_set() -> None:
    """And stays what it was."""
    wait: Wait[int] = Wait()
    assert not wait.is_done
    wait.set(1)
    wait.set(2)
    wait.fail(Told())

    assert wait.is_done
    assert wait.result() == wait.result() == 1


def test_an_error_is_raised_at_whoever_asks() -> None:
    """Each time."""
    wait: Wait[int] = Wait()
    wait.fail(Told("why"))
    wait.set(1)

    for _ in range(2):
        with pytest.raises(Told, match="why"):
            wait.result()


def test_none_is_a_value() -> None:
    """Not the absence of one."""
    wait: Wait[None] = Wait()
    wait.set(None)

    assert wait.is_done
    assert wait.result() is None


def test_callbacks_run_once_each_in_order() -> None:
    """One that comes late runs at once; one that comes from a callback is not lost."""
    wait: Wait[int] = Wait()
    ran: list[str] = []
    wait.when_done(lambda: ran.append("first"))
    wait.when_done(lambda: wait.when_done(lambda: ran.append("nested")))
    wait.when_done(lambda: ran.append("last"))
    assert ran == []

    wait.set(1)
    wait.set(2)
    wait.when_done(lambda: ran.append("late"))

    assert ran == ["first", "nested", "last", "late"]


def test_a_callback_sees_the_value() -> None:
    """It is called after the delivery, not before."""
    wait: Wait[str] = Wait()
    seen: list[str] = []
    wait.when_done(lambda: seen.append(wait.result()))

    wait.set("x")

    assert seen == ["x"]


def test_a_flow_runs_to_its_first_wait_and_on_from_there() -> None:
    """Step by step, on each delivery, in the deliverer's call."""
    first: Wait[int] = Wait()
    second: Wait[int] = Wait()
    steps: list[str] = []

    async def flow() -> int:
        steps.append("began")
        one = await first
        steps.append("first")
        two = await second
        steps.append("second")
        return one + two

    done = start(flow())
    assert steps == ["began"]
    first.set(1)
    assert steps == ["began", "first"]
    assert not done.is_done
    second.set(2)

    assert done.result() == 3


def test_a_flow_without_waits_is_done_at_once() -> None:
    """And so is one whose waits are."""
    ready: Wait[int] = Wait()
    ready.set(5)

    async def plain() -> int:
        return 4

    async def waiting() -> int:
        return await ready + await plain()

    assert start(plain()).result() == 4
    assert start(waiting()).result() == 9


def test_an_error_in_a_flow_reaches_whoever_waits() -> None:
    """Before its first wait, and after it."""
    gate: Wait[None] = Wait()

    async def at_once() -> None:
        raise Told("now")

    async def later() -> None:
        await gate
        raise Told("later")

    done = start(later())
    gate.set(None)
    for wait, why in ((start(at_once()), "now"), (done, "later")):
        with pytest.raises(Told, match=why):
            wait.result()


def test_an_error_that_was_delivered_can_be_caught_in_the_flow() -> None:
    """It is raised where the flow waits."""
    gate: Wait[int] = Wait()

    async def flow() -> str:
        try:
            await gate
        except Told as error:
            return f"caught {error}"
        return "not raised"

    done = start(flow())
    gate.fail(Told("it"))

    assert done.result() == "caught it"


def test_several_flows_wait_for_one_value() -> None:
    """All continue, in the order in which they began to wait."""
    gate: Wait[str] = Wait()
    order: list[int] = []

    async def flow(n: int) -> str:
        value = await gate
        order.append(n)
        return f"{value}{n}"

    flows = [start(flow(n)) for n in range(5)]
    gate.set("v")

    assert [done.result() for done in flows] == [f"v{n}" for n in range(5)]
    assert order == list(range(5))


def test_a_flow_waits_for_a_flow() -> None:
    """The result of one is a wait like any other."""
    gate: Wait[int] = Wait()

    async def inner() -> int:
        return await gate * 2

    async def outer(of: "Wait[int]") -> int:
        return await of + 1

    done = start(outer(start(inner())))
    gate.set(10)

    assert done.result() == 21


def test_thousands_of_ready_waits_in_a_row_do_not_nest() -> None:
    """A flow over many answers that are there already must not meet the recursion limit."""

    async def flow() -> int:
        total = 0
        for n in range(5000):
            ready: Wait[int] = Wait()
            ready.set(n)
            total += await ready
        return total

    assert start(flow()).result() == sum(range(5000))
