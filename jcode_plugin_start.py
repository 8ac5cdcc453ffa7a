"""The console script: make sure that we are who we think we are, then run.

Our top-level names (``host``, ``worker``, ...) are ordinary words, so another project's module may stand in
front of one of them. Running a stranger's ``worker`` unnoticed would be the opposite of isolation.

Promises    A command that would run plugins, while a variable switches them off, ends here: it opens no plugin's
            file, starts no process and takes hardly longer than an interpreter that has nothing to do.
Relies on   What every interpreter has loaded at its start, until all that is known, and a name of its own: were
            this module inside one of those packages, a stranger's would hide it, too.
"""

import os
import sys

_ROOT = os.path.dirname(os.path.realpath(__file__))
_NAMES = ("host", "worker", "ipc", "policies")
_RUN_PLUGINS = ("call", "check", "command", "demo", "dispatch", "inspect")
"""Commands that load a plugin, whatever their options."""
_DISABLED = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; *arguments* are those of the process by default. Returns the exit code.

    0 fine (an event may continue), 1 an error of ours or of the input, 2 blocked or denied, 3 switched off by a
    kill switch, 130 interrupted.
    """
    _open_standard_streams()
    stranger = find_stranger()
    if stranger is not None:
        sys.stderr.write(f"error: {stranger}\n")
        return 1
    _leave_working_directory()
    words = list(sys.argv[1:] if arguments is None else arguments)
    switch = _switch_that_ends(words)
    if switch is not None:
        return _tell_disabled(switch, as_json="--json" in words)
    from host.cli.run import run

    return run(words)


def _leave_working_directory() -> None:
    """Import nothing more from where we happen to stand: it is a project's, and a plugin may be allowed to write there.

    ``python -m`` and ``PYTHONPATH=.`` put it first.
    """
    try:
        here = os.getcwd()
    except OSError:
        return  # it was removed: nothing is imported from there
    if not _is_same(here, _ROOT):
        sys.path[:] = [entry for entry in sys.path if entry and not _is_same(entry, here)]


def _switch_that_ends(words: list[str]) -> str | None:
    """Return the variable that keeps the command of *words* from running anything, or None.

    Other ways to switch plugins off, such as a configuration, are found later, with the same end.
    """
    if not words or words[0] not in _RUN_PLUGINS or "--help" in words or "-h" in words:
        return None
    from policies.switch_words import DISABLE, is_on

    return next((name for name in DISABLE if is_on(os.environ.get(name))), None)


def _tell_disabled(switch: str, *, as_json: bool) -> int:
    from policies.switch_words import why_disabled

    told = why_disabled(switch)
    try:
        sys.stderr.write(f"disabled: {told}\n")
        if as_json:
            import json

            answer = {"ok": False, "error": told, "code": "E_SWITCH", "switch": switch}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    except (
        OSError
    ):  # nobody reads: the exit code says it, too, if the last flush has nothing to do
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
    return _DISABLED


def find_stranger(root: str = _ROOT) -> str | None:
    """Return one line about the first of our packages that is somebody else's file, or None."""
    for name in _NAMES:
        places = _places_of(name)
        wrong = [place for place in places if not _is_same(place, os.path.join(root, name))]
        if not places or wrong:
            found = ascii(wrong[0])[1:-1] + _owner_of(name) if wrong else "nothing"
            return (
                f"the package {name} resolves to {found}, not to {os.path.join(root, name)}; run this from another "
                f"directory, or take that one off PYTHONPATH or out of this environment"
            )
    return None


def _places_of(name: str) -> list[str]:
    """Where *name* would be imported from: a package's directories, or a module's file."""
    # As importlib.util does, whose import alone takes a third of an empty interpreter's time.
    module = sys.modules.get(name)
    if module is not None:
        spec = module.__spec__
    else:
        found = (finder.find_spec(name, None) for finder in sys.meta_path)
        spec = next((one for one in found if one is not None), None)
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return list(spec.submodule_search_locations)
    return [spec.origin] if spec.origin is not None else []


def _is_same(place: str, ours: str) -> bool:
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
