"""Work of a widget's beside the keys: asked of the daemon, told when it fails.

Promises    What was not expected ends that work alone, with one line; the console goes on. Work that is cancelled before it
            began leaves nothing behind. Nothing begins once the console ends.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode
from textual.worker import Worker

from host.console.link import LinkError, one_line

if TYPE_CHECKING:
    from host.console.app import Console


def in_background(
    node: DOMNode,
    work: Callable[[], Awaitable[object]],
    *,
    group: str,
    only_newest: bool = False,
) -> None:
    """Do *work* for *node*; with *only_newest* what is under way in *group* is cancelled first."""
    console = cast("Console", node.app)
    if not console.is_running:  # what is asked now would be shown in what is gone by then
        return

    async def run() -> None:
        try:
            await work()
        except LinkError as error:
            console.tell(str(error), is_error=True)
        except Exception as error:  # noqa: BLE001 - told; the console is more than this
            console.tell(
                f"{type(error).__name__}: {one_line(error)}; this is a mistake of jcode-plugin",
                is_error=True,
            )

    _: Worker[None] = node.run_worker(
        run, group=group, exclusive=only_newest, exit_on_error=False
    )
