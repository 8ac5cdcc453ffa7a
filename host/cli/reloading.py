"""``reload``: telling every host that runs to look at a plugin's source again."""

from host.audit import printable
from host.cli.known import refuse_unknown
from host.cli.session import read_config
from host.cli.show import print_json
from host.orders import Orders


def run_reload(name: str, *, force: bool, as_json: bool) -> int:
    """Tell them about the plugin *name*; return the exit code."""
    config, home = read_config()
    if not force:
        refuse_unknown(name, config, home, f"jcode-plugin reload {printable(name)}")
    order = Orders(home).give("reload", name)
    if as_json:
        print_json({"ok": True, "error": None, "told": name, "order": order.number})
    else:
        shown = printable(name)
        print(
            f"every host that runs was told to reload {shown}, and does it within a second or when it is next called; "
            f"what came of it: jcode-plugin audit --plugin {shown}"
        )
    return 0
