"""What a plugin changed in a value that went through JavaScript and came back.

A handler gets an event as JSON and may hand back a changed copy. JavaScript holds numbers as doubles,
so the copy differs from the original in places that nobody touched: 2**53 + 1 comes back as 2**53,
1.0 as 1, NaN as null. The copy is therefore never used as it is; it is compared with the original, and
only the paths that differ *as JavaScript sees them* are applied to the original.

Promises    The original is never modified. What was not changed keeps its exact value, also beside
            elements that were added to or removed from its array. Nothing recurses: depth is
            bounded by memory alone, and the work by the size of both values.
Gap         An element that was edited *and* stands in an array whose length changed is taken as it
            came back, its large integers rounded.
Elsewhere   Whose change counts, and what becomes of the other: ``merge.py``.
"""

import os
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal, Self, TypeAlias

from host.outcome import Json

Path: TypeAlias = tuple[str | int, ...]
Op = Literal["set", "delete", "splice"]

MAX_PLACES: Final = 10_000
"""Beyond that a comparison gives one change of the whole value: no value is lost by it, only the
knowledge of where it differs, which would cost the host seconds for a few megabytes."""
MAX_CLASHES: Final = 64
"""Clashes of one overlay that are named place by place; the rest is summed up at the root."""


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs. Indices always count the elements of the *original* array.

    ``set`` puts *value* at *path* (a new key of an object is a set, too), ``delete`` removes a key,
    ``splice`` replaces the *removed* elements from index ``path[-1]`` on by the elements of *value*.
    """

    path: Path
    op: Op
    value: Json = None
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Clash:
    """Two owners changed the same place; the change of *loser* at *path* was dropped."""

    path: Path
    winner: str
    loser: str


def changes(original: Json, seen: Json) -> list[Change]:
    """Return what turns *original* into *seen*, apart from what JavaScript cannot hold."""
    return Patch.between(original, seen).changes()


def apply(original: Json, wanted: Iterable[Change]) -> Json:
    """Return *original* with the changes made; where two of them overlap, the later one counts.

    Only the containers along changed paths are copied: the result shares the rest with its sources.
    Raises ``ValueError`` for changes that do not belong to this value.
    """
    return Patch.of(wanted).apply(original)


def overlaps(one: Change, other: Change) -> bool:
    """Whether the two cannot both be made: they touch the same place and do not agree."""
    depth = min(len(one.path), len(other.path)) - 1
    if depth < 0:
        meet = True  # one of them replaces the whole value
    elif one.path[:depth] != other.path[:depth]:
        return False
    else:
        meet = _extents_meet(*_extent(one, depth), *_extent(other, depth))
    return meet and not (
        one.path == other.path and _agree(one.op, one.value, one.removed, other)
    )


def pointer(path: Path) -> str:
    """Write *path* as a JSON pointer (RFC 6901): ``""`` is the whole value."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


