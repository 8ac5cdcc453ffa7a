"""The keys that are trusted now: those of the configuration, read again while a host runs.

Promises    A key that is revoked, has expired or was taken out of the files counts no more from the next tick on. Files
            that cannot be understood change nothing: what is loaded stays as it is, and a line says so.
"""

import logging
import os
from datetime import date
from pathlib import Path

from host.audit import printable
from host.config import Config, read_keys
from host.errors import ConfigError
from host.signing.examine import today
from policies.signing import Keys, SignatureWord, TrustedKey

_logger = logging.getLogger("jcode_plugins")


class Keyring:
    """The keys of *config*. Read from the files that it came from, if it came from any."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.word: SignatureWord = config.require_signature
        self.source = config.source_of("require_signature").where or "the embedding program"
        self.keys: Keys = config.keys()
        self._day = today()
        self._seen = self._look()

    def read(self) -> bool:
        """Look again; whether anything may have changed."""
        if self.word == "off":
            return False
        day, seen = today(), self._look()
        if (day, seen) == (self._day, self._seen):
            return False
        if seen != self._seen:
            self._read_files()
        self._day, self._seen = day, seen
        return True

    def _read_files(self) -> None:
        files = self._config.files
        if files is None:
            return
        try:
            self.keys = read_keys(files)
        except ConfigError as error:
            _logger.warning("trusted keys stay as they were: %s", printable(str(error)))

    def _look(self) -> tuple[tuple[int, ...] | None, ...]:
        files = self._config.files
        return () if files is None else tuple(map(_state, (files.user, files.ceiling.path)))

    def why_not(self, signer: TrustedKey, plugin: str) -> str:
        """Return why what *signer* signed for *plugin* counts no more, or nothing."""
        key = self.keys.get(signer.id)
        if key is None or (key.key and key.key != signer.key):
            return f"key {signer} is trusted no more"
        return key.why_not_now(self._day) or key.why_not_for(plugin)

    @property
    def day(self) -> date:
        """The day as of the last look."""
        return self._day


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
