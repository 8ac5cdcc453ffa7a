"""``enable``: a person's word that a plugin which went against its sandbox may run again."""

from host.audit import printable
from host.blocking import BlockingPluginHost
from host.cli.session import read_config
from host.cli.show import print_json
from host.errors import InputError
from host.quarantine import Quarantine


def run_enable(name: str, *, as_json: bool) -> int:
    """Lift what keeps the plugin *name* off; return the exit code."""
    config, home = read_config()
    off = Quarantine(home).names()
    if name not in off:
        known = f"; these are off: {', '.join(off)}" if off else "; no plugin is"
        raise InputError(f"{printable(name)} is not off for a violation{known}")
    # Through a host, so that the audit has it.
    host = BlockingPluginHost(config, home=home)
    host.workspace.loads_configured = False
    with host:
        host.enable(name)
    if as_json:
        print_json({"ok": True, "error": None, "enabled": name})
    else:
        print(f"{printable(name)} may run again")
    return 0
