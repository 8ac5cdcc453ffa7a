"""Positions in a plugin's errors and logs: from the generated script back to the author's files.

Promises    Pure and total: any text and any numbers give a text, in time linear in their length.
Relies on   The artifact's map, written by worker/build/positions.py (format repeated below).
Elsewhere   Making the result safe to print: control characters are not this module's business.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, Self

BUNDLE_LINE_OFFSET: Final = 20_000
"""Lines of the script up to here are the runtime's own. Same number as in worker/build/bundle.py."""

MAX_TEXT: Final = 65_536
"""Characters of a text that are looked at; the rest is cut, with a mark."""

_PLACE: Final = re.compile(r"<input>:(\d{1,9})(?::(\d{1,9}))?")
_FRAME: Final = re.compile(r"\s{0,8}at ")
_DIGITS: Final = {
    ch: value
    for value, ch in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}

_Segment = tuple[int, int, int]
"""Generated column, source line, source column; all from 0."""


@dataclass(slots=True)
class ArtifactMap:
    """Where each generated line of one bundle came from.

    A module's map has one group per generated line, separated by `;`; in it segments separated by `,`; a
    segment is three base64 VLQ numbers: generated column (relative within the line), source line and
    source column (relative to the segment before).
    """

    starts: list[int]
    """First generated line of each module's body, rising."""
    paths: list[str]
    maps: list[str]
    _decoded: dict[int, list[list[_Segment]]] = field(default_factory=dict)

    @classmethod
    def from_artifact(cls, artifact: dict[str, object]) -> Self:
        """Read `modules` and `map` of a builder's artifact, which is judged here: it came from a worker.

        Raises:
            ValueError: not of the shape that worker/build produces.
        """
        modules, maps = artifact.get("modules"), artifact.get("map")
        if (
            not isinstance(modules, list)
            or not isinstance(maps, list)
            or len(modules) != len(maps)
        ):
            raise ValueError("artifact: modules and map are two lists of one length")
        starts: list[int] = []
        paths: list[str] = []
        texts: list[str] = []
        for module, text in zip(modules, maps, strict=True):
            path = module.get("path") if isinstance(module, dict) else None
            line = module.get("line") if isinstance(module, dict) else None
            if not isinstance(path, str) or type(line) is not int or not isinstance(text, str):
                raise ValueError("artifact: a module is a path, a line and a map")
            if line <= BUNDLE_LINE_OFFSET or (starts and line <= starts[-1]):
                raise ValueError("artifact: lines of modules rise from the bundle's first")
            starts.append(line)
            paths.append(path)
            texts.append(text)
        return cls(starts, paths, texts)

    def locate(self, line: int, column: int | None) -> str | None:
        """Return `path:line:column` (from 1) for a generated position (from 1), None outside every module.

        The column is left out where the map knows the line only.
        """
        index = bisect_right(self.starts, line) - 1
        if index < 0:
            return None
        if index not in self._decoded:
            self._decoded[index] = _decode(self.maps[index])
        lines = self._decoded[index]
        row = line - self.starts[index]
        path = self.paths[index]
        if row >= len(lines):
            # behind the last mapped line: a closing brace, or the glue between two modules
            return None if row > len(lines) + 1 else path
        here = lines[row]
        if not here:
            earlier = next(
                (lines[at][-1] for at in range(row - 1, max(-1, row - 50), -1) if lines[at]),
                None,
            )
            return path if earlier is None else f"{path}:{earlier[1] + 1}"
        if column is None:
            return f"{path}:{here[0][1] + 1}"
        at = bisect_right(here, (column - 1, 1 << 60, 0)) - 1
        start, source_line, source_column = here[max(at, 0)]
        return (
            f"{path}:{source_line + 1}:{max(1, source_column + max(0, column - 1 - start) + 1)}"
        )


def map_positions(text: str, artifact_map: ArtifactMap) -> str:
    """Return *text* with the plugin's own positions in place of generated ones.

    Stack frames of the runtime are dropped, and with them the engine's own frames that they called.
    """
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + " [cut]"
    kept: list[str] = []
    for line in text.split("\n"):
        is_frame = _FRAME.match(line) is not None
        if is_frame and _is_runtime_frame(line, artifact_map):
            while kept and kept[-1].endswith("(native)") and _FRAME.match(kept[-1]):
                kept.pop()
            continue
        kept.append(_PLACE.sub(lambda found: _replace(found, artifact_map), line))
    return "\n".join(kept)


def _is_runtime_frame(line: str, artifact_map: ArtifactMap) -> bool:
    places = list(_PLACE.finditer(line))
    if not places:
        return False
    last = places[-1]  # a function's name comes first and may contain anything
    return artifact_map.locate(int(last[1]), None) is None


def _replace(found: re.Match[str], artifact_map: ArtifactMap) -> str:
    column = None if found[2] is None else int(found[2])
    return artifact_map.locate(int(found[1]), column) or "<runtime>"


def _decode(text: str) -> list[list[_Segment]]:
    """Read one module's map; damaged segments are skipped, because a map is only ever advice."""
    lines: list[list[_Segment]] = []
    source_line = source_column = 0
    for group in text.split(";"):
        segments: list[_Segment] = []
        generated = 0
        for part in group.split(",") if group else ():
            numbers = _numbers(part)
            if len(numbers) != 3:
                continue
            generated += numbers[0]
            source_line += numbers[1]
            source_column += numbers[2]
            if (
                generated >= 0
                and source_line >= 0
                and (not segments or generated >= segments[-1][0])
            ):
                segments.append((generated, source_line, max(0, source_column)))
        lines.append(segments)
    return lines


def _numbers(part: str) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for ch in part[:64]:
        digit = _DIGITS.get(ch)
        if digit is None or shift > 30:
            return []
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
            continue
        numbers.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    return numbers
