"""The variables that switch plugins off, and what counts as on.

Relies on   Nothing at all, not even the standard library: the command line reads this before anything that takes
            milliseconds to import, and a switched-off command costs no more than an empty interpreter.
"""

DISABLE = ("JCODE_DISABLE_PLUGINS", "JCODE_PLUGIN_KILL_ALL")
"""No plugin file is read, no worker started, every event goes on at once."""
SKIP_HOOKS = ("JCODE_SKIP_PLUGINS", "JCODE_PLUGIN_SKIP_HOOKS")
"""Plugins load and their tools work; no hook fires."""
FORCE_DENY = ("JCODE_TEAM_WORKER", "JCODE_PLUGIN_FORCE_DENY")
"""Every capability request, tool call and command of a plugin is denied."""
KILL_PREFIX = "JCODE_PLUGIN_KILL_"
"""And a plugin's name: that plugin is off."""
DENY = "JCODE_PLUGIN_DENY"
MODE = "JCODE_PLUGIN_MODE"
DIR = "JCODE_PLUGIN_DIR"

_OFF = ("", "0", "false", "no", "off")


def is_on(value: str | None) -> bool:
    """Whether *value* of a switch means on: anything but nothing, 0, false, no and off, in any case."""
    return value is not None and value.strip().lower() not in _OFF


def why_disabled(switch: str) -> str:
    """Return the one line that tells why nothing ran."""
    return f"{switch} switches plugins off, so none was looked at; clear it to have them back"
