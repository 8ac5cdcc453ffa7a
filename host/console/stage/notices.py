"""What plugins have to say: a few lines at a time, for a while.

Promises    At most :data:`SHOWN` stand there, however many come; the rest is counted, and all of it is in the log of the
            session. It takes no keys and never the focus, and is never over the line that a person types in.
"""

from collections import deque
from typing import Final, NamedTuple

from host.console.mirror import Json, JsonObject, Key
from host.console.paint import Piece, own, pieces, settled
from host.console.stage.lines import LinesView
from host.console.stage.rows import SEVERITIES, Row
from host.console.stage.scene import Scene, gone

SHOWN: Final = 3
STAY_S: Final = 6.0
_KNOWN: Final = 8_192


class _Shown(NamedTuple):
    line: list[Piece]
    until: float


class Notices(LinesView, can_focus=False):
    """The newest notices, above everything else of plugins."""

    DEFAULT_CSS = """
    Notices { layer: told; position: absolute; height: auto; max-height: 4; width: 100%; display: none; background: $panel; }
    Notices.-filled { display: block; }
    Notices.-reader { display: none; }
    """

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene.palette(), id=id)
        self.scene = scene
        self.set_class(scene.is_reader, "-reader")  # the log has them, in its order
        self._shown: deque[_Shown] = deque()
        self._known: dict[Key, Json] = {}
        # When each was: a plugin that starts anew counts from one again.
        self._more = 0

    def on_mount(self) -> None:
        """Take away what has stood long enough."""
        self.set_interval(0.5, self.expire)

    def sync(self, *, is_first: bool) -> list[list[Piece]]:
        """Show what is new and return it as lines, the oldest first. What was there at first is old."""
        found: list[list[Piece]] = []
        for key, value in self.scene.mirror.seen_by(self.scene.session, "notice"):
            at = value.get("at")
            if self._known.get(key, self) == at or gone(value) is not None:
                continue
            self._known[key] = at
            if not is_first:
                found.append(self.line_of(key, value))
        while len(self._known) > _KNOWN:
            self._known.pop(next(iter(self._known)))
        until = self.scene.clock() + STAY_S
        self._shown.extend(_Shown(line, until) for line in found)
        while len(self._shown) > SHOWN:
            self._shown.popleft()
            self._more += 1
        if found:
            self._draw()
        return found

    def line_of(self, key: Key, value: JsonObject) -> list[Piece]:
        """A notice as a line: whose it is and how grave, in the console's words, then the plugin's."""
        level = value.get("level")
        word = level if isinstance(level, str) and level in SEVERITIES else "info"
        text = settled(
            self.scene.shared(pieces(value.get("line"))), self.scene.palette(key.plugin)
        )
        head = [
            *own(self.scene.mark),
            *self.scene.name(key),
            *own(f" {word}: ", SEVERITIES[word]),
        ]
        return [*head, *text]

    def expire(self) -> None:
        """Take away what has stood long enough."""
        now = self.scene.clock()
        before = len(self._shown)
        while self._shown and self._shown[0].until <= now:
            self._shown.popleft()
        if len(self._shown) != before:
            if not self._shown:
                self._more = 0
            self._draw()

    def _draw(self) -> None:
        rows = [Row(one.line) for one in self._shown]
        if self._more and rows:
            rows.append(Row(own(f"{self.scene.mark}{self._more} more in the log above", "dim")))
        self.show(rows)
        self.set_class(bool(rows), "-filled")
