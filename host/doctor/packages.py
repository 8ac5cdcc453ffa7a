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


def at_least(found: str, floor: str) -> bool:
    """Whether version *found* is *floor* or newer, by its numbers; what follows them (rc1) counts for nothing."""

    def numbers(text: str) -> list[int]:
        leading = re.match(r"\d+(?:\.\d+)*", text)
        return [int(part) for part in leading[0].split(".")] if leading else []

    mine, least = numbers(found), numbers(floor)
    width = max(len(mine), len(least))
    return mine + [0] * (width - len(mine)) >= least + [0] * (width - len(least))


def check_packages() -> list[Row]:
    """Return a row for Python, the engine, and each other dependency."""
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
        wanted = requires("jcode-plugins") or []
    except PackageNotFoundError:
        return [
            Row(
                "dependencies",
                "warn",
                "jcode-plugins is not installed here",
                "pip install jcode-plugins",
            )
        ]
    fine, rows = [], []
    for requirement in wanted:
        read = _FLOOR.match(requirement)
        if read is None or "extra ==" in requirement or read[1] == _ENGINE:
            continue
        name, floor = read[1], read[2]
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
    return [Row("dependencies", "ok", ", ".join(fine)), *rows] if fine else rows
