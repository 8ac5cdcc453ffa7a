"""A hostcall whose work takes several steps."""

from collections.abc import Callable, Coroutine

from host.listener import HostcallRequest
from host.waits import Wait, start


def begin(
    flow: "Coroutine[Wait[object], None, None]",
    request: HostcallRequest,
    stopped: Callable[[], None] = lambda: None,
) -> None:
    """Run *flow*, which works for *request*; when nobody waits for the answer any more, close it and call *stopped*.

    What it raises beside that is a mistake of ours, and raised here.
    """

    def stop() -> None:
        flow.close()
        stopped()

    request.on_cancel(stop)
    ended = start(flow)
    ended.when_done(lambda: None if request.is_cancelled else ended.result())
