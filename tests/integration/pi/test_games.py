"""pi's own games, as published, played to the end by the keys of a person who reads the screen."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Final

import pytest

from host import BlockingPluginHost, Config, SessionMessage, ToolResult
from host.outcome import JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import yes
from tests.integration.pi.conftest import PATIENT, Load, Run
from tests.support.person import WITHIN_S, Person, text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Agent:
    """The session: it hears what the game tells the model."""

    def __init__(self) -> None:
        self._heard: list[SessionMessage] = []
        self._news = threading.Condition()

    def send_message(self, message: SessionMessage) -> None:
        with self._news:
            self._heard.append(message)
            self._news.notify_all()

    def hears(self, count: int) -> list[SessionMessage]:
        """The first *count* messages, as soon as they have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self._heard) >= count, WITHIN_S)
            return self._heard[:count]

    def get_messages(self, session_id: str, limit: int) -> Sequence[JsonObject]:
        return []


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def host(make_host: MakeHost, agent: Agent) -> BlockingPluginHost:
    """A host whose plugins may speak to the model."""
    allowed = Config(allow={"session": ("sendMessage",)}, timeouts=PATIENT)
    return make_host(allowed, approver=yes, session=agent)


@pytest.fixture
def person(host: BlockingPluginHost) -> Iterator[Person]:
    attached = Person(host, width=100, height=40)
    yield attached
    attached.leave()


# --- snake ---------------------------------------------------------------------------------------------

Cell = tuple[int, int]
"""Column and row."""

GRID: Final = (40, 15)
STEPS: Final[dict[str, Cell]] = {
    "up": (0, -1),
    "down": (0, 1),
    "left": (-1, 0),
    "right": (1, 0),
}


def cells(lines: Sequence[str], shape: str) -> set[Cell]:
    """Where on the grid *shape* is drawn; a cell is two columns wide."""
    width, height = GRID
    return {
        (x, y)
        for y in range(height)
        for x in range(width)
        if lines[3 + y][2 + 2 * x : 4 + 2 * x] == shape
    }


def way(lines: Sequence[str]) -> str | None:
    """The key to the first step of the shortest way to the food, around the snake; None if there is none."""
    heads, foods, body = cells(lines, "██"), cells(lines, "◆ "), cells(lines, "▓▓")
    if not heads or not foods:
        return None
    (head,), (food,) = heads, foods
    width, height = GRID
    came: dict[Cell, str] = {head: ""}
    todo = deque([head])
    while todo:
        x, y = todo.popleft()
        if (x, y) == food:
            return came[food]
        for key, (dx, dy) in STEPS.items():
            there = (x + dx, y + dy)
            if there in came or there in body:
                continue
            if 0 <= there[0] < width and 0 <= there[1] < height:
                came[there] = came[x, y] or key
                todo.append(there)
    return None


def other_than(person: Person, lines: Sequence[str]) -> Sequence[str]:
    """The next frame that is not *lines*."""
    return person.sees(lambda: None if (now := person.component()) == lines else now)


def score(lines: Sequence[str]) -> int:
    return int(lines[1].split("Score: ")[1].split(" ")[0])


def test_the_snake_eats(person: Person, load: Load, run: Run) -> None:
    """Three times, by the frames alone; where the machine was too slow to steer, in another game."""
    load("snake.ts")
    game = run("snake")
    lines = person.draws("SNAKE")
    while score(lines) < 30:
        if any("GAME OVER" in line for line in lines):
            person.press("r")
        elif (key := way(lines)) is not None:
            person.press(key)
        lines = other_than(person, lines)
    person.press("escape")

    assert game.result(WITHIN_S).ok
    person.no_dialog()
    again = run("snake")  # it was paused, and goes on where it was
    assert score(person.draws("PAUSED")) >= 30
    person.press("q")
    assert again.result(WITHIN_S).ok


def test_invaders_are_shot(person: Person, load: Load, run: Run) -> None:
    """Some that fly over the cannon: firing is enough, and a game that was lost is begun again."""
    load("space-invaders.ts")
    game = run("invaders")
    lines = person.draws("SPACE INVADERS")
    while score(lines) < 30:
        is_over = any("GAME OVER" in line for line in lines)
        person.press("r" if is_over else "space")
        lines = other_than(person, lines)
    person.press("q")

    assert game.result(WITHIN_S).ok
    person.no_dialog()


# --- tic-tac-toe ----------------------------------------------------------------------------------------

GLYPHS: Final = {"\u2573": "X", "\u25ef": "O", " ": "."}


def board(lines: Sequence[str]) -> str:
    """The nine cells as ``X.O/.../..O``, read out of what is drawn."""
    top = next(n for n, line in enumerate(lines) if "┌" in line)
    left = lines[top].index("┌")
    return "/".join(
        "".join(GLYPHS[lines[top + 4 * row + 2][left + 4 + 8 * column]] for column in range(3))
        for row in range(3)
    )


