"""What every check gives: one row, fine or with one line that says what to do."""

from dataclasses import dataclass
from typing import Final, Literal

from host.outcome import JsonObject

State = Literal["ok", "note", "warn", "bad"]
"""note: worth knowing; warn: better otherwise; bad: nothing runs, or not as it is meant to."""

WORST: Final[tuple[State, ...]] = ("bad", "warn", "note", "ok")


@dataclass(frozen=True, slots=True)
class Row:
    """One check of the surroundings: *value* as found, *todo* empty if there is nothing to do."""

    name: str
    state: State
    value: str
    todo: str = ""

    def to_json(self) -> JsonObject:
        """Plain data; ``todo`` only where there is something to do."""
        told: JsonObject = {"name": self.name, "state": self.state, "value": self.value}
        return told | {"todo": self.todo} if self.todo else told
