"""What a client tells the daemon about where it is: its directory, some of its variables, its kill switches."""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "JCODE_PLUGIN_DIR",
    "JCODE_PLUGIN_MODE",
)
"""Sent if they are set, with every ``LC_*`` and what ``JCODE_PLUGIN_ENV`` names. Plugins read what they are allowed to."""
MORE_VARIABLES = "JCODE_PLUGIN_ENV"
SWITCHES = (
    "JCODE_DISABLE_PLUGINS",
    "JCODE_PLUGIN_KILL_ALL",
    "JCODE_SKIP_PLUGINS",
    "JCODE_PLUGIN_SKIP_HOOKS",
    "JCODE_TEAM_WORKER",
    "JCODE_PLUGIN_FORCE_DENY",
    "JCODE_PLUGIN_DENY",
)
KILL_PREFIX = "JCODE_PLUGIN_KILL_"
FOR_A_DAEMON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "JCODE_HOME",
    "JCODE_PLUGIN_SOCKET",
    "JCODE_PLUGIN_LOG",
    "JCODE_PLUGIN_AUDIT_PATH",
)
"""What a daemon is started with by a client, and all that one keeps of its environment beside kill switches."""


def variables_of(environment: "Mapping[str, str]") -> dict[str, str]:
    """Return what a client sends of its *environment* for plugins and configuration."""
    more = environment.get(MORE_VARIABLES, "")
    names = [*VARIABLES, *(name.strip() for name in more.split(",") if name.strip())]
    found = {name: environment[name] for name in names if name in environment}
    found.update({name: environment[name] for name in environment if name.startswith("LC_")})
    return found


def switches_of(environment: "Mapping[str, str]") -> dict[str, str]:
    """Return the kill switches of *environment*, on or not."""
    return {
        name: value
        for name, value in environment.items()
        if name in SWITCHES or name.startswith(KILL_PREFIX)
    }


def for_a_daemon(environment: "Mapping[str, str]") -> dict[str, str]:
    """Return what a daemon may have of *environment*; no switch of one client is to hold for all."""
    return {
        name: value
        for name, value in environment.items()
        if name in FOR_A_DAEMON or name.startswith("LC_")
    }


def directory() -> str:
    """Return the current directory. Raises FileNotFoundError when it was removed."""
    return posix.getcwd()
