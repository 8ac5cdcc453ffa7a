"""What a tool has so far, for an agent that shows it while the tool runs."""

import logging
from typing import TYPE_CHECKING, Final

from host.outcome import Json
from host.reactor import now_s
from host.tool_result import read_update

if TYPE_CHECKING:
    from host.calls import Call
    from host.instance import Instance

PER_S: Final = 20
"""Updates of one plugin that are passed on; a burst may be twice as many. What comes between them is left out."""

_logger = logging.getLogger("jcode_plugins")


def update(instance: "Instance", call: "Call | None", args: dict[str, Json]) -> None:
    """What a tool would return if it ended now. Nobody's where no agent listens, or the call is over."""
    if call is None or call.on_update is None or not instance.plugin.updates.take(now_s()):
        return
    try:
        call.on_update(read_update(args, plugin=instance.plugin.name))
    except Exception:
        _logger.exception("what listens to the updates of a tool failed")
