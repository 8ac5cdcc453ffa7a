"""docs/interfaces.md: every plugin on it runs and does what the page says, its test passes, its numbers are the code's."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from host import PluginHost
from host.outcome import Json, JsonObject
from host.view import limits
from tests.integration.halves import until
from tests.integration.person import Person, words

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "interfaces.md").read_text()
_FILE = re.compile(r"^```(?:ts|js|json|python)\n(?://|#) (\S+)\n(.*?)^```$", re.M | re.S)
FILES = dict(_FILE.findall(PAGE))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A directory with every file of the page."""
    folder = tmp_path / "page"
    for name, source in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return folder


@asynccontextmanager
async def running(page: Path, name: str) -> AsyncIterator[tuple[PluginHost, Person]]:
    """A host with one plugin of the page, and somebody who looks at it."""
    (page / "project").mkdir()
    async with PluginHost(project_dir=page / "project", home=page / "home") as host:
        await host.load(page / name)
        async with Person(host) as person:
            half = host.workspace.halves.of(Path(name).stem)
            await until(lambda: half is None or half.state == "active")
            yield host, person


async def says(person: Person, area: str, key: str, text: str) -> None:
    """Wait until the line of an entry is *text*."""
    await person.until(lambda: _says(person.values(area).get(key), text))


def _says(value: JsonObject | None, text: str) -> bool | None:
    return True if value is not None and words(value.get("line", [])) == text else None


async def noticed(person: Person, text: str) -> None:
    """Wait until somebody was told *text*."""
    await person.until(
        lambda: next(
            (True for one in person.values("notice").values() if words(one["line"]) == text),
            None,
        )
    )


async def answer(person: Person, kind: str, **given: Json) -> None:
    """Answer the question that is open."""
    key, value = await person.until(
        lambda: next(
            (one for one in person.values("dialog").items() if one[1]["kind"] == kind), None
        )
    )
    assert value["kind"] == kind
    person.view.answer(key, **given)  # type: ignore[arg-type]  # one of its three


def used(name: str, **more: Json) -> JsonObject:
    """A tool that was used."""
    return {"session_id": "s", "tool_name": name, "tool_input": {}, "tool_output": "", **more}


def test_every_block_of_code_has_a_name() -> None:
    """So that none stands on the page unread."""
    assert len(re.findall(r"^```\w+$", PAGE, re.M)) == len(FILES) == 10


@pytest.mark.asyncio
async def test_lines_that_are_always_there(page: Path) -> None:
    """A status, a widget, a notice; the widget goes with the session."""
    async with running(page, "checks.ts") as (host, person):
        await says(person, "status", "checks", "nothing failed")
        await host.dispatch("PostToolUseFailure", used("bash", error="no such file"))
        await says(person, "status", "checks", "1 failed")
        widget = await person.shown("widget", "last")
        assert widget["lines"] == [[["bash", "bold"]], [["no such file", ""]]]
        await noticed(person, "bash failed")
        await host.dispatch("SessionEnd", {"session_id": "s"})
        await person.no("widget")


@pytest.mark.asyncio
async def test_a_list_to_choose_from(page: Path) -> None:
    """Space changes an item, Enter tells about it."""
    async with running(page, "services.ts") as (host, person):
        assert (
            await host.select_item("services", "Sidebar/main", "queue", action="toggle")
        ).handled
        await person.until(
            lambda: True if "'checked': False" not in str(person.values("slot")) else None
        )
        assert (
            await host.select_item("services", "Sidebar/main", "queue", action="activate")
        ).handled
        await noticed(person, "queue is wanted")


