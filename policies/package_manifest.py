"""Which key of a ``package.json`` holds the manifest, and what the package's own keys add to it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from policies.json_text import Json, Place
from policies.manifest import LineOf, ManifestError, no_line, parse_manifest
from policies.manifest_values import NO_MANIFEST, SCHEMA_V1, SCHEMA_V2, Entry, Manifest
from policies.plugin_name import RESERVED, slug

OTHER_FORMATS: Final = ("pi", "omp")
"""Keys that are the manifests of other formats: they declare nothing of ours."""
_LISTS: Final[Mapping[str | int, tuple[str, ...]]] = {
    "pi": ("extensions",),
    "omp": ("extensions", "hooks", "tools"),
}
"""Where these list what is run: oh-my-pi's hooks are extensions of an older kind, its tools files that export tools."""


def parse_package(
    raw: Json,
    *,
    where: str,
    line_of: LineOf | None = None,
    events: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the manifest that a ``package.json`` holds; what it lacks is taken from the package's own keys.

    Raises :class:`ManifestError`.
    """
    lines = line_of or no_line
    if not isinstance(raw, dict):
        raise ManifestError("does not hold an object", where=where, line=lines(()), place=())
    at, schema = _section(raw, where, lines)
    section: Json = raw
    for step in at:
        section = section[step] if isinstance(section, dict) and isinstance(step, str) else None
    found = replace(NO_MANIFEST, where=where)
    if at and at[0] in OTHER_FORMATS:
        # Their own formats: nothing of ours is declared there, and they know no tiers.
        known = ("features", "settings", "name", "description")
        kept = (
            {key: value for key, value in section.items() if key in known}
            if at == ("omp",) and isinstance(section, dict)
            else {}
        )
        found = parse_manifest(kept, where=where, line_of=lines, at=at, events=events)
        listed = {key: _paths(section, key, where, lines, at) for key in _LISTS[at[0]]}
        tools = listed.pop("tools", ())
        choices = tuple(path for paths in listed.values() for path in paths)
        found = replace(found, entry=Entry(choices=choices, tools=tools))
    elif at:
        found = parse_manifest(
            section, where=where, line_of=lines, at=at, schema=schema, events=events
        )
    origin = ".".join(str(step) for step in at)
    return _with_package(replace(found, origin=origin), raw, where, lines)


def _section(raw: dict[str, Json], where: str, lines: LineOf) -> tuple[Place, str]:
    """Return where in a package.json the manifest stands, and the schema that such a place means."""
    own = raw.get("jcode-plugin")
    if own is not None and not isinstance(own, dict):
        raise ManifestError(
            "must be an object; correct it",
            where=where,
            line=lines(("jcode-plugin",)),
            place=("jcode-plugin",),
        )
    if own is not None and "v2" in own:
        return ("jcode-plugin", "v2"), SCHEMA_V2
    if raw.get("jcode") is not None:
        return ("jcode",), SCHEMA_V2
    if own is not None:
        return ("jcode-plugin",), SCHEMA_V1
    for key in ("omp", "pi"):
        if isinstance(raw.get(key), dict):
            return (key,), SCHEMA_V2
    return (), SCHEMA_V2


def _paths(section: Json, key: str, where: str, lines: LineOf, at: Place) -> tuple[str, ...]:
    listed = section.get(key) if isinstance(section, dict) else None
    if listed is None:
        return ()
    if isinstance(listed, str) and key != "extensions":
        listed = [listed]
    place = (*at, key)
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise ManifestError(
            "must be an array of paths; correct it",
            where=where,
            line=lines(place),
            place=place,
        )
    return tuple(str(item) for item in listed)


def _with_package(found: Manifest, raw: dict[str, Json], where: str, lines: LineOf) -> Manifest:
    """Fill in from the package's own keys. npm judges those, so what is odd there is not an error here."""

    def text(key: str, inner: str) -> str:
        value = raw.get(key)
        if isinstance(value, dict):
            value = value.get(inner)
        return value if isinstance(value, str) and len(value) <= 10_000 else ""

    name = text("name", "name")
    kept = slug(name)
    if found.name is None and kept == RESERVED:
        raise ManifestError(
            f"the name {RESERVED} stands for every plugin; choose another",
            where=where,
            line=lines(("name",)),
            place=("name",),
        )
    keywords = raw.get("keywords")
    main = raw.get("main")
    return replace(
        found,
        name=found.name or kept or None,
        title=found.title or name or None,
        package_name=found.package_name or kept or None,
        entry=replace(found.entry, package_main=main if isinstance(main, str) else None),
        version=found.version or text("version", "") or None,
        description=found.description or text("description", ""),
        author=found.author or text("author", "name"),
        license=found.license or text("license", "type"),
        homepage=found.homepage or text("homepage", ""),
        repository=found.repository or text("repository", "url"),
        tags=found.tags or tuple(tag for tag in keywords if isinstance(tag, str))[:100]
        if isinstance(keywords, list)
        else found.tags,
    )
