"""Where each piece of generated code came from.

The compiler gives no source map, so the tokens of its output are matched with those of the source: one
pass over runs that are unique on both sides. Types, punctuation that the compiler moves, and
comments are left out of both streams. A token that finds no partner takes its neighbour's place.
"""

from bisect import bisect_left, bisect_right
from typing import Final

from tree_sitter import Tree

_NOISE: Final = frozenset(";,(){}")
_WHOLE: Final = frozenset({"string", "regex"})
_LEFT_OUT: Final = frozenset(
    {
        "comment", "type_annotation", "interface_declaration", "type_alias_declaration", "type_parameters",
        "type_arguments", "implements_clause", "ambient_declaration", "function_signature",
        "abstract_method_signature", "index_signature", "asserts_annotation", "type_predicate_annotation",
        "accessibility_modifier", "override_modifier", "hash_bang_line",
    }
)  # fmt: skip
_CASTS: Final = frozenset({"as", "satisfies"})
_CAST_NODES: Final = frozenset({"as_expression", "satisfies_expression"})

Pairs = list[tuple[int, int]]
"""(offset in compiled, offset in source), rising in both."""


def tokens(tree: Tree, source: bytes) -> list[tuple[bytes, int]]:
    """Return (text, byte offset) of the tokens that both sides of a compilation share."""
    found: list[tuple[bytes, int]] = []
    cursor = tree.walk()
    parents: list[str] = []
    while True:
        node = cursor.node
        if node is None:  # never: see scope.py
            return found
        kind = node.type
        skip_rest = False
        if kind in _LEFT_OUT or kind in _NOISE:
            pass
        elif kind in _WHOLE:
            found.append((source[node.start_byte + 1 : node.end_byte - 1], node.start_byte))
        elif cursor.goto_first_child():
            parents.append(kind)
            continue
        elif kind in _CASTS and parents and parents[-1] in _CAST_NODES:
            skip_rest = True  # what follows is a type
        else:
            found.append((source[node.start_byte : node.end_byte], node.start_byte))
        while skip_rest or not cursor.goto_next_sibling():
            skip_rest = False
            if not cursor.goto_parent():
                return found
            parents.pop()


def align(compiled: list[tuple[bytes, int]], source: list[tuple[bytes, int]]) -> Pairs:
    """Match the two token lists in order, in time n log n.

    Runs of three tokens that occur once on each side are anchors; between anchors runs of two, then
    single tokens. What lies next to a match and is equal matches too.
    """
    left, right = [text for text, _ in compiled], [text for text, _ in source]
    matched: list[tuple[int, int]] = []
    gaps = [(0, len(left), 0, len(right))]
    for size in (3, 2, 1):
        inner: list[_Gap] = []
        for gap in gaps:
            from_left, from_right = gap[0], gap[2]
            for at_left, at_right in _anchors(left, right, gap, size):
                if at_left < from_left or at_right < from_right:
                    continue  # overlaps the run before
                inner.append((from_left, at_left, from_right, at_right))
                matched.extend((at_left + k, at_right + k) for k in range(size))
                from_left, from_right = at_left + size, at_right + size
            inner.append((from_left, gap[1], from_right, gap[3]))
        gaps = [_trim(left, right, gap, matched) for gap in inner]
        gaps = [gap for gap in gaps if gap[0] < gap[1] and gap[2] < gap[3]]
    matched.sort()
    return [(compiled[i][1], source[j][1]) for i, j in matched]


_Gap = tuple[int, int, int, int]
"""Stretch of the compiled tokens (from, to) and of the source tokens (from, to) still to be matched."""


