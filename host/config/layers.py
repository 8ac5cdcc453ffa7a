"""Where configuration comes from."""

from collections.abc import Mapping
from pathlib import Path

from host.config.model import Config
from host.config.reading import read_file


def load_config(home: Path) -> Config:
    """Return the configuration in ``home/config.toml``. Raises :class:`ConfigError` with one line."""
    return read_file(home / "config.toml")


def jcode_home(env: Mapping[str, str]) -> Path:
    """Return where our state lives: ``JCODE_HOME``, or ``.jcode`` in the home directory."""
    given = env.get("JCODE_HOME")
    if given:
        return Path(given).expanduser().absolute()
    home = env.get("HOME")
    return (Path(home) if home else Path.home()) / ".jcode"
