"""What plugins show, told to whoever looks on: a snapshot, and each difference as it comes.

Promises    A difference is made into bytes once, however many look on. A reader that is slow costs nobody anything: what it
            has not taken is merged, the newest value of each key, and from a bound on it is given a snapshot instead. Applying
            what is told in order gives what is shown. A line is never longer than a client reads.
            When a configuration that was read again gives a project another workspace, those who look on go with it.
Relies on   ``host.view``: values do not change once they are in a difference; a listener is called in the reactor's turn.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypedDict

from host.daemon.watching import Take
from host.daemon.wire import encoded
from host.outcome import Json, JsonObject

if TYPE_CHECKING:
    from host.view.attachments import Attachment
    from host.view.model import Listener
    from host.workspace import Workspace

MAX_BEHIND: Final = 2048
"""Keys of which a reader has not the newest value; with more, a snapshot is the shorter way to say it."""
MAX_PIECE_BYTES: Final = 4 * 1024 * 1024
"""Of one line. A single value is far smaller."""
_KEY: Final = ("plugin", "session", "area", "key")


class UiState(TypedDict, total=False):
    """What an interface says of itself; see :meth:`host.view.model.View.attach`."""

    width: int
    height: int
    theme: str
    editor: str
    session: str


class Viewer:
    """One who looks on. With *ui* a person looks through it: plugins have an interface as long as it is there."""

    def __init__(self, take: Take, stage: "Stage", ui: UiState | None) -> None:
        self._take = take
        self._stage = stage
        self._ui = ui
        self._attachment: Attachment | None = None
        self._behind = _Merged()
        self._wants_snapshot = False
        self._waiting: list[bytes] = []
        """What was begun to be told; what is merged comes after it."""
        self.has_room = True
        self.first: JsonObject = {}
        """The snapshot that it begins with; what did not fit into a line, and what changes from then on, come as events."""

    @property
    def is_attached(self) -> bool:
        """Whether a person looks through it."""
        return self._attachment is not None

    def enter(self, stage: "Stage") -> None:
        """Look at *stage* from now on. Raises InputError for a state that is none."""
        if self._ui is not None:
            attachment = stage.workspace.view.attach(**self._ui)
            self._leave_attachment()
            self._attachment = attachment
        self._stage = stage

    def begin(self) -> None:
        """Take the first snapshot. Not heard yet: making one tells everybody else what changed before it."""
        self.first, *rest = pieces_of_snapshot(self._stage.workspace.view.snapshot())
        self._waiting = [encoded({"view": piece}) for piece in rest]

    def start_again(self) -> None:
        """What it knows is of another workspace: tell it all."""
        self._wants_snapshot = True
        self._waiting = []
        if self.has_room:
            self.flush()

    def update(self, changes: UiState) -> None:
        """The interface is another one now. Raises InputError, and then nothing has changed."""
        if self._attachment is not None and self._ui is not None:
            self._attachment.update(**changes)
            self._ui = {**self._ui, **changes}

    def hear(self, diff: JsonObject, lines: list[bytes]) -> None:
        """Hand *diff*, whose events are *lines*, on, now or when there is room."""
        if self.has_room and not (self._waiting or self._wants_snapshot):
            self._hand_on(lines)
        elif not self._wants_snapshot:
            self._behind.add(diff)
            if self._behind.size > MAX_BEHIND:
                self._wants_snapshot = True
                self._behind = _Merged()

    def flush(self) -> None:
        """See :class:`host.daemon.watching.Watching`."""
        self.has_room = True
        self._hand_on([])
        while self.has_room and (self._wants_snapshot or self._behind.size):
            self._hand_on(self._snapshot() if self._wants_snapshot else self._merged())

    def _merged(self) -> list[bytes]:
        behind, self._behind = self._behind, _Merged()
        return lines_of(behind.diff())

    def _snapshot(self) -> list[bytes]:
        snapshot = self._stage.workspace.view.snapshot()  # what is heard meanwhile is in it
        self._wants_snapshot = False
        self._behind = _Merged()
        first, *rest = pieces_of_snapshot(snapshot)
        told: list[JsonObject] = [{"snapshot": first}, *rest]
        return [encoded({"view": piece}) for piece in told]

    def _hand_on(self, lines: list[bytes]) -> None:
        waiting = self._waiting + lines
        while waiting and self.has_room:
            self.has_room = self._take(waiting.pop(0))
        self._waiting = waiting

    def close(self) -> None:
        """See :class:`host.daemon.watching.Watching`."""
        self._leave_attachment()
        self._stage.remove(self)

    def _leave_attachment(self) -> None:
        attachment, self._attachment = self._attachment, None
        if attachment is not None:
            attachment.close()


class Stage:
    """What one project shows, and who looks on."""

    def __init__(self, workspace: "Workspace") -> None:
        self.workspace = workspace
        self._viewers: dict[Viewer, None] = {}
        self._listener: Listener | None = None

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, take: Take, ui: UiState | None) -> Viewer:
        """Have *take* told of what changes; :attr:`Viewer.first` is what is there. Raises InputError."""
        viewer = Viewer(take, self, ui)
        viewer.enter(self)
        viewer.begin()
        self._admit(viewer)
        return viewer

    def remove(self, viewer: Viewer) -> None:
        """*viewer* looks on no more; safe to call twice."""
        self._viewers.pop(viewer, None)
        if not self._viewers and self._listener is not None:
            self._listener.close()
            self._listener = None

    def take_over(self, other: "Stage") -> None:
        """Those who look at *other* look here from now on."""
        for viewer in list(other._viewers):  # noqa: SLF001 - of this class
            other.remove(viewer)
            viewer.enter(self)
            self._admit(viewer)
            viewer.start_again()

    def _admit(self, viewer: Viewer) -> None:
        if self._listener is None:
            self._listener = self.workspace.view.listen(self._on_diff)
        self._viewers[viewer] = None

    def _on_diff(self, diff: JsonObject) -> None:
        lines = lines_of(diff)
        for viewer in list(self._viewers):
            viewer.hear(diff, lines)


class _Merged:
    """Differences as one: the newest value of each key."""

    def __init__(self) -> None:
        self._from: Json = None
        self._to: Json = None
        self._set: dict[tuple[Json, ...], JsonObject] = {}
        self._removed: dict[tuple[Json, ...], None] = {}
        self._ui: JsonObject = {}
        self.size = 0
        """How many keys it is about, and one more if it is about anything."""

    def add(self, diff: JsonObject) -> None:
        """Take one that follows on those before."""
        if not self.size:
            self._from = diff["from"]
        self._to = diff["to"]
        for entry in _objects(diff["set"]):
            key: tuple[Json, ...] = tuple(entry[name] for name in _KEY)
            self._removed.pop(key, None)
            self._set[key] = entry
        for key in map(tuple, _lists(diff["remove"])):
            self._set.pop(key, None)
            self._removed[key] = None
        if "ui" in diff:
            self._ui = {"ui": diff["ui"]}
        self.size = 1 + len(self._set) + len(self._removed)

    def diff(self) -> JsonObject:
        """Return all of it."""
        return {
            "from": self._from,
            "to": self._to,
            "set": [*self._set.values()],
            "remove": [[*key] for key in self._removed],
            **self._ui,
        }


def lines_of(diff: JsonObject) -> list[bytes]:
    """Return *diff* as events: one, or as many as it takes for each to fit into a line."""
    whole = encoded({"view": diff})
    if len(whole) <= MAX_PIECE_BYTES:
        return [whole]
    first, *rest = _pieces(_objects(diff["set"]))
    told: list[JsonObject] = [{**diff, "set": first}]
    version = diff["to"]
    told += [{"from": version, "to": version, "set": one, "remove": []} for one in rest]
    return [encoded({"view": one}) for one in told]


def pieces_of_snapshot(snapshot: JsonObject) -> Iterator[JsonObject]:
    """Yield a snapshot with as many entries as fit into a line, and the others as differences that follow on it."""
    version = snapshot["version"]
    first, *rest = _pieces(_objects(snapshot["entries"]))
    yield {**snapshot, "entries": first}
    for entries in rest:
        yield {"from": version, "to": version, "set": entries, "remove": []}


def _pieces(entries: Iterable[JsonObject]) -> Iterator[list[Json]]:
    """Yield *entries* in lists of up to MAX_PIECE_BYTES; at least one list."""
    piece: list[Json] = []
    size = 0
    for entry in entries:
        more = len(encoded(entry))
        if piece and size + more > MAX_PIECE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(entry)
        size += more
    yield piece


def _objects(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _lists(value: Json) -> list[list[Json]]:
    return [one for one in value if isinstance(one, list)] if isinstance(value, list) else []
