"""The configuration: what it holds, how its files are read, and how layers of it unite."""

from host.config.layers import jcode_home, load_config
from host.config.model import (
    AuditOptions,
    Config,
    Limits,
    PluginOptions,
    PluginSource,
    Sandbox,
    Timeouts,
    required_layers,
)

__all__ = [
    "AuditOptions",
    "Config",
    "Limits",
    "PluginOptions",
    "PluginSource",
    "Sandbox",
    "Timeouts",
    "jcode_home",
    "load_config",
    "required_layers",
]
