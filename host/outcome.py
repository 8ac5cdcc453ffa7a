"""How a dispatch ended: one outcome for the agent, one result for each plugin.

Structs rather than frozen dataclasses: an outcome is made for every event, and costs a tenth this way.
"""

from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from ipc.events import PluginEvent

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

Action = Literal["continue", "block", "allow", "deny", "ask"]


class Status(Enum):
    """What became of one plugin's share of an event. A closed list."""

    ANSWERED = "answered"
    FAILED = "failed"  # the handler threw, or gave what is not a result
    TIMED_OUT = "timed_out"  # delivered, no answer by the deadline
    CANCELLED = "cancelled"  # the caller gave up, or a nested call's parent ended
    BUSY = "busy"  # its own earlier work kept the event from being delivered in time
    CRASHED = "crashed"  # its worker died while it had the event
    KILLED = "killed"  # we killed its worker while it had the event
    BLOCKED = "blocked"  # the plugin is not running: breaker, violation, or a person's word
    REENTRANT = "reentrant"  # it stands on the call stack that caused this event


class PluginResult(msgspec.Struct, frozen=True):
    """One plugin's answer to one event."""

    plugin: str
    status: Status
    action: Action = "continue"
    output: JsonObject = msgspec.field(default_factory=dict)
    error: str | None = None
    elapsed_ms: float = 0.0

    def to_json(self) -> JsonObject:
        """The shape that ``dispatch --json`` prints."""
        return {
            "plugin": self.plugin,
            "status": self.status.value,
            "action": self.action,
            "output": self.output,
            "error": self.error,
            "elapsed_ms": round(self.elapsed_ms, 3),
        }


class Conflict(msgspec.Struct, frozen=True):
    """Two plugins changed the same place; the later in order won."""

    field: str
    path: str
    winner: str
    loser: str

    def to_json(self) -> JsonObject:
        """Plain data, for output and audit."""
        return {
            "field": self.field,
            "path": self.path,
            "winner": self.winner,
            "loser": self.loser,
        }


class Outcome(msgspec.Struct, frozen=True):
    """What an agent acts on.

    ``output`` holds the merged fields of DESIGN's event table (for example ``modified_input``, whole,
    ready to use). ``reason`` says why an event was blocked or denied, for the model and the user.
    """

    event: PluginEvent
    action: Action = "continue"
    output: JsonObject = msgspec.field(default_factory=dict)
    blocked_by: str | None = None
    reason: str | None = None
    results: tuple[PluginResult, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    generation: int = 0
    elapsed_ms: float = 0.0

    @property
    def blocked(self) -> bool:
        """Whether the agent must not go on: blocked, denied or prevented."""
        return self.action in ("block", "deny")

    def to_json(self) -> JsonObject:
        """The object that ``dispatch --json`` prints."""
        return {
            "event": self.event.wire_name,
            "action": self.action,
            "output": self.output,
            "blocked_by": self.blocked_by,
            "reason": self.reason,
            "results": [result.to_json() for result in self.results],
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "generation": self.generation,
            "elapsed_ms": round(self.elapsed_ms, 3),
        }
