"""``link``: a plugin that runs from where it lies, as it is there each time."""

from pathlib import Path

from host.cli.installing import open_installer
from host.cli.session import look_at, read_config, show_logs
from host.cli.show import make_console, print_json, safe
from host.install.here import known_here
from host.install.linking import link


def run_link(text: str, *, as_json: bool) -> int:
    """Remember the plugin at the path *text*; return the exit code."""
    show_logs()
    config, home = read_config()
    path = Path(text).expanduser().absolute()
    with open_installer(config, home) as host:
        built = look_at(host, path)
        known = known_here(config, home)
        plugin = link(home, path, built, known, host.audit)
    if as_json:
        print_json(
            {
                "ok": True,
                "error": None,
                "name": plugin.name,
                "version": plugin.current.version,
                "path": plugin.current.resolved,
            }
        )
        return 0
    console = make_console()
    console.print(safe(f"{plugin.name} {plugin.current.version} is linked to {path}"))
    console.print(
        safe(
            "it runs as it is there each time, with what a plugin gets that you load by hand",
            "dim",
        )
    )
    return 0
