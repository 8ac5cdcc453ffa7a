"""Approvals: what plugins and agents wait for, and a person's answer. A screen of its own, above everything.

Promises    It opens because the person asked for it, never by itself. An answer goes to the question whose whole text is
            on the screen: when another one comes to stand there, keys count only 0.4 s after that was drawn.
            Row 0 is the console's, with the mark that no plugin knows.
Elsewhere   Who may answer at all is the daemon's to say: ``docs/approval.md``.
"""

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from host.console.background import in_background
from host.console.bar import Bar, KeyLine, PaneNames
from host.console.cells import cell
from host.console.detail import Detail
from host.console.guard import Guard
from host.console.panes.pane import console_of
from host.console.table import Column, Row, Table

if TYPE_CHECKING:
    from jcode_plugins.wire import JsonObject

NAME: Final = "Approvals"
KEYS: Final = (
    ("o", "once"),
    ("s", "session"),
    ("a", "always"),
    ("d", "deny"),
    ("PgDn", "more"),
    ("Esc", "back"),
)
ANSWERS: Final = {"o": "once", "s": "session", "a": "always", "d": "deny"}
COLUMNS: Final = (
    Column("left", 6, right=True),
    Column("who", 14, grows=True),
    Column("wants", 14, grows=True),
    Column("tier", 5),
    Column("project", 12, grows=True, drop=1),
)
_CAPABILITY: Final = "capability:"
_LATE: Final = "late"


