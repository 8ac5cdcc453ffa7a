"""Updates of a running tool for a caller that blocks: heard in a thread, so that they may use the host themselves."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from host.tool_result import ToolUpdate

_logger = logging.getLogger("jcode_plugins")


@contextmanager
def heard_in_a_thread(
    hear: Callable[[ToolUpdate], None] | None,
) -> Iterator[Callable[[ToolUpdate], None] | None]:
    """Give a function that has *hear* called elsewhere, in order; all is heard when the body has ended."""
    if hear is None:
        yield None
        return
    updates: queue.SimpleQueue[ToolUpdate | None] = queue.SimpleQueue()

    def listen() -> None:
        while (update := updates.get()) is not None:
            try:
                hear(update)
            except Exception:
                _logger.exception("what listens to the updates of a tool failed")

    thread = threading.Thread(target=listen, name="jcode-plugins-updates", daemon=True)
    thread.start()
    try:
        yield updates.put
    finally:
        updates.put(None)
        thread.join()
