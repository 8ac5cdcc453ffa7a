"""The console script: make sure that we are who we think we are, then run.

Our top-level names (``host``, ``worker``, ...) are ordinary words, so another project's module may stand in
front of one of them. Running a stranger's ``worker`` unnoticed would be the opposite of isolation.

Relies on   The standard library only, until that is known, and a name of its own: were this module inside one of
            those packages, a stranger's would hide it, too.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent
_NAMES: Final = ("host", "worker", "ipc", "policies")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; *arguments* are those of the process by default. Returns the exit code.

    0 fine (an event may continue), 1 an error of ours or of the input, 2 blocked or denied, 130 interrupted.
    """
    _open_standard_streams()
    stranger = find_stranger()
    if stranger is not None:
        sys.stderr.write(f"error: {stranger}\n")
        return 1
    from host.cli.run import run

    return run(list(sys.argv[1:] if arguments is None else arguments))


def find_stranger(root: Path = _ROOT) -> str | None:
    """Return one line about the first of our packages that is somebody else's file, or None."""
    for name in _NAMES:
        places = _places_of(name)
        wrong = [place for place in places if not _is_same(place, root / name)]
        if not places or wrong:
            found = ascii(wrong[0])[1:-1] + _owner_of(name) if wrong else "nothing"
            return (
                f"the package {name} resolves to {found}, not to {root / name}; run this from another "
                f"directory, or take that one off PYTHONPATH or out of this environment"
            )
    return None


def _places_of(name: str) -> list[str]:
    """Where *name* would be imported from: a package's directories, or a module's file."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return list(spec.submodule_search_locations)
    return [spec.origin] if spec.origin is not None else []


def _is_same(place: str, ours: Path) -> bool:
    try:
        return os.path.samefile(place, ours)
    except OSError:
        return False


def _owner_of(name: str) -> str:
    from importlib.metadata import packages_distributions  # slow, and only an error needs it

    owners = [o for o in packages_distributions().get(name, []) if o != "jcode-plugins"]
    return f" (of the distribution {owners[0]})" if owners else ""


def _open_standard_streams() -> None:
    """Give a process that was started without them its three streams.

    Else the next descriptors we open would be 0, 1 and 2, and a pipe to a worker would be our stdout.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # children have three, too
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.dup(1), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.dup(2), "w")