class ApprovalsScreen(Screen[None]):
    """See the module's text."""

    DEFAULT_CSS = """
    ApprovalsScreen Bar { background: $accent; }
    ApprovalsScreen #what { height: 1; text-style: bold; }
    ApprovalsScreen Table { height: auto; max-height: 35%; min-height: 2; }
    ApprovalsScreen Detail { height: 1fr; max-height: 100%; }
    ApprovalsScreen #more { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"answer('{answer}')", show=False) for key, answer in ANSWERS.items()),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("escape", "leave", show=False),
    ]

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard
        self._shown = ""
        """The id of the question whose text is on the screen."""
        self._questions: dict[str, JsonObject] = {}
        self._is_answering = False

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        yield Bar()
        yield PaneNames()
        yield Static("", markup=False, id="what")
        yield Table(COLUMNS, empty="nothing waits for an answer")
        yield Detail()
        yield Static("", markup=False, id="more")
        yield KeyLine()

    def on_mount(self) -> None:
        """Show what waits."""
        self.query_one("#what", Static).update(
            f"Answer only where row 0 shows: {console_of(self).mark}"
        )
        self.query_one(KeyLine).show_keys(KEYS)
        console_of(self).show_names(self, NAME)
        console_of(self).show_bar()
        self.query_one(Table).focus()
        self._show(console_of(self).questions)

    def show(self, questions: "list[JsonObject]") -> None:
        """Show *questions*, the pending ones in order; the one that is read stays where it is as long as it waits."""
        if self.is_mounted:  # else it is about to show what is known by then
            self._show(questions)

    def _show(self, questions: "list[JsonObject]") -> None:
        self._questions = {cell(one.get("id")): one for one in questions}
        table = self.query_one(Table)
        table.set_rows(Row(id_, _cells(one)) for id_, one in self._questions.items())
        self._show_current()

    def on_table_moved(self) -> None:
        """Another question is to be read."""
        self._show_current()

    def _show_current(self) -> None:
        row = self.query_one(Table).current
        id_ = row.key if row is not None else ""
        detail = self.query_one(Detail)
        session = console_of(self).session
        detail.show(_lines(self._questions[id_], session) if id_ else ())
        if id_ != self._shown:
            self._shown = id_
            self._guard.hold()
            detail.scroll_home(animate=False)
            if id_:
                self.call_after_refresh(self._guard.arm)
        yours = _yours(self._questions.get(id_, {}))
        self.query_one(KeyLine).show_keys(
            [one for one in KEYS if one[0] not in ANSWERS or ANSWERS[one[0]] in yours]
        )
        self.call_after_refresh(self._show_more)

    def _show_more(self) -> None:
        more = self.query_one(Detail).has_more
        self.query_one("#more", Static).update("more below: PgDn" if more else "")

    def action_page(self, step: int) -> None:
        """Scroll the text of the question."""
        detail = self.query_one(Detail)
        detail.scroll_relative(y=step * max(1, detail.size.height - 1), animate=False)
        self.call_after_refresh(self._show_more)

    def action_leave(self) -> None:
        """Answer nothing, and go back to the panes."""
        console_of(self).show_pane(console_of(self).open_pane.id or "session")

    def action_answer(self, answer: str) -> None:
        """Answer the question that is read, if the person can have read it."""
        if not self._shown or self._is_answering:
            return
        if not self._guard.accepts():
            console_of(self).tell("not taken: press it again when you have read the question")
            return
        question = self._questions.get(self._shown, {})
        yours = _yours(question)
        if answer not in yours:
            told = (
                f"here it is {' or '.join(yours)}" if yours else cell(question.get("why_not"))
            )
            console_of(self).tell(f"{answer} does not count from here: {told}", is_error=True)
            return
        self._is_answering = True
        in_background(self, partial(self._answer, self._shown, answer), group="answer")

    async def _answer(self, id_: str, answer: str) -> None:
        what = cell(self._questions.get(id_, {}).get("tool"))
        try:
            await console_of(self).link.ask(lambda client: client.answer(id_, answer))
            console_of(self).tell(f"{what}: {answer}")
        finally:
            self._is_answering = False
            self._guard.hold()
            self.call_after_refresh(self._guard.arm)
        await console_of(self).look_at_questions()


def _cells(question: "JsonObject") -> tuple[str, ...]:
    return (
        _left(question),
        _who(question),
        cell(question.get("tool")),
        cell(question.get("tier")),
        cell(question.get("project")),
    )


def _yours(question: "JsonObject") -> list[str]:
    """The answers to *question* that count from this console."""
    told = question.get("yours")
    return [one for one in ANSWERS.values() if not isinstance(told, list) or one in told]


def _from_here(question: "JsonObject", session: str) -> str:
    """What is to be said about who may answer *question*; *session* is the console's own."""
    why = cell(question.get("why_not"))
    if not why:
        return ""
    yours = _yours(question)
    if yours:
        return f"{' or '.join(yours)}, for this call alone: it is one of this console's own"
    told = f"no: {why}. At another terminal: jcode-plugin approve {cell(question.get('id'))}"
    if question.get("session_id") != session:
        return told
    return (
        f"{told}. The question is of this console's own session: with elicit = true under [plugin.daemon] it is "
        "answered here"
    )


def _who(question: "JsonObject") -> str:
    return cell(question.get("plugin")) or "(the agent)"


def _left(question: "JsonObject") -> str:
    left = question.get("left_s")
    if not question.get("is_waited_for") or not isinstance(left, int | float):
        return _LATE
    return f"{left:.0f} s"


def _lines(question: "JsonObject", session: str) -> list[tuple[str, object]]:
    """Everything that is known of *question*, without what changes by itself."""
    is_tool = not cell(question.get("subject")).startswith(_CAPABILITY)
    asked_by = question.get("asked_by")
    pids = asked_by if isinstance(asked_by, list) else []
    plugin = cell(question.get("plugin"))
    return [
        ("from here", _from_here(question, session)),
        ("who", f"plugin {plugin}" if plugin else "the agent, with a tool of its own"),
        ("wants to run" if is_tool else "asks the host for", question.get("tool")),
        ("tier", question.get("tier")),
        ("input" if is_tool else "what", question.get("summary")),
        ("asked because", question.get("explanation")),
        ("project", question.get("project")),
        ("session", question.get("session_id")),
        ("asked by process", ", ".join(cell(pid) for pid in pids)),
        (
            "always means",
            "this very input in this project, until the answer expires"
            if "always" in _yours(question)
            else "",
        ),
    ]
