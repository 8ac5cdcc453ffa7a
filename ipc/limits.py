"""Sizes of the wire, in bytes unless the name says otherwise.

The host may lower them by configuration; nothing raises them above the ceilings here.
"""

from typing import Final

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
"""Length prefix ceiling, either direction."""

MAX_PAYLOAD_IN_BYTES: Final = 12 * 1024 * 1024
"""JSON text sent to a worker (an event, tool input, a plugin's code)."""

MAX_PAYLOAD_OUT_BYTES: Final = 8 * 1024 * 1024
"""JSON text accepted from a worker (a result, a hostcall's arguments)."""

MAX_LOG_BYTES: Final = 8 * 1024
"""One log line."""

MAX_NAME_BYTES: Final = 64
"""A hostcall's name."""

MAX_OUT_QUEUE_BYTES: Final = 32 * 1024 * 1024
"""What the host keeps for a worker that does not read: two frames of the largest size."""

HALF_FRAME_EXPIRES_S: Final = 5.0
"""A frame that was begun and not finished for so long ends its sender."""

JOBS_PER_YIELD: Final = 4096
"""Promise jobs that a worker runs before it yields to the host."""

MAX_ID: Final = 2**31 - 1
"""Ids cross into JavaScript as 32-bit integers."""

MIN_HOST_ID: Final = 2**16
"""The host counts its requests from here, so that every id has a head of the same five bytes."""
