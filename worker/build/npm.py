"""What a `package.json` says about a subpath: exports, imports, module, main."""

from typing import Final, TypeAlias

from worker.build.resolve import EscapeError, file_candidates, join

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_IMPORT_CONDITIONS: Final = frozenset({"import", "module", "node", "default", "module-sync"})
_REQUIRE_CONDITIONS: Final = frozenset({"require", "node", "default"})
_MAX_STEPS: Final = 200


def entry_candidates(
    manifest: Json, folder: str, subpath: str, *, is_require: bool
) -> list[str]:
    """Return the files that `package/subpath` may mean; empty when the package exports no such thing.

    Args:
        manifest: parsed `package.json`, of any shape.
        folder: the package's folder, relative to the plugin's root.
        subpath: "" for the package itself, else without a leading slash.
        is_require: the CommonJS conditions apply.
    """
    data = manifest if isinstance(manifest, dict) else {}
    exports = data.get("exports")
    if exports is not None:
        key = f"./{subpath}" if subpath else "."
        target = _match(_subpaths(exports), key, is_require=is_require)
        return [] if target is None else _inside(folder, target)
    if subpath:
        return _files(folder, subpath)
    found: list[str] = []
    for field in ("main",) if is_require else ("module", "main"):
        value = data.get(field)
        if isinstance(value, str) and value:
            found.extend(_files(folder, value))
    return found + file_candidates(folder, only_folder=True)


def imports_target(manifest: Json, specifier: str, *, is_require: bool) -> str | None:
    """Return what a `#specifier` stands for: `./file` in the package, or another package; None if nothing."""
    data = manifest if isinstance(manifest, dict) else {}
    imports = data.get("imports")
    return (
        _match(imports, specifier, is_require=is_require) if isinstance(imports, dict) else None
    )


def _files(folder: str, path: str) -> list[str]:
    try:
        full = join(folder, path)
    except EscapeError:
        return []
    if folder and not (full == folder or full.startswith(folder + "/")):
        return []  # a package may not point into its neighbours
    return file_candidates(full, only_folder=full == folder)


def _inside(folder: str, target: str) -> list[str]:
    if not target.startswith("./") or any(
        p in ("..", "node_modules") for p in target.split("/")
    ):
        return []
    return _files(folder, target)


def _subpaths(exports: Json) -> dict[str, Json]:
    if isinstance(exports, dict) and any(key.startswith(".") for key in exports):
        return exports
    return {".": exports}


def _match(table: dict[str, Json], key: str, *, is_require: bool) -> str | None:
    if key in table and "*" not in key:
        return _target(table[key], "", is_require=is_require)
    best: tuple[int, str, str] | None = None
    for pattern in table:
        head, star, tail = pattern.partition("*")
        if not star or len(key) < len(head) + len(tail):
            continue
        if (
            key.startswith(head)
            and key.endswith(tail)
            and (best is None or len(head) > best[0])
        ):
            best = (len(head), pattern, key[len(head) : len(key) - len(tail)])
    if best is None:
        return None
    return _target(table[best[1]], best[2], is_require=is_require)


def _target(value: Json, star: str, *, is_require: bool) -> str | None:
    """Follow conditions in file order; iterative, because the nesting is the package's choice."""
    wanted = _REQUIRE_CONDITIONS if is_require else _IMPORT_CONDITIONS
    todo = [value]
    for _ in range(_MAX_STEPS):
        if not todo:
            return None
        item = todo.pop()
        if isinstance(item, str):
            return item.replace("*", star)
        if isinstance(item, list):
            todo.extend(reversed(item))
        elif isinstance(item, dict):
            todo.extend(reversed([item[name] for name in item if name in wanted]))
    return None
