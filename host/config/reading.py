"""One file's ``[plugin]`` table: read, checked, and every value's line known.

Promises    A file that cannot be understood gives one line, ``path:line: what is wrong, what to do``. A key that
            is not known gives a warning with the nearest known one, except under ``allow`` and ``deny``: a denial
            that is misspelt must not pass for one.
"""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel, ValidationError

from host.config.model import Config
from host.config.places import Lines, Where
from host.errors import ConfigError
from policies.capability import KINDS
from policies.decision import Source

_MAX_HINTS: Final = 20
_MAX_BYTES: Final = 256 * 1024


def read_file(path: Path) -> Config:
    """Return the configuration in the file at *path*; one that does not exist gives the defaults.

    Raises :class:`ConfigError` with one line. What is only odd is in :attr:`Config.warnings`.
    """
    found = read_regular(path)
    return Config() if found is None else parse(path, found[0])


def read_regular(path: Path) -> tuple[bytes, os.stat_result] | None:
    """Return what is in the file at *path* and what the system says of it; None if there is none.

    A project's file is a stranger's: no pipe to wait at, no device, nothing without end. Raises ConfigError.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            is_regular = stat.S_ISREG(status.st_mode)
            data = file.read(_MAX_BYTES + 1) if is_regular else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); make it a readable file or remove it"
        ) from error
    if not is_regular:
        raise ConfigError(f"{path}: not a regular file; replace it by one, or remove it")
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{path}: larger than {_MAX_BYTES >> 10} KiB; no configuration is")
    return data, status


def parse(path: Path, data: bytes) -> Config:
    """Return the configuration in *data*, which was read from *path*. Raises ConfigError."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save it as UTF-8") from error
    document = _toml(path, text)
    lines = Lines(data)
    name, table = _plugin_table(path, document, lines)
    if table is None:
        return Config()
    warnings = [
        f"{path}:{lines.find((name, *where))}: {what}"
        for where, what in _take_unknown(Config, table, ())
    ]
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        where, what = _first_error(error)
        key = ".".join(str(part) for part in (name, *where))
        at = lines.find((name, *where))
        raise ConfigError(f"{path}:{at}: {key}: {what}") from error
    places = {
        where[1:]: Source("file", f"{path}:{line}")
        for where, line in lines.items()
        if where[0] == name and len(where) > 1
    }
    told = config.told(places, tuple(warnings))
    told.check_patterns()
    told.check_keys()
    return told


def _toml(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # "... (at line 3, column 7)", or "(at end of document)"
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        what = found[1] if found else str(error).removesuffix(" (at end of document)")
        place = f"{found[2]}:{found[3]}" if found else str(text.count("\n") + 1)
        raise ConfigError(f"{path}:{place}: not TOML: {what}; correct this line") from error
    except RecursionError:
        raise ConfigError(f"{path}: not TOML: nested too deeply; write it flatter") from None


def _plugin_table(
    path: Path, document: dict[str, object], lines: Lines
) -> tuple[str, dict[str, object] | None]:
    if "plugin" in document and "plugins" in document:
        here, there = lines.find(("plugin",)), lines.find(("plugins",))
        raise ConfigError(
            f"{path}:{max(here, there)}: both [plugin] (line {here}) and [plugins] (line {there}); "
            "put everything under [plugin]"
        )
    name = "plugins" if "plugins" in document else "plugin"
    table: object = document.get(name)
    if table is not None and not isinstance(table, dict):
        raise ConfigError(
            f"{path}:{lines.find((name,))}: {name} must be a table; write [plugin] on its own line"
        )
    return name, table


def _take_unknown(
    model: type[BaseModel], table: dict[str, object], where: Where
) -> Iterator[tuple[Where, str]]:
    """Remove keys of *table* that *model* does not have, and say which they were."""
    hints = 0
    for key in list(table):
        known = model.model_fields.get(key)
        if known is None:
            if model.model_config.get("extra") != "allow":
                del table[key]
                hints += 1  # each takes a while, and a stranger's file may have very many
                near = (
                    difflib.get_close_matches(key[:64], model.model_fields, 1)
                    if hints <= _MAX_HINTS
                    else []
                )
                hint = f"; did you mean {near[0]}?" if near else ""
                yield (*where, key), f"unknown key {key!r} is ignored{hint}"
            continue
        inner = _model_within(known.annotation)
        value = table[key]
        if inner is None:
            continue
        if isinstance(value, list):
            parts: list[tuple[Where, object]] = [
                ((*where, key, at), part) for at, part in enumerate(value)
            ]
        elif isinstance(value, dict) and known.annotation is not inner:
            parts = [((*where, key, name), part) for name, part in value.items()]
        else:
            parts = [((*where, key), value)]
        for place, part in parts:
            if isinstance(part, dict):
                yield from _take_unknown(inner, part, place)


def _model_within(annotation: object) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _first_error(error: ValidationError) -> tuple[Where, str]:
    """Return where the first error is, and what it is and what to do, in one line."""
    details = error.errors(include_url=False)[0]
    where = details["loc"]
    kind = details["type"]
    if where and where[-1] == "[key]":  # a key of allow or deny that is no kind of capability
        where = where[:-1]
        known = KINDS
        near = difflib.get_close_matches(str(where[-1]), known, 1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
        return where, f"no such kind of capability; {hint}"
    # Where a field has two shapes, pydantic names the shape it tried; the file has no such key.
    where = tuple(part for part in where if part not in _SHAPES)
    if kind == "missing":
        return where[:-1], f"{where[-1]} is missing; add it"
    what = details["msg"].removeprefix("Input ").replace("\n", " ")
    given = details["input"]
    shown = "a table" if isinstance(given, dict) else ascii(given)
    if where[:1] == ("settings",) and not isinstance(given, dict):
        shown = type(given).__name__  # it may be a secret that stands one level too high
    return where, f"{what}, not {shown if len(shown) <= 60 else shown[:60] + '...'}; correct it"


_SHAPES: Final = frozenset({"bool", "tuple[StrictStr, ...]", "tuple[str, ...]"})