class Patch:
    """The changes of one or several owners as a tree, so that merging is linear in their number.

    Flat paths would be quadratic in the depth, and pairwise checks in the number of changes, both of
    which a plugin chooses.
    """

    __slots__ = ("owner", "root")

    def __init__(self, owner: str = "") -> None:
        self.owner: Final = owner
        self.root = _Node()

    @classmethod
    def between(cls, original: Json, seen: Json, *, owner: str = "") -> Self:
        """Compare *original* with what came back of it."""
        patch = cls(owner)
        _Comparison(patch.root, owner, MAX_PLACES).run(original, seen)
        return patch

    @classmethod
    def of(cls, wanted: Iterable[Change], *, owner: str = "") -> Self:
        """Build a patch from single changes; where two overlap, the later one counts."""
        patch = cls(owner)
        for change in wanted:
            single = Patch(owner)
            single._add(change)
            patch.overlay(single)
        return patch

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return self.root.is_empty

    def overlay(self, later: "Patch") -> list[Clash]:
        """Add the changes of *later*, which win; return what was dropped for them.

        *later* is used up: its parts become parts of this patch.
        """
        clashes = _Clashes(later.owner)
        work: list[tuple[_Node, _Node, _Link]] = [(self.root, later.root, None)]
        while work:
            base, top, at = work.pop()
            if top.is_empty:
                continue
            if top.edit is not None and base.edit is not None and base.edit.agrees(top.edit):
                continue
            if top.edit is not None or base.edit is not None:
                clashes.lost(base, at)
                base.become(top)
            else:
                work.extend(_overlay_inside(base, top, at, clashes))
        return clashes.found()

    def apply(self, original: Json) -> Json:
        """Return *original* with the changes made. Raises ``ValueError`` if they do not fit it."""
        holder: list[Json] = [original]
        work: list[tuple[_Node, _Box, str | int]] = [(self.root, holder, 0)]
        spliced: list[tuple[list[Json], list[tuple[int, _Edit]]]] = []
        while work:
            node, box, key = work.pop()
            if node.edit is not None:
                _put(box, key, node.edit)
            elif not node.is_empty:
                copy = _copy_in(box, key)
                work.extend((child, copy, name) for name, child in node.children.items())
                if node.splices:
                    if not isinstance(copy, list):
                        raise _misfit()
                    spliced.append((copy, node.splices))
        # Only now: until every element is in place, indices must mean those of the original.
        for elements, splices in spliced:
            for start, edit in sorted(splices, key=_splice_order, reverse=True):
                if start + edit.removed > len(elements):
                    raise _misfit()
                elements[start : start + edit.removed] = edit.items()
        return holder[0]

    def changes(self) -> list[Change]:
        """Return the changes one by one. Takes time and memory in proportion to their depth."""
        return [
            Change(_path(at), edit.op, edit.value, edit.removed)
            for edit, at in _edits(self.root, None)
        ]

    def _add(self, change: Change) -> None:
        """Put *change* into this empty patch."""
        edit = _Edit(self.owner, change.op, change.value, change.removed)
        node = self.root
        for key in change.path[:-1] if change.op == "splice" else change.path:
            node = node.child(key)
        if change.op == "splice":
            start = change.path[-1] if change.path else None
            if not isinstance(start, int) or not isinstance(change.value, list):
                raise ValueError("a splice needs an index and a list of elements")
            node.splices.append((start, edit))
        else:
            node.edit = edit


_Box: TypeAlias = "list[Json] | dict[str, Json]"
_Link: TypeAlias = "tuple[_Link, str | int] | None"
"""A path from its end to the root, so that going one step down costs the same at any depth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Edit:
    owner: str
    op: Op
    value: Json
    removed: int = 0

    def agrees(self, other: "_Edit") -> bool:
        return _agree(self.op, self.value, self.removed, other)

    def items(self) -> list[Json]:
        return self.value if isinstance(self.value, list) else []


class _Node:
    """A place: either replaced as a whole (``edit``), or changed somewhere inside."""

    __slots__ = ("children", "edit", "splices")

    def __init__(self) -> None:
        self.edit: _Edit | None = None
        self.children: dict[str | int, _Node] = {}
        self.splices: list[tuple[int, _Edit]] = []

    @property
    def is_empty(self) -> bool:
        return self.edit is None and not self.children and not self.splices

    def child(self, key: str | int) -> "_Node":
        node = self.children.get(key)
        if node is None:
            node = self.children[key] = _Node()
        return node

    def become(self, other: "_Node") -> None:
        self.edit, self.children, self.splices = other.edit, other.children, other.splices


class _Spot:
    """A place under comparison; its node is made when the first difference below it is found."""

    __slots__ = ("key", "node", "parent")

    def __init__(self, parent: "_Spot | None", key: str | int, node: _Node | None) -> None:
        self.parent = parent
        self.key = key
        self.node = node

    def demand(self) -> _Node:
        missing: list[_Spot] = []
        spot = self
        while spot.node is None and spot.parent is not None:
            missing.append(spot)
            spot = spot.parent
        node = spot.node if spot.node is not None else _Node()
        for spot in reversed(missing):
            node = spot.node = node.child(spot.key)
        return node


class _Clashes:
    """Collects dropped changes; their number is a plugin's choice, so it is bounded."""

    def __init__(self, winner: str) -> None:
        self._winner = winner
        self._named: list[Clash] = []
        self._unnamed: dict[str, None] = {}

    def add(self, at: _Link, loser: str) -> None:
        if len(self._named) < MAX_CLASHES:
            self._named.append(Clash(_path(at), self._winner, loser))
        else:
            self._unnamed[loser] = None

    def lost(self, node: _Node, at: _Link) -> None:
        for edit, where in _edits(node, at):
            self.add(where, edit.owner)

    def found(self) -> list[Clash]:
        return [*self._named, *(Clash((), self._winner, loser) for loser in self._unnamed)]


