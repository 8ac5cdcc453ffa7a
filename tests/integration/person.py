"""A person at an interface of their own: what they see, and how they wait for it without a clock."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from host import PluginHost
from host.outcome import Json, JsonObject

T = TypeVar("T")
HANG_S = 60


def words(line: Json) -> str:
    """The text of a line, without its styles."""
    assert isinstance(line, list)
    return "".join(str(span[0]) for span in line if isinstance(span, list))


class Person:
    """Somebody who looks at *host* while the block runs."""

    def __init__(self, host: PluginHost, *, width: int = 40, height: int = 12) -> None:
        self._host = host
        self._changed = asyncio.Event()
        self.view = host.view
        self._listener = self.view.listen(lambda _: self._changed.set())
        self.attachment = self.view.attach(width=width, height=height)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.attachment.close()
        self._listener.close()

    async def until(self, look: Callable[[], T | None]) -> T:
        """What *look* finds, as soon as there is something."""
        async with asyncio.timeout(HANG_S):
            while True:
                self._changed.clear()
                found = look()
                if found is not None:
                    return found
                await self._changed.wait()

    def values(
        self, area: str, plugin: str | None = None, session: str | None = None
    ) -> dict[str, JsonObject]:
        """The values of *area* by key."""
        found: dict[str, JsonObject] = {}
        entries = self.view.snapshot()["entries"]
        assert isinstance(entries, list)
        for entry in entries:
            assert isinstance(entry, dict)
            if (
                entry["area"] == area
                and plugin in (None, entry["plugin"])
                and session in (None, entry["session"])
            ):
                value = entry["value"]
                assert isinstance(value, dict)
                found[str(entry["key"])] = value
        return found

    async def shown(self, area: str, key: str, session: str | None = None) -> JsonObject:
        """The value of *key*, as soon as it is there."""
        return await self.until(lambda: self.values(area, session=session).get(key))

    async def dialog(self) -> tuple[str, JsonObject]:
        """The one open dialog, as soon as there is one."""
        return await self.until(lambda: next(iter(self.values("dialog").items()), None))

    async def no(self, area: str) -> None:
        """Wait until nothing is in *area* any more."""
        await self.until(lambda: True if not self.values(area) else None)

    async def lines(self, expected: list[str], frame: str = "f1") -> None:
        """Wait until the component shows *expected*."""
        await self.until(lambda: True if self.frame(frame) == expected else None)

    def frame(self, frame: str = "f1") -> list[str] | None:
        """What the component shows; None when it is not there."""
        value = self.values("frame").get(frame)
        if value is None:
            return None
        lines = value["lines"]
        assert isinstance(lines, list)
        return [words(line) for line in lines]
