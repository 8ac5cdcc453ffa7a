"""What a build gives: one script, and the way back from its lines to the author's."""

from dataclasses import dataclass

from host.outcome import JsonObject
from host.positions import ArtifactMap


@dataclass(frozen=True, slots=True)
class Artifact:
    """A built plugin. ``entry`` is the index of its main module, ``externals`` the packages it lacks."""

    code: str
    entry: int
    positions: ArtifactMap
    externals: tuple[str, ...]
    raw: JsonObject
    """The builder's own answer, for a cache."""


def read_artifact(raw: JsonObject) -> Artifact | None:
    """Return a builder's answer as checked values, or None when it is not one."""
    code, entry, externals = raw.get("code"), raw.get("entry"), raw.get("externals")
    if not isinstance(code, str) or type(entry) is not int or not isinstance(externals, list):
        return None
    try:
        positions = ArtifactMap.from_artifact({**raw})
    except ValueError:
        return None
    missing = tuple(name for name in externals if isinstance(name, str))
    return Artifact(code, entry, positions, missing, raw)
