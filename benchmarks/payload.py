"""The event that every row sends: what an agent says before it runs a shell command."""

from pathlib import Path
from typing import Final, TypeAlias

import msgspec

HERE: Final = Path(__file__).resolve().parent
PEERS: Final = HERE / "peers"
PLUGINS: Final = HERE / "plugins"

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

PAYLOAD_BYTES: Final = 106
"""Length of the event as JSON, and of the floor's ping."""


def event(command: str = "git status --short") -> JsonObject:
    """Return a PreToolUse payload; with the default command its JSON has PAYLOAD_BYTES bytes."""
    return {
        "tool_name": "bash",
        "tool_input": {"command": command},
        "session_id": "s-0f3a9c51d27e4b86a1c7e5",
    }


PAYLOAD: Final = event()
PAYLOAD_JSON: Final = msgspec.json.encode(PAYLOAD)
