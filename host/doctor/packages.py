"""Python, the engine and the other dependencies: what is installed, and whether it is new enough."""

import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from host.doctor.rows import Row

_PYTHON: Final = (3, 11)
_ENGINE: Final = "quickjs-ng"
_ENGINE_SINCE: Final = "0.17"
_ARCHIVED: Final = "quickjs"
_FLOOR: Final = re.compile(r"\s*([A-Za-z0-9._-]+)\s*>=\s*([0-9][0-9.]*)\s*(?:;|\Z)")
_EXTRA: Final = re.compile(r"extra == ['\"](\w+)['\"]")
_EXTRAS: Final = {"tui": "the console", "mcp": "the MCP server"}
"""What those who use it know it as, by the extra that brings it."""


def at_least(found: str, floor: str) -> bool:
    """Whether version *found* is *floor* or newer, by its numbers; what follows them (rc1) counts for nothing."""

    def numbers(text: str) -> list[int]:
        leading = re.match(r"\d+(?:\.\d+)*", text)
        return [int(part) for part in leading[0].split(".")] if leading else []

    mine, least = numbers(found), numbers(floor)
    width = max(len(mine), len(least))
    return mine + [0] * (width - len(mine)) >= least + [0] * (width - len(least))


def check_packages() -> list[Row]:
    """Return a row for Python, the engine, the other dependencies, and the commands that need one more."""
    return [_python(), _engine(), *_dependencies()]


def _python() -> Row:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < _PYTHON:
        return Row("python", "bad", found, "use Python 3.11 or newer")
    return Row("python", "ok", found)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _engine() -> Row:
    found = _installed(_ENGINE)
    install = f"pip install '{_ENGINE}>={_ENGINE_SINCE}'"
    if not found:
        return Row("engine", "bad", f"{_ENGINE} is not installed", install)
    if _installed(_ARCHIVED):
        return Row(
            "engine",
            "bad",
            f"{_ENGINE} {found} beside {_ARCHIVED} {_installed(_ARCHIVED)}, which has the same import name and none"
            " of its fixes",
            f"pip uninstall {_ARCHIVED} {_ENGINE}; {install}",
        )
    if not at_least(found, _ENGINE_SINCE):
        return Row(
            "engine",
            "bad",
            f"{_ENGINE} {found}, older than {_ENGINE_SINCE}: it lacks fixes of memory safety",
            install,
        )
    return Row("engine", "ok", f"{_ENGINE} {found} (0.17 or newer)")


def _dependencies() -> list[Row]:
    try:
        wanted = _wanted()
    except PackageNotFoundError:
        return [
            Row(
                "dependencies",
                "warn",
                "jcode-plugins is not installed here",
                "pip install jcode-plugins",
            )
        ]
    fine, rows, optional = [], [], []
    for name, floor, extra in wanted:
        if extra:
            if extra in _EXTRAS:
                optional.append(_optional(name, floor, extra))
            continue
        if name == _ENGINE:
            continue
        found = _installed(name)
        if not found:
            rows.append(Row(name, "bad", "not installed", f"pip install '{name}>={floor}'"))
        elif not at_least(found, floor):
            rows.append(
                Row(
                    name,
                    "bad",
                    f"{found}, older than {floor}",
                    f"pip install '{name}>={floor}'",
                )
            )
        else:
            fine.append(f"{name} {found}")
    told = [Row("dependencies", "ok", ", ".join(fine))] if fine else []
    return [*told, *rows, *optional]


def _wanted() -> list[tuple[str, str, str]]:
    """Return the name, the oldest version and the extra, empty for none, of what is required here."""
    found = []
    for requirement in requires("jcode-plugins") or []:
        read, extra = _FLOOR.match(requirement), _EXTRA.search(requirement)
        if read is not None:
            found.append((read[1], read[2], extra[1] if extra is not None else ""))
    return found


def _optional(name: str, floor: str, extra: str) -> Row:
    """Return the row about the one package that a single command needs."""
    found, install = _installed(name), f"pip install 'jcode-plugins[{extra}]'"
    if not found:
        return Row(
            _EXTRAS[extra],
            "note",
            f"{name} is not installed",
            f"for jcode-plugin {extra}: {install}",
        )
    if not at_least(found, floor):
        return Row(_EXTRAS[extra], "warn", f"{name} {found}, older than {floor}", install)
    return Row(_EXTRAS[extra], "ok", f"{name} {found}")
