"""A host for the length of one command."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from host.approvals import BlockingApprover
from host.audit import printable
from host.blocking import BlockingPluginHost
from host.build import find_entry
from host.cli.failures import PluginFailed, describe
from host.config import AuditOptions, Config, jcode_home, load_config
from host.discovery import Found
from host.errors import PluginDisabledError, PluginLoadError
from host.install.values import Installed
from host.off import OffFile
from host.plugin_info import PluginInfo
from host.plugin_spec import PluginSpec
from host.switching import check_enabled

_LEVELS = {
    "debug": "DEBUG",
    "info": "INFO",
    "warn": "WARNING",
    "warning": "WARNING",
    "error": "ERROR",
}


def warn(text: str) -> None:
    """Tell the user something that stops nothing."""
    sys.stderr.write(f"warning: {text}\n")


def log_level(default: str = "warn") -> str:
    """Return the level in ``JCODE_PLUGIN_LOG``, or *default*, as the logging module spells it."""
    wanted = os.environ.get("JCODE_PLUGIN_LOG") or default
    level = _LEVELS.get(wanted.lower())
    if level is None:
        warn(
            f"JCODE_PLUGIN_LOG={printable(wanted)} is no level; use one of {', '.join(_LEVELS)}"
        )
    return level or "WARNING"


def show_logs() -> None:
    """Write what plugins log to standard error, from the level in ``JCODE_PLUGIN_LOG`` up (warn)."""
    level = log_level()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("jcode_plugins")
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False


def read_config(
    mode: str | None = None, project_dir: Path | None = None
) -> tuple[Config, Path]:
    """Return the configuration here, or in *project_dir*, and where our state lives, with its warnings told."""
    home = jcode_home(os.environ)
    project = project_dir or Path.cwd()
    config = load_config(home, project_dir=project, variables=os.environ, mode=mode)
    for warning in config.warnings:
        warn(printable(warning))
    return config, home


@contextmanager
def open_host(
    plugins: Sequence[Path],
    plugin_mode: str | None = None,
    *,
    mode: str | None = None,
    approver: BlockingApprover | None = None,
) -> Iterator[BlockingPluginHost]:
    """Start a host in the current directory with *plugins*, or with the configured ones when there are none.

    *mode* is a permission mode and *plugin_mode* a mode of the capability chain instead of the configured ones.
    Raises InputError for a permission mode that is none, ConfigError for the other.
    """
    show_logs()
    config, home = read_config(plugin_mode)
    host = BlockingPluginHost(config, project_dir=Path.cwd(), home=home, approver=approver)
    host.workspace.loads_configured = False  # here, where what does not load is told
    check_enabled(host.switches)  # before any path that was named is looked at
    with host:
        if mode is not None:
            host.set_mode(mode)
        for path in plugins:
            load(host, path)
        if not plugins:
            _load_configured(host, config)
        yield host


def _load_configured(host: BlockingPluginHost, config: Config) -> None:
    """Load what a host loads at its start, but say what did not load."""
    host.workspace.loads_configured = True
    result = host.discover()
    for missed in result.missed:
        warn(printable(missed.line))
    for found in result.found:
        try:
            load_found(host, found)
        except PluginDisabledError as error:
            warn(f"not loaded: {describe(error).line}")
        except PluginFailed as error:
            if config.fail_closed:
                raise
            warn(f"not loaded: {describe(error).line}")
    if not host.plugins():
        warn(
            f"no plugin is loaded: name one with --plugin PATH, install one, list it under sources in config.toml, "
            f"or put it into {config.plugin_dir}"
        )


@contextmanager
def open_scratch_host(
    plugin_mode: str | None = None, project_dir: Path | None = None
) -> Iterator[BlockingPluginHost]:
    """Start a host that keeps nothing: its data and caches are gone with it. It is in the current directory unless told.

    No settings either, and no permissions: a plugin that need not be trusted may call itself by the name of one that is.
    It reads its own files while it loads; everything else answers as denied.
    """
    show_logs()
    project = project_dir or Path.cwd()
    config, real_home = read_config(plugin_mode, project)
    check_enabled(OffFile(real_home).switches())
    with tempfile.TemporaryDirectory(prefix="jcode-scratch-") as home:
        host = BlockingPluginHost(_for_a_look(config), project_dir=project, home=home)
        check_enabled(host.switches)
        host.workspace.variables = {}
        host.workspace.only_looks = True
        host.workspace.loads_configured = False
        host.workspace.halves.is_shown = True  # both halves of what is loaded run
        with host:
            yield host


def _for_a_look(config: Config) -> Config:
    """*config* without its lists of what to load, and without settings: one may look at what is not in use.

    Kill switches hold.
    """
    plugins = {n: o.model_copy(update={"enable": True}) for n, o in config.plugins.items()}
    update = {
        "enable": config.enable is not False,
        "disable": (),
        "plugins": plugins,
        "settings": {},
        "audit": AuditOptions(enable=False),  # its key would be gone with the scratch home
    }
    return config.model_copy(update=update)


def load(host: BlockingPluginHost, path: Path) -> PluginInfo:
    """Load one plugin. Raises PluginFailed, which knows the plugin's directory."""
    with _telling(path):
        return host.load(path)


def load_found(host: BlockingPluginHost, found: Found) -> PluginInfo:
    """Load one plugin that was found. Raises PluginFailed."""
    with _telling(found.path):
        return host.load_found(found)


def look_at_found(host: BlockingPluginHost, found: Found) -> PluginSpec:
    """Build one plugin that was found and read its manifest; nothing of it runs. Raises PluginFailed."""
    with _telling(found.path):
        return host.look_at_found(found)


def look_at(
    host: BlockingPluginHost, path: Path, installed: Installed | None = None
) -> PluginSpec:
    """Build one plugin and read its manifest; nothing of it runs. Raises PluginFailed."""
    with _telling(path):
        return host.look_at(path, installed=installed)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    root = None
    try:
        root = find_entry(path).root
        yield
    except PluginDisabledError:
        raise
    except PluginLoadError as error:
        raise PluginFailed(error, root) from error
