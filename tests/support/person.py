"""A person before an interface that is attached to a host: what they see, and what they press.

Everything goes through the API that an embedding program has. What is seen is made of the snapshot and the diffs
alone, and waiting is waiting for the next of them.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar, cast

from host import BlockingPluginHost
from host.outcome import Json, JsonObject

T = TypeVar("T")

WITHIN_S: Final = 60.0
"""How long something may take before a test says that it never comes."""

Place = tuple[str, str, str, str]
"""Plugin, session, area and key."""


class UnseenError(AssertionError):
    """What was waited for did not come; the message is the screen as it was, and the newest of the audit."""


def text_of(line: Json) -> str:
    """The characters of a line of spans."""
    return "".join(cast(str, span[0]) for span in cast("list[list[str]]", line))


class Person:
    """Attached from the start to :meth:`leave`. ``session`` is where their keys go."""

    def __init__(
        self, host: BlockingPluginHost, *, session: str = "s", width: int = 80, height: int = 24
    ) -> None:
        self._host = host
        self._session = session
        self._news = threading.Condition()
        self._entries: dict[Place, Json] = {}
        self._version = -1
        self._early: list[JsonObject] = []
        self._listener = host.view.listen(self._on_diff)
        snapshot = host.view.snapshot()
        with self._news:
            self._set(snapshot["entries"])
            self._version = cast(int, snapshot["version"])
            for diff in self._early:
                self._apply(diff)
        self._attachment = host.view.attach(width=width, height=height, session=session)

    def leave(self) -> None:
        """Close the interface."""
        self._listener.close()
        self._attachment.close()

    # What they see.

    def _on_diff(self, diff: JsonObject) -> None:
        with self._news:
            if self._version < 0:
                self._early.append(diff)
            else:
                self._apply(diff)
            self._news.notify_all()

    def _apply(self, diff: JsonObject) -> None:
        if cast(int, diff["to"]) <= self._version:
            return  # the snapshot had it
        assert diff["from"] == self._version
        for place in cast("list[list[str]]", diff["remove"]):
            self._entries.pop(cast(Place, tuple(place)), None)
        self._set(diff["set"])
        self._version = cast(int, diff["to"])

    def _set(self, entries: Json) -> None:
        for entry in cast("list[JsonObject]", entries):
            place = (entry["plugin"], entry["session"], entry["area"], entry["key"])
            self._entries[cast(Place, place)] = entry["value"]

    def sees(self, check: Callable[[], T | None]) -> T:
        """What *check* gives, as soon as it gives something; it looks at the other methods."""
        with self._news:
            found: T | None = None

            def has_come() -> bool:
                nonlocal found
                found = check()
                return bool(found)

            if not self._news.wait_for(has_come, WITHIN_S):
                raise UnseenError(f"{self._entries}\n{self._host.audit.recent(10)}")
            return cast(T, found)

    def all(self, area: str) -> dict[str, JsonObject]:
        """The entries of *area*, whoever's they are, by key."""
        with self._news:
            found = {
                place[3]: value for place, value in self._entries.items() if place[2] == area
            }
        return cast("dict[str, JsonObject]", found)

    def one(self, area: str, key: str) -> JsonObject:
        """The entry of that key, as soon as it is there."""
        return self.sees(lambda: self.all(area).get(key))

    def status(self, key: str, text: str) -> JsonObject:
        """The status *key*, as soon as it says *text*."""

        def said() -> JsonObject | None:
            entry = self.all("status").get(key)
            return entry if entry is not None and text_of(entry["line"]) == text else None

        return self.sees(said)

    def notice(self, text: str) -> str:
        """The level of the newest notice that says *text*, as soon as there is one."""

        def said() -> str | None:
            levels = [
                cast(str, entry["level"])
                for entry in self.all("notice").values()
                if text_of(entry["line"]) == text
            ]
            return levels[-1] if levels else None

        return self.sees(said)

    def notices(self) -> list[str]:
        """All of them."""
        return [text_of(entry["line"]) for entry in self.all("notice").values()]

    def dialog(self, title: str) -> tuple[str, JsonObject]:
        """The open dialog of that title and its id, as soon as there is one."""

        def asked() -> tuple[str, JsonObject] | None:
            for key, entry in self.all("dialog").items():
                if text_of(entry["title"]) == title:
                    return key, entry
            return None

        return self.sees(asked)

    def no_dialog(self) -> None:
        """Return when none is open."""
        self.sees(lambda: not self.all("dialog") or None)

    def component(self) -> list[str]:
        """The lines of the component that is open, as soon as there is one."""
        return self.sees(self._lines)

    def draws(self, text: str) -> list[str]:
        """The lines of the open component, as soon as one of them has *text*."""

        def drawn() -> list[str] | None:
            lines = self._lines() or []
            return lines if any(text in line for line in lines) else None

        return self.sees(drawn)

    def frame(self) -> JsonObject:
        """The open component as it crossed: lines, cursor, overlay, options."""
        return self.sees(self._open)[2]

    def _open(self) -> tuple[str, str, JsonObject] | None:
        """The plugin, the id and the value of the frame that a dialog shows."""
        with self._news:
            for (plugin, session, area, _), value in self._entries.items():
                id_ = cast(JsonObject, value)["frame"] if area == "dialog" else None
                frame = self._entries.get((plugin, session, "frame", str(id_)))
                if frame is not None:
                    return plugin, str(id_), cast(JsonObject, frame)
        return None

    def _lines(self) -> list[str] | None:
        found = self._open()
        if found is None:
            return None
        return [text_of(line) for line in cast("list[Json]", found[2]["lines"])]

    # What they do.

    def press(self, *keys: str) -> None:
        """Press one key after the other in the open component; each must be one that it takes."""
        for key in keys:
            plugin, frame, _ = self.sees(self._open)
            pressed = self._host.press_key(
                key, frame=frame, plugin=plugin, session=self._session
            )
            assert pressed.handled, f"{plugin} did not take {key}"

    def resizes(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._attachment.update(width=width, height=height)

    def types(self, text: str) -> None:
        """Press the keys of *text*."""
        self.press(*("space" if letter == " " else letter for letter in text))

    def answers(self, dialog: str, **answer: Json) -> None:
        """Answer the dialog of that id: ``value``, ``index`` or ``cancelled``."""
        self._host.view.answer(dialog, **answer)  # type: ignore[arg-type]  # a wrong one is refused
