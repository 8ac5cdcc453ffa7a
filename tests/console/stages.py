"""A stage without a daemon: entries go straight into its mirror, and what a person does is written down."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from host.console.link import LinkError
from host.console.mirror import Json, JsonObject, Key, Mirror
from host.console.stage.prompt import Completion
from host.console.stage.scene import Scene
from host.console.stage.stage import Stage
from host.console.themes import ThemeName, WithoutColor, all_themes
from tests.daemon.running import HANG_S

SESSION: Final = "s1"


class Clock:
    """Time that goes on when a test says so, in seconds."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """What time it is."""
        return self.at


class Deeds:
    """What a person did, in order; ``used`` is whether a plugin has a use for a key, ``fails`` what everything says."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self.told: list[str] = []
        self.used = True
        self.fails = ""

    def _do(self, *deed: object) -> None:
        self.done.append(deed)
        if self.fails:
            raise LinkError(self.fails)

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> bool:
        """See ``Acts``."""
        self._do("key", key, frame, plugin)
        return self.used

    async def answer_dialog(self, dialog: str, answer: JsonObject) -> None:
        """See ``Acts``."""
        self._do("answer", dialog, answer)

    async def open_route(self, plugin: str, name: str, *, is_open: bool) -> None:
        """See ``Acts``."""
        self._do("route", plugin, name, is_open)

    async def select_item(self, slot: Key, item: str, action: str) -> None:
        """See ``Acts``."""
        self._do("select", slot.plugin, slot.key, item, action)

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """See ``Acts``."""
        self.told.append(text)


class Host(App[None]):
    """A stage between two rows of the console's own."""

    CSS = """
    Screen { layers: base; }
    .own { height: 1; }
    .-reader * { border: none; }
    """

    def __init__(self, *, theme: ThemeName = "dark", is_reader: bool = False) -> None:
        self._plain = theme == "plain"
        super().__init__()
        for one in all_themes():
            self.register_theme(one)
        self.theme = theme
        self.mirror = Mirror()
        self.deeds = Deeds()
        self.clock = Clock()
        self.entered: list[str] = []
        self.typed: list[bool] = []
        self.completions: Sequence[Completion] = ()
        scene = Scene(
            self.mirror,
            self.deeds,
            SESSION,
            theme,
            is_reader,
            clock=self.clock,
            now=lambda: self.clock.at,
        )
        self.stage = Stage(scene, self._complete)

    async def _complete(self, name: str, prefix: str) -> Sequence[Completion]:
        return self.completions

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """See ``Console``."""
        self.deeds.tell(text, is_error=is_error)

    def get_line_filters(self) -> list[WithoutColor]:  # type: ignore[override]  # the plain theme alone
        """See ``Console``."""
        return [WithoutColor()] if self._plain else []

    def compose(self) -> ComposeResult:
        """The bar, the stage, the keys."""
        yield Static("BAR" * 40, classes="own", markup=False)
        yield self.stage
        yield Static("KEYS" * 40, classes="own", markup=False)

    def on_prompt_entered(self, event: object) -> None:
        """Keep what was typed."""
        self.entered.append(event.text)  # type: ignore[attr-defined]  # Prompt.Entered
        self.typed.append(event.is_typed)  # type: ignore[attr-defined]


@asynccontextmanager
async def stage_of(
    *entries: Json,
    theme: ThemeName = "dark",
    is_reader: bool = False,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    """Run a stage that shows *entries*."""
    app = Host(theme=theme, is_reader=is_reader)
    async with app.run_test(size=size) as pilot:
        app.mirror.load({"version": 1, "entries": [*entries]})
        await settle(app, pilot)
        yield app, pilot


async def settle(app: Host, pilot: Pilot[None]) -> None:
    """Return when everything that is in the mirror is on the screen."""
    while app.stage.is_due or app.stage._changed is None:
        await pilot.pause(0.01)
    await app.stage.wait_for_refresh()  # what stands at a place of its own was moved there
    await pilot.pause()
    before: list[str] = []
    while before != (now := screen_lines(app)) or _is_at_work(app):
        before = now
        await pilot.pause()


async def focused(pilot: Pilot[None], kind: type[Widget]) -> None:
    """Wait until the keys are for what is in a widget of *kind*: it takes the focus some turns after it is drawn."""
    async with asyncio.timeout(HANG_S):
        while not any(one.has_focus_within for one in pilot.app.query(kind)):
            await pilot.pause(0.005)


def _is_at_work(app: Host) -> bool:
    """Whether a part of the screen has something to hear, to place or to paint."""
    return app.message_queue_size > 0 or any(  # the focus is given by the app
        widget.message_queue_size or widget._layout_required or widget._repaint_required
        for widget in app.screen.walk_children(with_self=True)
    )


async def show(
    app: Host, pilot: Pilot[None], *entries: Json, remove: Sequence[Json] = ()
) -> None:
    """Have *entries* shown, as a difference of the daemon's."""
    at = app.mirror.version
    app.mirror.apply({"from": at, "to": at + 1, "set": [*entries], "remove": [*remove]})
    await settle(app, pilot)


def entry(
    area: str, key: str, value: JsonObject, *, plugin: str = "guard", session: str = ""
) -> Json:
    """An entry of the view."""
    return {"plugin": plugin, "session": session, "area": area, "key": key, "value": value}


def line(text: str, style: str = "") -> Json:
    """A line of one span."""
    return [[text, style]]


def lines(*texts: str) -> Json:
    """Lines of one span each."""
    return [line(text) for text in texts]


def text_slot(*texts: str, order: int = 0) -> JsonObject:
    """The value of a slot of text."""
    return {"order": order, "node": {"kind": "text", "lines": lines(*texts)}}


def list_slot(*items: str, order: int = 0, selected: int | None = None) -> JsonObject:
    """The value of a slot that is a list to choose from."""
    told: list[Json] = [{"id": f"id-{item}", "line": line(item)} for item in items]
    node: JsonObject = {
        "kind": "list",
        "title": [],
        "items": told,
        "selected": selected,
        "selectable": True,
    }
    return {"order": order, "node": node}


def screen_lines(app: App[None]) -> list[str]:
    """What the screen shows, a text for each row."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def row_of(app: App[None], text: str) -> int:
    """The first row that has *text*."""
    rows = screen_lines(app)
    found = [at for at, row in enumerate(rows) if text in row]
    assert found, "\n".join(rows)
    return found[0]