class Match:
    """One game: the person plays by keys, the model by its tool, both look at the screen."""

    def __init__(self, host: BlockingPluginHost, person: Person) -> None:
        self._host = host
        self._person = person
        self._at = [1, 1]

    def person_plays(self, row: int, column: int) -> None:
        """Move the cursor there and put an X."""
        rows, columns = row - self._at[0], column - self._at[1]
        self._at = [row, column]
        keys = ["down" if rows > 0 else "up"] * abs(rows)
        keys += ["right" if columns > 0 else "left"] * abs(columns)
        self._person.press(*keys, "enter")
        self._shows("X", row, column)

    def model_plays(self, row: int, column: int) -> ToolResult:
        """Move the model's cursor from its home and put an O."""
        for action in ("move_down",) * row + ("move_right",) * column:
            assert self.model("tic_tac_toe", action=action).ok
        result = self.model("tic_tac_toe", action="play")
        if result.ok:
            self._shows("O", row, column)
        return result

    def model(self, tool: str, **params: str) -> ToolResult:
        """Call one of the game's tools."""
        return self._host.call_tool(f"plugin_{tool}", dict(params), session_id="s")

    def _shows(self, mark: str, row: int, column: int) -> None:
        at = 4 * row + column
        self._person.sees(lambda: board(self._person.component())[at] == mark or None)


@pytest.fixture
def game(person: Person, load: Load, run: Run) -> Future[ToolResult]:
    """The game's command, while the board is on the screen."""
    load("tic-tac-toe.ts")
    running = run("tic-tac-toe")
    assert board(person.draws("Turn: X (You)")) == ".../.../..."
    return running


@pytest.fixture
def match(host: BlockingPluginHost, person: Person) -> Match:
    return Match(host, person)


def test_the_person_wins(
    person: Person, game: Future[ToolResult], match: Match, agent: Agent
) -> None:
    """A row of X; the model was asked for each move of its own, and told of the end."""
    match.person_plays(1, 1)
    person.draws("Agent is thinking...")
    assert (
        match.model_plays(0, 0).output
        == "Placed O at (0,0). Cursor reset to (0,0). Your turn, X!"
    )
    match.person_plays(1, 0)
    assert match.model_plays(0, 1).ok
    match.person_plays(1, 2)

    assert board(person.draws("X wins!")) == "OO./XXX/..."
    person.press("q")
    assert game.result(WITHIN_S).ok
    assert text_of(person.one("session_name", "")["line"]) == "Tic-Tac-Toe"
    first, second, end = agent.hears(3)
    assert "Player X played at (row=1, col=1)" in str(first.content)
    assert (first.custom_type, first.trigger_turn) == ("tic-tac-toe-move", True)
    assert "Player X played at (row=1, col=0)" in str(second.content)
    assert (end.content, end.trigger_turn) == ("Game over: Player X (human) wins.", False)


def test_the_model_wins(
    person: Person, game: Future[ToolResult], match: Match, agent: Agent
) -> None:
    """By its tools; a move that is none is told to it, and costs nothing."""
    match.person_plays(1, 1)
    assert match.model_plays(0, 0).ok
    out_of_turn = match.model("tic_tac_toe", action="play")
    assert not out_of_turn.ok
    assert "It is not your turn." in str(out_of_turn.error)
    match.person_plays(2, 1)
    taken = match.model("tic_tac_toe", action="play")
    assert not taken.ok
    assert "Cell (0,0) is already O" in str(taken.error)
    assert match.model_plays(0, 1).ok
    match.person_plays(2, 0)
    seen = match.model("tic_tac_toe_see_board")
    assert "Your cursor: (row=0, col=0)" in str(seen.output)

    assert match.model_plays(0, 2).output == "Placed O at (0,2). Player O wins!"
    assert board(person.draws("O wins!")) == "OOO/.X./XX."
    assert agent.hears(4)[-1].content == "Game over: Player O (agent) wins."
    person.press("r")
    assert game.result(WITHIN_S).ok
    person.no_dialog()


def test_nobody_wins(
    person: Person, game: Future[ToolResult], match: Match, agent: Agent
) -> None:
    """The board is full."""
    match.person_plays(1, 1)
    for theirs, mine in (
        ((0, 0), (0, 1)),
        ((2, 1), (1, 0)),
        ((1, 2), (2, 0)),
        ((0, 2), (2, 2)),
    ):
        assert match.model_plays(*theirs).ok
        match.person_plays(*mine)

    assert board(person.draws("Draw!")) == "OXO/XXO/XOX"
    assert agent.hears(5)[-1].content == "Game over: Draw."
    person.press("escape")
    assert game.result(WITHIN_S).ok
