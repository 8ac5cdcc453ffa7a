"""The configuration: what it holds, how its files are read, and how layers of it unite."""

from host.config.files import CEILING, CeilingFile
from host.config.keys import KeyOptions
from host.config.layers import jcode_home, load_config, read_keys, within_ceiling
from host.config.model import (
    AuditOptions,
    Config,
    DaemonOptions,
    HttpOptions,
    InstallOptions,
    Limits,
    PluginOptions,
    PluginSource,
    Sandbox,
    Timeouts,
    UiOptions,
    required_layers,
)

__all__ = [
    "CEILING",
    "AuditOptions",
    "CeilingFile",
    "Config",
    "DaemonOptions",
    "HttpOptions",
    "InstallOptions",
    "KeyOptions",
    "Limits",
    "PluginOptions",
    "PluginSource",
    "Sandbox",
    "Timeouts",
    "UiOptions",
    "jcode_home",
    "load_config",
    "read_keys",
    "required_layers",
    "within_ceiling",
]
