"""Daemons for consoles."""

from tests.daemon.conftest import start

__all__ = ["start"]
