"""What a build gives: one script, and the way back from its lines to the author's."""

import hashlib
from dataclasses import dataclass

from host.outcome import Json, JsonObject
from host.positions import ArtifactMap
from host.sources import Read
from policies.preflight import Fact


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a manifest that is no literal. ``key`` is the outermost key it lies under, if any."""

    line: int
    column: int
    key: str | None
    what: str


@dataclass(frozen=True, slots=True)
class InFileManifest:
    """What the main file says of itself: literals, as the builder read them from its syntax."""

    form: str
    value: Json
    marks: Json
    """Lines in the shape of the value; see :meth:`line`."""
    faults: tuple[Fault, ...]

    def line(self, place: tuple[str | int, ...]) -> int | None:
        """Return the line of what stands at *place*, or of the nearest thing around it."""
        mark: Json = self.marks
        for step in place:
            parts = mark[1] if isinstance(mark, list) and len(mark) == 2 else None
            inner: Json = None
            if isinstance(parts, dict) and isinstance(step, str):
                inner = parts.get(step)
            elif isinstance(parts, list) and isinstance(step, int) and 0 <= step < len(parts):
                inner = parts[step]
            if inner is None:
                break
            mark = inner
        line = mark[0] if isinstance(mark, list) and mark else mark
        return line if type(line) is int else None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A built plugin. ``entries`` are the indices of its main module and of what runs after it, ``externals`` the packages it lacks."""

    code: str
    entries: tuple[int, ...]
    positions: ArtifactMap
    externals: tuple[str, ...]
    facts: tuple[Fact, ...]
    """What its code does, for preflight."""
    raw: JsonObject
    """The builder's own answer, for a cache."""
    manifest: InFileManifest | None = None
    reads: tuple[Read, ...] = ()
    """What it was built from: every file that was asked for, and what was read."""


def read_artifact(raw: JsonObject) -> Artifact | None:
    """Return a builder's answer as checked values, or None when it is not one."""
    code, entries, externals = raw.get("code"), raw.get("entries"), raw.get("externals")
    if (
        not isinstance(code, str)
        or not isinstance(entries, list)
        or not isinstance(externals, list)
    ):
        return None
    try:
        positions = ArtifactMap.from_artifact({**raw})
    except ValueError:
        return None
    missing = tuple(name for name in externals if isinstance(name, str))
    return Artifact(
        code,
        tuple(index for index in entries if type(index) is int),
        positions,
        missing,
        read_facts(raw.get("facts")),
        raw,
        _in_file(raw.get("manifest")),
    )


def _in_file(raw: Json) -> InFileManifest | None:
    if not isinstance(raw, dict):
        return None
    form, faults = raw.get("form"), raw.get("faults")
    told = []
    for fault in faults if isinstance(faults, list) else []:
        if isinstance(fault, list) and len(fault) == 4:
            line, column, key, what = fault
            if type(line) is int and type(column) is int and isinstance(what, str):
                told.append(Fault(line, column, key if isinstance(key, str) else None, what))
    return InFileManifest(
        form if isinstance(form, str) else "", raw.get("value"), raw.get("marks"), tuple(told)
    )


def read_facts(raw: Json) -> tuple[Fact, ...]:
    """Return the facts in *raw*; what has not their shape is left out."""
    found = []
    for item in raw if isinstance(raw, list) else []:
        if not isinstance(item, dict):
            continue
        rule, file, detail, kind = (item.get(key) for key in ("rule", "file", "detail", "kind"))
        line, column = item.get("line"), item.get("column")
        if (
            isinstance(rule, str)
            and isinstance(file, str)
            and isinstance(detail, str)
            and isinstance(kind, str)
            and type(line) is int
            and type(column) is int
        ):
            found.append(Fact(rule, file, line, column, detail, kind))
    return tuple(found)


def content_id(*artifacts: Artifact) -> str:
    """A stable identity of the code that runs, in one part or in several."""
    digests = [
        hashlib.sha256(artifact.code.encode("utf-8", "surrogatepass")) for artifact in artifacts
    ]
    digest = digests[0]
    if len(digests) > 1:
        digest = hashlib.sha256(b"".join(one.digest() for one in digests))
    return f"sha256:{digest.hexdigest()[:32]}"
