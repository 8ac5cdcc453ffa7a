"""One line of each plugin's, beside those of others: what it calls the session, and that it is at work."""

from functools import partial
from typing import Final

from textual.timer import Timer

from host.console.mirror import Changed, JsonObject, Key
from host.console.paint import Piece, own, pieces, settled
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row
from host.console.stage.scene import Scene, gone

QUICKEST_MS: Final = 80
SLOWEST_MS: Final = 5_000
FRAMES: Final = ("|", "/", "-", "\\")


class _Lineup(LinesView, can_focus=False):
    DEFAULT_CSS = """
    _Lineup { height: auto; max-height: 2; display: none; scrollbar-size: 0 0; }
    _Lineup.-filled { display: block; }
    """

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene.palette(), id=id)
        self.scene = scene

    @property
    def most(self) -> int:
        """How many rows it takes at most."""
        return 2

    def _head(self, key: Key, what: str) -> list[Piece]:
        return [*own(self.scene.mark), *self.scene.name(key), *own(f"{what}: ")]

    def _theirs(self, key: Key, line: list[Piece]) -> list[Piece]:
        return settled(self.scene.shared(line), self.scene.palette(key.plugin))

    def _fill(self, rows: list[Row]) -> None:
        self.set_class(bool(rows), "-filled")
        self.show(rows)


class Titles(_Lineup):
    """What plugins call the session, and the title that they wish."""

    def sync(self, changed: Changed) -> None:
        """Show what there is now."""
        if changed is not None and not any(
            key.area in ("title", "session_name", "plugin", "theme") for key in changed
        ):
            return
        rows: list[Row] = []
        for area, what in (("session_name", " names the session"), ("title", " title")):
            for key, value in sorted(
                self.scene.mirror.seen_by(self.scene.session, area), key=lambda one: one[0]
            ):
                line = pieces(value.get("line"))
                if line and gone(value) is None:
                    rows.append(Row([*self._head(key, what), *self._theirs(key, line)]))
        self._fill(rows)


class Working(_Lineup):
    """That plugins are at work. It moves where movement is wanted, and not for a screen reader."""

    _timer: Timer | None = None
    _every_ms = 0
    _step = 0

    def sync(self, changed: Changed) -> None:
        """Show what there is now."""
        if changed is None or any(
            key.area in ("working", "plugin", "theme") for key in changed
        ):
            self._draw()

    def _draw(self) -> None:
        found = [
            (key, value)
            for key, value in sorted(
                self.scene.mirror.seen_by(self.scene.session, "working"), key=lambda one: one[0]
            )
            if value.get("visible") is True and gone(value) is None
        ]
        self._fill([Row(partial(self._line_of, key, value)) for key, value in found])
        moving = [value for _, value in found] if not self.scene.is_reader else []
        self._tick_every(min((_interval_ms(value) for value in moving), default=0))

    def _line_of(self, key: Key, value: JsonObject) -> list[Piece]:
        line = self._theirs(key, pieces(value.get("line")))
        return [*self._head(key, " works"), *self._frame(key, value), *line]

    def _frame(self, key: Key, value: JsonObject) -> list[Piece]:
        if self.scene.is_reader:
            return []
        frames = value.get("frames")
        if isinstance(frames, list) and frames:
            return [*self._theirs(key, pieces(frames[self._step % len(frames)])), *own(" ")]
        return own(f"{FRAMES[self._step % len(FRAMES)]} ")

    def _tick_every(self, ms: int) -> None:
        if ms == self._every_ms:
            return
        if self._timer is not None:
            self._timer.stop()
        self._every_ms = ms
        self._timer = self.set_interval(ms / 1000, self._tick) if ms else None

    def _tick(self) -> None:
        self._step += 1
        self._draw()


def _interval_ms(value: JsonObject) -> int:
    found = value.get("interval_ms")
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    wish = found if is_number and isinstance(found, (int, float)) else 120
    return int(max(QUICKEST_MS, min(SLOWEST_MS, wish)))
