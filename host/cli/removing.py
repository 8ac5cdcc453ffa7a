"""``uninstall`` and ``rollback``: what changes which plugins run, and looks at none of their files."""

from host.cli.session import read_config
from host.cli.show import make_console, print_json, safe
from host.install.keeping import data_of, roll_back, uninstall
from host.trail.opening import recording


def run_uninstall(name: str, *, purge: bool, as_json: bool) -> int:
    """Remove the plugin *name*, and with *purge* what it kept; return the exit code."""
    config, home = read_config()
    with recording(config, home) as audit:
        uninstall(home, name, audit, purge=purge)
    kept = [str(path) for path in data_of(home, name)]
    if as_json:
        print_json({"ok": True, "error": None, "uninstalled": name, "kept": list(kept)})
        return 0
    console = make_console()
    console.print(safe(f"{name} is uninstalled"))
    for path in kept:
        console.print(safe(f"what it kept is still there: {path}", "dim"))
    if kept:
        console.print(safe("remove it with --purge, or keep it for the next time", "dim"))
    return 0


def run_rollback(name: str, *, as_json: bool) -> int:
    """Have the version of *name* run that ran before; return the exit code."""
    config, home = read_config()
    with recording(config, home) as audit:
        plugin = roll_back(home, name, audit)
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "name": name,
                "version": plugin.current.version,
                "resolved": plugin.current.resolved,
            }
        )
    else:
        told = (
            f"{name} is back at {plugin.current.version}; jcode-plugin rollback again undoes it"
        )
        make_console().print(safe(told))
    return 0
