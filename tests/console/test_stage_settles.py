"""What the screen shows is said by what is there and by the size: not by the way there, nor by what was drawn meanwhile."""

import asyncio
import random
from typing import Final

import pytest

from host.console.mirror import Json, JsonObject, Mirror
from host.console.paint import own
from host.console.stage.component import Component
from tests.console.stages import (
    entry,
    line,
    lines,
    list_slot,
    screen_lines,
    settle,
    show,
    stage_of,
    text_slot,
)
from tests.daemon.running import HANG_S

pytestmark = pytest.mark.asyncio

SIZES: Final = [(80, 40), (50, 30), (100, 24), (80, 10)]


def frame(rows: int, *, overlay: bool) -> JsonObject:
    """A component of so many rows."""
    drawn = lines(*(f"component {at}" for at in range(rows)))
    return {"lines": drawn, "cursor": [0, 1], "overlay": overlay, "options": {"width": 30}}


def there(*, overlay: bool) -> list[Json]:
    """An entry of every area that has a place on the screen."""
    long = [f"row {at}" for at in range(12)]
    status: JsonObject = {"line": line("fine"), "severity": "warning"}
    above: JsonObject = {"lines": lines(*long), "placement": "aboveEditor"}
    below: JsonObject = {"lines": lines("short"), "placement": "belowEditor"}
    works: JsonObject = {
        "line": line("at work"),
        "visible": True,
        "frames": lines("."),
        "interval_ms": 5_000,
    }
    return [
        entry("slot", "Header/a", text_slot("header", "of two")),
        entry("slot", "Footer/a", text_slot(*long)),
        entry("slot", "Sidebar/a", list_slot(*long)),
        entry("slot", "Sidebar/b", text_slot("beside"), plugin="other"),
        entry("slot", "Overlay/a", text_slot(*long[:5])),
        entry("slot", "StatusBar/a", text_slot("bar")),
        entry("status", "s", status),
        entry("widget", "above", above),
        entry("widget", "below", below),
        entry("title", "", {"line": line("title")}),
        entry("session_name", "", {"line": line("name")}),
        entry("working", "", works),
        entry("frame", "f1", frame(6, overlay=overlay)),
    ]


def passing(chance: random.Random, one: Json) -> Json:
    """Another value of the same entry, which takes other room."""
    assert isinstance(one, dict)
    area, key = one["area"], one["key"]
    rows = lines(*["passing"] * chance.randint(0, 20))
    value: JsonObject = {
        "line": line("passing"),
        "visible": chance.random() < 0.5,
        "lines": rows,
    }
    if area == "slot":
        value = {"order": chance.randint(0, 2), "node": {"kind": "text", "lines": rows}}
    elif area == "widget":
        value["placement"] = "belowEditor" if key == "above" else "aboveEditor"
    elif area == "frame":
        value = frame(chance.randint(0, 30), overlay=chance.random() < 0.5)
    return {**one, "value": value}


def way(chance: random.Random, entries: list[Json]) -> list[tuple[list[Json], list[Json]]]:
    """What is set and removed, one after the other, until there is nothing but *entries*."""
    left = chance.sample(entries, len(entries))
    steps: list[tuple[list[Json], list[Json]]] = []
    while left:
        count = chance.randint(1, 4)
        for one in chance.sample(entries, 2):
            assert isinstance(one, dict)
            key: Json = [one["plugin"], one["session"], one["area"], one["key"]]
            is_removed = chance.random() < 0.3
            steps.append(([], [key]) if is_removed else ([passing(chance, one)], []))
        taken, left = left[:count], left[count:]
        steps.append((taken, []))
    # What passed by may be in the place of what had been there before.
    return [*steps, (chance.sample(entries, len(entries)), [])]


async def straight(entries: list[Json], size: tuple[int, int], *, is_reader: bool) -> list[str]:
    """The screen of those who see all of it at once."""
    async with stage_of(*entries, size=size, is_reader=is_reader) as (app, _):
        return screen_lines(app)


@pytest.mark.parametrize("overlay", [True, False])
@pytest.mark.parametrize("is_reader", [False, True])
@pytest.mark.parametrize("seed", range(6))
async def test_every_way_ends_with_the_same_screen(
    seed: int, *, is_reader: bool, overlay: bool
) -> None:
    """Differences in any order, in other sizes, drawn between or not, and with somebody who asks where things are."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    entries, size = there(overlay=overlay), SIZES[seed % len(SIZES)]
    wanted = await straight(entries, size, is_reader=is_reader)

    start = chance.choice(SIZES)
    async with stage_of(size=start, is_reader=is_reader) as (app, pilot):
        for put, removed in way(chance, entries):
            at = app.mirror.version
            app.mirror.apply({"from": at, "to": at + 1, "set": put, "remove": removed})
            if chance.random() < 0.2:
                await pilot.resize_terminal(*chance.choice(SIZES))
            for _ in range(chance.randint(0, 3)):
                await pilot.pause(0)
                assert app.stage.prompt.line.region is not None
        await pilot.resize_terminal(*size)
        await settle(app, pilot)
        for place in app.stage.places:  # how far it is scrolled, the focus says, not the view
            place.scroll_home(animate=False, immediate=True)
        await settle(app, pilot)

        assert screen_lines(app) == wanted


async def test_a_difference_that_is_missing_shows() -> None:
    """The control: the screens that are compared say what is on them."""
    entries = there(overlay=True)
    mirror = Mirror()
    mirror.load({"version": 1, "entries": entries})
    assert len(mirror) == len(entries)
    whole = await straight(entries, (80, 40), is_reader=False)
    for at in range(len(entries)):
        assert whole != await straight(
            entries[:at] + entries[at + 1 :], (80, 40), is_reader=False
        )


async def test_a_component_is_drawn_though_somebody_asked_where_it_is_first() -> None:
    """Before the screen is laid out. Textual tells no size then: the answer was the news."""
    async with stage_of() as (app, pilot):
        at = app.mirror.version
        one = entry("frame", "f1", frame(3, overlay=False))
        app.mirror.apply({"from": at, "to": at + 1, "set": [one], "remove": []})
        async with asyncio.timeout(HANG_S):
            while not (found := [*app.query(Component)]) or not found[0].view.size:
                app.screen._compositor._full_map_invalidated = True
                assert app.stage.region
                await asyncio.sleep(0)
        await settle(app, pilot)
        assert "component 2" in "".join(screen_lines(app))


async def test_the_end_of_the_log_is_in_view_when_it_grew_and_spoke_at_once() -> None:
    """A place is gone and a line comes, before anybody heard of the new size."""
    tall: JsonObject = {"lines": lines(*"abcdefgh"), "placement": "aboveEditor"}
    async with stage_of(size=(80, 30)) as (app, pilot):
        transcript = app.stage.transcript
        for at in range(60):
            transcript.say(own(f"line {at}"))
        for at in range(60, 70):
            await show(app, pilot, entry("widget", "x", tall))
            before, version = transcript.size, app.mirror.version
            gone: Json = ["guard", "", "widget", "x"]
            app.mirror.apply({"from": version, "to": version + 1, "set": [], "remove": [gone]})
            async with asyncio.timeout(HANG_S):
                while transcript.size == before:
                    await asyncio.sleep(0)
            transcript.say(own(f"line {at}"))
            await settle(app, pilot)
            assert f"line {at}" in "".join(screen_lines(app))