class _TooManyError(Exception):
    """More places differ than are worth naming."""


class _Comparison:
    """Finds what differs, and puts it below *root*."""

    def __init__(self, root: _Node, owner: str, max_places: int) -> None:
        self._root = root
        self._owner = owner
        self._places_left = max_places
        self._identities = _Identities()
        self._work: list[tuple[Json, Json, _Spot]] = []

    def run(self, original: Json, seen: Json) -> None:
        if not _alike(original, seen):
            if _differ(original, seen):
                self._root.edit = _Edit(self._owner, "set", seen)
            return
        try:
            self._walk(original, seen)
        except _TooManyError:
            whole = _Node()
            value = _reconciled(original, seen, self._identities)
            whole.edit = _Edit(self._owner, "set", value)
            self._root.become(whole)

    def finds_none(self, original: Json, seen: Json) -> bool:
        if not _alike(original, seen):
            return not _differ(original, seen)
        try:
            self._walk(original, seen)
        except _TooManyError:
            return False
        return self._root.is_empty

    def _walk(self, original: Json, seen: Json) -> None:
        self._work.append((original, seen, _Spot(None, 0, self._root)))
        while self._work:
            self._compare(*self._work.pop())

    def _compare(self, old: Json, new: Json, spot: _Spot) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            names, now = _speaking(old), _by_name(new)
            for key, value in old.items():
                name = _joined(key)
                if name not in now:
                    self._change(spot, key, _Edit(self._owner, "delete", None))
                elif names[name] == key:
                    self._pair(value, now[name], spot, key)
            for name, value in now.items():
                if name not in names:
                    self._change(spot, name, _Edit(self._owner, "set", value))
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) == len(new):
                for index, (was, value) in enumerate(zip(old, new, strict=True)):
                    self._pair(was, value, spot, index)
            else:
                start, items, removed = _splice(old, new, self._identities)
                edit = _Edit(self._owner, "splice", items, removed)
                spot.demand().splices.append((start, edit))
                self._count()

    def _pair(self, old: Json, new: Json, spot: _Spot, key: str | int) -> None:
        if _alike(old, new):
            self._work.append((old, new, _Spot(spot, key, None)))
        elif _differ(old, new):
            self._change(spot, key, _Edit(self._owner, "set", new))

    def _change(self, spot: _Spot, key: str | int, edit: _Edit) -> None:
        spot.demand().child(key).edit = edit
        self._count()

    def _count(self) -> None:
        self._places_left -= 1
        if self._places_left < 0:
            raise _TooManyError


def _reconciled(original: Json, seen: Json, identities: "_Identities") -> Json:
    """Return *seen* with the original's own values wherever JavaScript sees no difference."""
    holder: list[Json] = [None]
    work: list[tuple[Json, Json, _Box, str | int]] = [(original, seen, holder, 0)]
    while work:
        old, new, box, key = work.pop()
        result: Json = new
        if isinstance(old, dict) and isinstance(new, dict):
            names = _speaking(old)
            copy: dict[str, Json] = {}
            for name, value in _by_name(new).items():
                mine = names.get(name)
                copy[mine or name] = value
                if mine is not None:
                    work.append((old[mine], value, copy, mine))
            result = copy
        elif isinstance(old, list) and isinstance(new, list):
            if len(old) == len(new):
                items = list(new)
                for index, (was, value) in enumerate(zip(old, new, strict=True)):
                    if _alike(was, value):
                        work.append((was, value, items, index))
                    elif not _differ(was, value):
                        items[index] = was
                result = items
            else:
                start, middle, removed = _splice(old, new, identities)
                result = old[:start] + middle + old[start + removed :]
        elif not _differ(old, new):
            result = old
        _put(box, key, _Edit("", "set", result))
    return holder[0]


