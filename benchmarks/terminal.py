"""The console's stage on a terminal that only listens. Imported when a row needs it: Textual is optional."""

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver

from host.console.link import LinkError
from host.console.mirror import JsonObject, Key, Mirror
from host.console.stage.prompt import Completion
from host.console.stage.scene import Scene
from host.console.stage.stage import Stage
from host.console.themes import all_themes


class _Nobody:
    """Nobody presses anything here."""

    async def press_key(
        self,
        key: str,
        *,
        frame: str | None = None,
        plugin: str | None = None,
        session: str = "",
    ) -> bool:
        raise LinkError(f"nobody is there for {key}")

    async def answer_dialog(self, dialog: str, answer: JsonObject) -> None:
        raise LinkError(f"nobody asked {dialog}")

    async def open_route(self, plugin: str, name: str, *, is_open: bool) -> None:
        raise LinkError(f"there is no view {name}")

    async def select_item(self, slot: Key, item: str, action: str) -> None:
        raise LinkError(f"there is no {item}")

    def tell(self, text: str, *, is_error: bool = False) -> None:
        raise LinkError(text)


def stage_on(
    write: Callable[[str], None], ready: Callable[[], None]
) -> tuple[App[None], Mirror]:
    """Return an application of one stage, whose terminal gives all that is written to *write*, and its mirror.

    *ready* is called when it runs.
    """

    class Listening(HeadlessDriver):
        @property
        def is_headless(self) -> bool:
            return False  # so that it is written to

        def write(self, data: str) -> None:
            write(data)

    class Shown(App[None]):
        def __init__(self) -> None:
            super().__init__(driver_class=Listening)
            for theme in all_themes():
                self.register_theme(theme)
            self.theme = "dark"

        def on_ready(self) -> None:
            ready()

        def compose(self) -> ComposeResult:
            yield Stage(scene, _no_completions)

    async def _no_completions(name: str, prefix: str) -> list[Completion]:
        return []

    mirror = Mirror()
    scene = Scene(mirror, _Nobody(), "s")
    return Shown(), mirror