@pytest.mark.asyncio
@pytest.mark.parametrize("by_key", [True, False])
async def test_keys_and_questions(page: Path, by_key: bool) -> None:
    """Three questions in a row, by the key and by the command; one that is dismissed ends it."""
    async with running(page, "release.ts") as (host, person):
        done = "released Ada as a minor version"
        if by_key:
            assert (await host.press_key("ctrl+r")).handled
        asking = None if by_key else asyncio.create_task(host.run_command("release", ""))
        await answer(person, "select", index=1)
        await answer(person, "input", value="Ada")
        await answer(person, "confirm", value=True)
        if asking is None:
            await noticed(person, done)
        else:
            assert (await asking).output == done
        asking = asyncio.create_task(host.run_command("release", ""))
        await answer(person, "select", cancelled=True)
        assert (await asking).output == "nothing is released"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("keys", "got"),
    [
        (["right", "right", "left", "enter"], "55 %"),
        (["x", "escape"], "nothing was chosen"),
        ([], "nothing was chosen"),
    ],
)
async def test_a_component(page: Path, keys: list[str], got: str) -> None:
    """Drawn within its width; keys change it; the person can leave it."""
    async with running(page, "range.ts") as (host, person):
        asking = asyncio.create_task(host.run_command("range", ""))
        dialog, _ = await person.dialog()
        await person.lines(["=" * 7 + " " * 7 + " 50 %"])
        for key in keys:
            assert (await host.press_key(key, frame="f1", plugin="range")).handled
        if not keys:
            person.view.answer(dialog, cancelled=True)
        assert (await asking).output == got


@pytest.mark.asyncio
async def test_a_ready_component(page: Path) -> None:
    """pi's list, with nothing to install."""
    async with running(page, "pick.js") as (host, person):
        asking = asyncio.create_task(host.run_command("pick", ""))
        await person.dialog()
        for key in ("down", "enter"):
            assert (await host.press_key(key, frame="f1", plugin="pick")).handled
        assert (await asking).output == "green"


@pytest.mark.asyncio
async def test_a_view_of_the_whole_screen(page: Path) -> None:
    """Opened by a key, drawn again by an event, closed by a key of its own, and opened again."""
    async with running(page, "history.ts") as (host, person):
        for tools in (["read"], ["read", "write"]):
            assert (await host.press_key("alt+h")).handled
            frame = await person.until(lambda: person.values("route")["history"]["frame"])
            await host.dispatch("PostToolUse", used(tools[-1]))
            await person.lines(["what happened:", *tools, "", "q closes"], str(frame))
            assert (await host.press_key("q", frame=str(frame), plugin="history")).handled
            await person.no("frame")


@pytest.mark.asyncio
async def test_two_halves(page: Path) -> None:
    """The tool of one, the list of the other; what a person chooses is done by the one that has it."""
    async with running(page, "reviews") as (host, person):
        assert (await host.call_tool("plugin_ask_review", {"file": "a.py"})).output == "1 wait"
        await host.call_tool("plugin_ask_review", {"file": "b.py"})
        await says(person, "status", "reviews", "2 to review")
        assert (
            await host.select_item("reviews#tui", "Sidebar/main", "0", action="activate")
        ).handled
        await says(person, "status", "reviews", "1 to review")
        assert "b.py" in str(person.values("slot"))


def test_the_test_on_the_page_passes(page: Path) -> None:
    """As pytest runs it; and it fails where the plugin does something else."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_services.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run() -> int:
        return subprocess.run(
            words, cwd=page, env=environment, capture_output=True, timeout=120, check=False
        ).returncode

    assert run() == 0
    services = page / "services.ts"
    services.write_text(services.read_text().replace("!wanted.get(id)", "false"))
    assert run() == 1


def test_the_numbers_of_the_page() -> None:
    """Are those of the code."""
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.M))
    expected = {
        "updates a second": [limits.UPDATES_PER_S],
        "notices a second": [limits.NOTICES_PER_S],
        "items of a list; lines; nodes of a slot": [
            limits.MAX_ITEMS,
            limits.MAX_LINES,
            limits.MAX_NODES,
        ],
        "questions that are open": [limits.MAX_DIALOGS],
        "questions that are dismissed in a row within 10 s": [limits.DISMISSALS],
        "an answer to a key": [5],
    }
    assert limits.DISMISSED_WITHIN_S == 10
    assert limits.REFUSED_FOR_S == 30
    for what, numbers in expected.items():
        found = [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", rows[what])]
        assert found == numbers, what
