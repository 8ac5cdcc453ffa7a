"""One-shot results and the coroutines that wait for them, independent of any event loop.

Why         The same host runs under asyncio and under a blocking caller. Flows that take several steps
            (load, a tool call, a second look) are written once as coroutines over :class:`Wait`; the two
            front ends only differ in how they make time pass.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Generic, TypeVar

T = TypeVar("T")


class Wait(Generic[T]):
    """A value that arrives once, or an error. Not thread-safe: its host's lock or loop guards it."""

    __slots__ = ("_callbacks", "_error", "_value", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []

    def set(self, value: T) -> None:
        """Deliver *value*; a second delivery is ignored."""
        if not self.is_done:
            self._value = value
            self._finish()

    def fail(self, error: BaseException) -> None:
        """Deliver an error, raised at whoever waits."""
        if not self.is_done:
            self._error = error
            self._finish()

    def take(self, source: "Wait[T]") -> None:
        """Deliver what *source* was given, a value or an error."""
        try:
            value = source.result()
        except BaseException as error:  # noqa: BLE001 - handed on, not swallowed
            self.fail(error)
        else:
            self.set(value)

    def _finish(self) -> None:
        self.is_done = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def result(self) -> T:
        """Return what was delivered, or raise it."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set() was given a T

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call *callback* on delivery, at once if that was before."""
        if self.is_done:
            callback()
        else:
            self._callbacks.append(callback)

    def __await__(self) -> "Generator[Wait[T], None, T]":
        if not self.is_done:
            yield self
        return self.result()


def start(flow: Coroutine["Wait[object]", None, T]) -> Wait[T]:
    """Run *flow* until its first wait, continue it on each delivery, and return its result to be."""
    done: Wait[T] = Wait()

    def step() -> None:
        try:
            waited_for = flow.send(None)
        except StopIteration as stop:
            done.set(stop.value)
        except BaseException as error:  # noqa: BLE001 - carried to whoever waits, not swallowed
            done.fail(error)
        else:
            waited_for.when_done(step)

    step()
    return done
