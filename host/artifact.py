"""What a build gives: one script, and the way back from its lines to the author's."""

from dataclasses import dataclass, field

from host.outcome import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Artifact:
    """A built plugin. ``positions`` is for :func:`host.positions.map_positions`."""

    code: str
    positions: Json = None
    modules: tuple[str, ...] = ()
    externals: tuple[str, ...] = field(default=())


def read_artifact(raw: JsonObject) -> Artifact | None:
    """Return a builder's answer as checked values, or None when it is not one."""
    code, modules, externals = raw.get("code"), raw.get("modules"), raw.get("externals")
    if not isinstance(code, str) or not isinstance(modules, list):
        return None
    paths = []
    for module in modules:
        path = module.get("path") if isinstance(module, dict) else module
        if not isinstance(path, str):
            return None
        paths.append(path)
    missing = tuple(name for name in externals if isinstance(name, str)) if isinstance(externals, list) else ()
    return Artifact(code, raw.get("map"), tuple(paths), missing)
