"""Tables that are complete, names that resolve, imports that stay cheap."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import host
from host.hostcalls.table import ASKS, TELLS

ROOT: Final = Path(__file__).resolve().parents[2]
ROWS: Final = sorted([*ASKS, *TELLS])


def sources(folder: str, pattern: str) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob(pattern)}


@pytest.mark.parametrize("name", ROWS)
def test_every_hostcall_has_a_handler_of_its_own_family(name: str) -> None:
    """A row without a function behind it would be an exception in the reactor's turn."""
    handler = (ASKS.get(name) or TELLS[name]).handler

    assert callable(handler)
    assert handler.__module__.startswith("host.hostcalls.")
    assert handler.__doc__, f"{name} does not say what it takes"


def test_no_name_is_both_asked_and_told() -> None:
    """One name, one meaning."""
    assert not set(ASKS) & set(TELLS)


@pytest.mark.parametrize("name", ROWS)
def test_every_hostcall_is_named_by_a_test(name: str) -> None:
    """As a string of its own, in a test of what it does."""
    here = Path(__file__)
    naming = [
        path
        for path, text in sources("tests", "test_*.py").items()
        if path != here and re.search(rf"""["']{re.escape(name)}["']""", text)
    ]

    assert naming


def test_javascript_uses_rows_of_the_table_only() -> None:
    """What the runtime in a worker calls by a name that is no row would never be answered usefully."""
    text = "\n".join(sources("worker/js", "*.js").values())
    used = set(
        re.findall(r'\b(?:hostcall|hostcallSync|cast)\(\s*[^,()]+,\s*"([a-zA-Z.]+)"', text)
    )
    used |= set(re.findall(r'__py\.send\(SEND_\w+,[^"\n]*"([a-z.]+)"', text))

    assert used
    assert used <= set(ROWS)


@pytest.mark.parametrize("name", host.__all__)
def test_every_public_name_resolves(name: str) -> None:
    """They are imported when they are first used, so a typo in their table shows only here."""
    assert getattr(host, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="no_such"):
        host.no_such  # noqa: B018 - the access is the test


def test_importing_the_package_imports_next_to_nothing() -> None:
    """A command line that has nothing to do must not pay for pydantic."""
    listing = subprocess.run(
        [sys.executable, "-c", "import sys, host; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    ).stdout.split()

    assert not {"pydantic", "asyncio", "cbor2", "multiprocess", "psutil"} & {
        name.partition(".")[0] for name in listing
    }


def test_the_wire_and_the_policies_import_neither_side() -> None:
    """A fresh interpreter shows what is really loaded, dynamic imports included."""
    listing = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, ipc.codec, ipc.host_end, ipc.worker_end, ipc.events; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    ).stdout.split()

    assert not {"host", "worker", "policies", "pydantic"} & {
        name.partition(".")[0] for name in listing
    }
