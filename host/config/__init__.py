"""The configuration: what it holds, how its files are read, and how layers of it unite."""

from host.config.layers import CEILING, CeilingFile, jcode_home, load_config, within_ceiling
from host.config.model import (
    AuditOptions,
    Config,
    HttpOptions,
    InstallOptions,
    Limits,
    PluginOptions,
    PluginSource,
    Sandbox,
    Timeouts,
    required_layers,
)

__all__ = [
    "CEILING",
    "AuditOptions",
    "CeilingFile",
    "Config",
    "HttpOptions",
    "InstallOptions",
    "Limits",
    "PluginOptions",
    "PluginSource",
    "Sandbox",
    "Timeouts",
    "jcode_home",
    "load_config",
    "required_layers",
    "within_ceiling",
]