def _alike(old: Json, new: Json) -> bool:
    """Whether both are objects or both arrays, so that their parts can be compared."""
    return (isinstance(old, dict) and isinstance(new, dict)) or (
        isinstance(old, list) and isinstance(new, list)
    )


def _by_name(value: dict[str, Json]) -> dict[str, Json]:
    return {_joined(key): part for key, part in value.items()}


def _speaking(value: dict[str, Json]) -> dict[str, str]:
    """Return the key that stands for each name which JavaScript sees.

    Two keys of the original may be one in JavaScript (see :func:`_joined`). As in JSON.parse the
    last one counts; the others live and die with it.
    """
    return {_joined(key): key for key in value}


def _splice(
    old: list[Json], new: list[Json], identities: "_Identities"
) -> tuple[int, list[Json], int]:
    """Say how *old* became the longer or shorter *new*, keeping what both have at either end.

    Returns the index where they part, the elements that *new* has there, and how many *old* had.
    """
    before = [identities.of(value) for value in old]
    after = [identities.of(value) for value in new]
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < shorter - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    # Elements that only moved are taken from the original, which has their exact values.
    at_hand: dict[Hashable, list[Json]] = {}
    for index in range(len(old) - tail - 1, start - 1, -1):
        at_hand.setdefault(before[index], []).append(old[index])
    items: list[Json] = []
    for index in range(start, len(new) - tail):
        known = at_hand.get(after[index])
        items.append(known.pop() if known else new[index])
    return start, items, len(old) - tail - start


def _overlay_inside(
    base: _Node, top: _Node, at: _Link, clashes: _Clashes
) -> list[tuple[_Node, _Node, _Link]]:
    """Lay *top* over *base* where both change only parts; return the children still to be laid."""
    deeper: list[tuple[_Node, _Node, _Link]] = []
    kept = base.splices
    added: list[tuple[int, _Edit]] = []
    for start, edit in top.splices:
        if any(start == other and edit.agrees(known) for other, known in kept):
            continue
        kept = _without(kept, start, edit.removed, True, at, clashes)
        covered = range(start, start + edit.removed)
        for index in [key for key in base.children if isinstance(key, int) and key in covered]:
            clashes.lost(base.children.pop(index), (at, index))
        added.append((start, edit))
    for key, child in top.children.items():
        if kept and isinstance(key, int):
            kept = _without(kept, key, 1, False, at, clashes)
        mine = base.children.get(key)
        if mine is None:
            base.children[key] = child
        else:
            deeper.append((mine, child, (at, key)))
    base.splices = kept + added
    return deeper


def _without(
    splices: list[tuple[int, _Edit]],
    start: int,
    removed: int,
    is_splice: bool,
    at: _Link,
    clashes: _Clashes,
) -> list[tuple[int, _Edit]]:
    kept: list[tuple[int, _Edit]] = []
    for other, edit in splices:
        if _extents_meet(start, removed, is_splice, other, edit.removed, True):
            clashes.add((at, other), edit.owner)
        else:
            kept.append((other, edit))
    return kept


def _extent(change: Change, depth: int) -> tuple[str | int, int, bool]:
    """Return where *change* begins among its siblings at *depth*, how many it covers, and how."""
    if change.op == "splice" and len(change.path) == depth + 1:
        return change.path[depth], change.removed, True
    return change.path[depth], 1, False


def _extents_meet(
    start: str | int, width: int, splice: bool, other: str | int, reach: int, other_splice: bool
) -> bool:
    if isinstance(start, str) or isinstance(other, str):
        return start == other
    if width and reach:
        return start < other + reach and other < start + width
    # An insertion is a point between two elements. It meets another insertion at the same point,
    # and a replaced range that it would fall into; at the edge of one, both can be made.
    if splice and other_splice and not width and not reach:
        return start == other
    if not width:
        return other_splice and other < start < other + reach
    return splice and start < other < start + width


def _splice_order(splice: tuple[int, _Edit]) -> tuple[int, int]:
    start, edit = splice
    return start, edit.removed  # an insertion before the range that begins at the same point