def _anchors(
    left: list[bytes], right: list[bytes], gap: _Gap, size: int
) -> list[tuple[int, int]]:
    """Return the runs of *size* tokens that occur once on each side, the longest chain of them that rises."""
    once_left = _once(left, gap[0], gap[1], size)
    once_right = _once(right, gap[2], gap[3], size)
    common = [
        (at, once_right[run])
        for run, at in once_left.items()
        if at >= 0 and once_right.get(run, -1) >= 0
    ]
    common.sort()
    ends: list[int] = []  # the lowest end of a rising chain, by its length
    where: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(common):
        length = bisect_left(ends, place)
        if length == len(ends):
            ends.append(place)
            where.append(index)
        else:
            ends[length] = place
            where[length] = index
        before.append(where[length - 1] if length else -1)
    chain: list[tuple[int, int]] = []
    index = where[-1] if where else -1
    while index >= 0:
        chain.append(common[index])
        index = before[index]
    chain.reverse()
    return chain


def _once(texts: list[bytes], start: int, end: int, size: int) -> dict[bytes, int]:
    """Return where each run of *size* tokens begins, -1 for one that occurs again."""
    places: dict[bytes, int] = {}
    for at in range(start, end - size + 1):
        run = b"\0".join(texts[at : at + size])
        places[run] = -1 if run in places else at
    return places


def _trim(
    left: list[bytes], right: list[bytes], gap: _Gap, matched: list[tuple[int, int]]
) -> _Gap:
    a, b, c, d = gap
    while a < b and c < d and left[a] == right[c]:
        matched.append((a, c))
        a += 1
        c += 1
    while a < b and c < d and left[b - 1] == right[d - 1]:
        b -= 1
        d -= 1
        matched.append((b, d))
    return a, b, c, d


def encode(pairs: Pairs, edits: list[tuple[int, int, str]], body: bytes, source: bytes) -> str:
    """Return the map from *body*, which is the compiled text after *edits*, to *source*.

    One group per line of *body*, separated by `;`; in it segments separated by `,`; in a segment three
    base64 VLQ numbers: generated column (relative within the line), source line and source column
    (relative to the segment before, across lines). Columns count characters, everything from 0.
    A segment holds until the next one: columns advance in step.
    """
    generated, original = LineIndex(body), LineIndex(source)
    lines: list[list[str]] = [[]]
    shift = index = 0
    last_line = last_column = 0
    open_line, before, delta = -1, 0, (-1, 0)
    for offset, home in pairs:
        while index < len(edits) and edits[index][1] <= offset:
            start, end, new = edits[index]
            if start == end == offset:
                break  # inserted right here: the token starts before what is inserted behind it
            shift += len(new.encode()) - (end - start)
            index += 1
        at = offset
        if index < len(edits) and edits[index][0] < offset:
            at = edits[index][0]  # inside a replaced stretch
        line, column = generated.locate(at + shift)
        home_line, home_column = original.locate(home)
        if line != open_line:
            while len(lines) <= line:
                lines.append([])
            open_line, before, delta = line, 0, (-1, 0)
        if (home_line, home_column - column) == delta:
            continue
        delta = (home_line, home_column - column)
        lines[line].append(
            _vlq(column - before)
            + _vlq(home_line - last_line)
            + _vlq(home_column - last_column)
        )
        before, last_line, last_column = column, home_line, home_column
    return ";".join(",".join(line) for line in lines)


_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _vlq(value: int) -> str:
    rest = (-value << 1) | 1 if value < 0 else value << 1
    out = ""
    while True:
        digit = rest & 31
        rest >>= 5
        if not rest:
            return out + _DIGITS[digit]
        out += _DIGITS[digit | 32]


class LineIndex:
    """Byte offset to (line, character column), both from 0; amortised constant time for rising offsets."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._ascii = source.isascii()
        self._starts = [0]
        at = source.find(b"\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = source.find(b"\n", at + 1)
        self._line = -1
        self._byte = 0
        self._column = 0

    def locate(self, offset: int) -> tuple[int, int]:
        """Return where *offset* lies."""
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        if self._ascii:
            return line, offset - start
        if line != self._line or offset < self._byte:
            self._line, self._byte, self._column = line, start, 0
        self._column += len(self._source[self._byte : offset].decode("utf-8", "replace"))
        self._byte = offset
        return line, self._column
