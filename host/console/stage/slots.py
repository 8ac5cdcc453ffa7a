"""The places that plugins fill: above, beside, below, and around the prompt.

Promises    A place has a most of rows and columns, and of frames of one plugin, whatever is in it; only what changed is drawn
            again. The order is by the ``order`` of an entry, then by plugin and key, so that it is the same each time.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.containers import VerticalScroll

from host.console.background import in_background
from host.console.mirror import Changed, JsonObject, Key
from host.console.paint import CUT, Piece, cut, own, settled
from host.console.stage.frames import Framed
from host.console.stage.laid import LaidOut
from host.console.stage.lines import LinesView
from host.console.stage.rows import Row, first_selected, lines_of, node_rows, told
from host.console.stage.scene import Scene, gone

ITEM_CELLS: Final = 40
"""The most of the shared line that one status item takes."""
MOST_ITEMS: Final = 8
"""Of one plugin in the shared line."""
MOST_FRAMES: Final = 8
"""Of one plugin in one place: each costs time whenever the screen is laid out, seen or scrolled away."""
MORE: Final = "more"
"""The area of what stands for the frames that are not shown; the view has none of this name."""
BESIDE: Final = ("Sidebar", "Overlay")
"""Places that are not as wide as the console."""


class Slot(Framed):
    """A slot: text, boxes and lists."""

    def rows_of(self, value: JsonObject) -> Sequence[Row]:
        """See :class:`Framed`."""
        return node_rows(value.get("node"))

    def first_chosen(self, value: JsonObject) -> int | None:
        """See :class:`Framed`."""
        return first_selected(value.get("node"))


class Lines(Framed):
    """A widget: lines."""

    def rows_of(self, value: JsonObject) -> Sequence[Row]:
        """See :class:`Framed`."""
        return lines_of(value.get("lines"))


class More(Framed):
    """What stands for those that are too many: how many."""

    def rows_of(self, value: JsonObject) -> Sequence[Row]:
        """See :class:`Framed`."""
        return [Row(own(f"{value.get('count')} more, which are not shown", "dim"))]


class Place(LaidOut, VerticalScroll, can_focus=False):
    """The frames of one place, in their order."""

    DEFAULT_CSS = """
    Place { height: auto; width: 1fr; display: none; scrollbar-size: 1 1; }
    Place.-filled { display: block; }
    """
    MOST_ROWS: ClassVar[int] = 8
    """Of one frame's inside; what is more scrolls in it."""

    def __init__(self, scene: Scene, area: str, place: str, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self.scene = scene
        self._area = area
        self._place = place
        self._title = title
        self.frames: dict[Key, Framed] = {}
        """What is shown, by the key of its entry, in order."""
        self._placed: dict[Key, bool] = {}
        """Of each widget, whether it belongs here: what lost its worker has no placement any more, and stays where it was."""

    def _shown(self) -> Iterator[tuple[Key, JsonObject]]:
        """What is shown here, in order: of each plugin so many, then how many are left out."""
        counts: Counter[str] = Counter()
        last: dict[str, tuple[Key, JsonObject]] = {}
        for key, value in sorted(self._entries(), key=_order):
            counts[key.plugin] += 1
            if counts[key.plugin] <= MOST_FRAMES:
                yield key, value
            else:
                last[key.plugin] = key, value
        for plugin, (key, value) in last.items():
            more = {"count": counts[plugin] - MOST_FRAMES, "order": value.get("order")}
            yield Key(plugin, key.session, MORE, self._place), more

    def _entries(self) -> list[tuple[Key, JsonObject]]:
        entries = self.scene.mirror.seen_by(self.scene.session, self._area)
        if self._area == "slot":
            return [one for one in entries if one[0].key.partition("/")[0] == self._place]
        widgets = [*entries]
        self._placed = {key: self._is_placed(key, value) for key, value in widgets}
        return [one for one in widgets if self._placed[one[0]]]

    def _is_placed(self, key: Key, value: JsonObject) -> bool:
        if gone(value) is not None:
            return self._placed.get(key, self._place == "aboveEditor")
        return (value.get("placement") == "belowEditor") == (self._place == "belowEditor")

    def sync(self, changed: Changed) -> None:
        """Show what there is now, touching only what changed."""
        ordered = [*self._shown()]
        keys = [key for key, _ in ordered]
        for key in [*self.frames.keys() - set(keys)]:
            self.frames.pop(key).remove()
        for at, (key, value) in enumerate(ordered):
            frame = self.frames.get(key)
            if frame is None:
                frame = self._make(key)
                before = next(
                    (self.frames[later] for later in keys[at + 1 :] if later in self.frames),
                    None,
                )
                self.frames[key] = frame
                self.mount(frame, before=before)
            elif changed is not None and key.area != MORE and not touches(changed, key):
                continue
            frame.show(value)
        if [*self.frames] != keys:
            self.frames = {key: self.frames[key] for key in keys}
            for key in keys:
                self.move_child(self.frames[key], after=-1)
        self.set_class(bool(keys), "-filled")

    def _make(self, key: Key) -> Framed:
        kinds: dict[str, type[Framed]] = {"slot": Slot, MORE: More}
        kind = kinds.get(key.area, Lines)
        shares = self._place not in BESIDE
        return kind(self.scene, key, self._title, most=self.MOST_ROWS, shares=shares)

    @property
    def tall(self) -> int:
        """How many rows everything in it would like to have."""
        return sum(frame.tall for frame in self.frames.values())

    def on_lines_view_chosen(self, event: LinesView.Chosen) -> None:
        """Tell the plugin which of its items a person chose."""
        event.stop()
        for key, frame in self.frames.items():
            if frame.view is event.view:
                acts, item, action = self.scene.acts, event.item.id, event.action
                in_background(
                    self, partial(acts.select_item, key, item, action), group="select"
                )


def _order(entry: tuple[Key, JsonObject]) -> tuple[float, str, str, str]:
    key, value = entry
    order = value.get("order")
    is_number = isinstance(order, (int, float)) and not isinstance(order, bool)
    return (
        float(order) if is_number and isinstance(order, (int, float)) else 0.0,
        key.plugin,
        key.key,
        key.session,
    )


def touches(changed: frozenset[Key], key: Key) -> bool:
    """Whether *key*, the state of its plugin or a colour of it is among what changed."""
    return key in changed or any(
        one.plugin == key.plugin and one.area in ("plugin", "theme") for one in changed
    )


class StatusLine(LinesView, can_focus=False):
    """The status items of all plugins in one line, each after the name of its plugin, which only the console can write so."""

    DEFAULT_CSS = """
    StatusLine { height: 1; display: none; background: $panel; scrollbar-size: 0 0; }
    StatusLine.-filled { display: block; }
    StatusLine.-reader { height: auto; max-height: 8; }
    """

    def __init__(self, scene: Scene, *, id: str) -> None:
        super().__init__(scene.palette(), id=id)
        self.scene = scene
        self.set_class(scene.is_reader, "-reader")

    @property
    def most(self) -> int:
        """How many rows it takes at most."""
        return 8 if self.scene.is_reader else 1

    def sync(self, changed: Changed) -> None:
        """Show what there is now."""
        if changed is not None and not any(
            key.area in ("status", "slot", "plugin", "theme") for key in changed
        ):
            return
        by_plugin: dict[Key, list[Callable[[], list[Piece]]]] = {}
        for key, item in self._items():
            by_plugin.setdefault(Key(key.plugin, key.session, "status", ""), []).append(item)
        parts = [self._part(key, items) for key, items in sorted(by_plugin.items())]
        self.set_class(bool(parts), "-filled")
        if self.scene.is_reader:
            self.show([Row(part) for part in parts])
        else:
            self.show([Row([piece for part in parts for piece in [*part, *own("  ")]])])

    def _items(self) -> Iterator[tuple[Key, Callable[[], list[Piece]]]]:
        """What is made only where it is shown."""
        mirror, session = self.scene.mirror, self.scene.session
        for key, value in sorted(mirror.seen_by(session, "status"), key=lambda entry: entry[0]):
            yield key, partial(told, value) if gone(value) is None else _gone
        slots = (
            entry
            for entry in mirror.seen_by(session, "slot")
            if entry[0].key.startswith("StatusBar/")
        )
        for key, value in sorted(slots, key=_order):
            if gone(value) is not None:
                yield key, _gone
            else:
                for row in node_rows(value.get("node"), MOST_ITEMS + 1):
                    yield key, row.read

    def _part(self, key: Key, items: Sequence[Callable[[], list[Piece]]]) -> list[Piece]:
        palette = self.scene.palette(key.plugin)
        part = [*own(f"{self.scene.mark}"), *self.scene.name(key), *own(": ")]
        for at, item in enumerate(items[:MOST_ITEMS]):
            part += [
                *(own(", ") if at else []),
                *settled(cut(self.scene.shared(item()), ITEM_CELLS), palette),
            ]
        return [*part, *own(f", {CUT}", "dim")] if len(items) > MOST_ITEMS else part


def _gone() -> list[Piece]:
    return own("gone", "dim")