def _edits(node: _Node, at: _Link) -> Iterator[tuple[_Edit, _Link]]:
    work: list[tuple[_Node, _Link]] = [(node, at)]
    while work:
        place, where = work.pop()
        if place.edit is not None:
            yield place.edit, where
            continue
        for start, edit in place.splices:
            yield edit, (where, start)
        work.extend((child, (where, key)) for key, child in reversed(place.children.items()))


def _path(at: _Link) -> Path:
    keys: list[str | int] = []
    while at is not None:
        at, key = at
        keys.append(key)
    return tuple(reversed(keys))


def _misfit() -> ValueError:
    return ValueError("these changes do not belong to this value")


def _copy_in(box: _Box, key: str | int) -> _Box:
    """Replace the container at *key* of *box* by a copy of it, and return the copy."""
    if isinstance(box, dict) and isinstance(key, str):
        value = box.get(key)
    elif isinstance(box, list) and isinstance(key, int) and 0 <= key < len(box):
        value = box[key]
    else:
        value = None
    if not isinstance(value, (list, dict)):
        raise _misfit()
    copy = value.copy()
    _put(box, key, _Edit("", "set", copy))
    return copy


def _put(box: _Box, key: str | int, edit: _Edit) -> None:
    if isinstance(box, dict) and isinstance(key, str):
        if edit.op == "delete":
            box.pop(key, None)
        else:
            box[key] = edit.value
    elif isinstance(box, list) and isinstance(key, int) and 0 <= key < len(box):
        if edit.op == "delete":
            raise ValueError("an element of an array is removed by a splice")
        box[key] = edit.value
    else:
        raise _misfit()


def _agree(op: Op, value: Json, removed: int, other: Change | _Edit) -> bool:
    if op != other.op or removed != other.removed:
        return False
    return op == "delete" or _Comparison(_Node(), "", 0).finds_none(value, other.value)


def _differ(old: Json, new: Json) -> bool:
    """Whether JavaScript sees a difference between two values that are not :func:`_alike`."""
    if isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
        return True
    return _leaf(old) != _leaf(new)


def _leaf(value: Json) -> Hashable:
    """Return what JSON.parse and JSON.stringify leave of a value that is no container."""
    match value:
        case bool():
            return (value,)  # not the number that Python thinks it is
        case int():
            try:
                return float(value)
            except OverflowError:  # Infinity to JSON.parse, and null to JSON.stringify
                return None
        case float():
            return value if isfinite(value) else None
        case str():
            return _joined(value)
        case _:
            return None


def _joined(text: str) -> str:
    """Return *text* with surrogates that stand side by side joined, as JavaScript reads them."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


class _Identities:
    """Numbers values so that two have the same number exactly when JavaScript sees no difference.

    Each container is looked at once, however often arrays inside arrays ask for it.
    """

    def __init__(self) -> None:
        self._of_container: dict[int, Hashable] = {}  # by id(); the caller keeps them alive
        self._numbers: dict[Hashable, int] = {}
        # Plugins choose the values, and the hash of a tuple of numbers is no secret otherwise.
        self._salt = os.urandom(8)

    def of(self, value: Json) -> Hashable:
        known = self._of_container
        work: list[Json] = [value]
        while work:
            item = work[-1]
            if not isinstance(item, (list, dict)) or id(item) in known:
                work.pop()
                continue
            inner = item if isinstance(item, list) else item.values()
            waiting = [
                part
                for part in inner
                if isinstance(part, (list, dict)) and id(part) not in known
            ]
            if waiting:
                work.extend(waiting)
                continue
            shape: Hashable
            if isinstance(item, list):
                shape = (self._salt, *map(self._shallow, item))
            else:
                named = {_joined(key): self._shallow(part) for key, part in item.items()}
                shape = frozenset(named.items())
            known[id(item)] = ("container", self._numbers.setdefault(shape, len(self._numbers)))
        return self._shallow(value)

    def _shallow(self, value: Json) -> Hashable:
        return (
            self._of_container[id(value)] if isinstance(value, (list, dict)) else _leaf(value)
        )
