"""``[plugin.trusted_keys]``: whose signatures count, as a file says it and as a value of ``policies/signing.py``."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr

from host.errors import ConfigError
from policies.decision import Source
from policies.signing import Keys, TrustedKey, is_key_id, key_id_of


class KeyOptions(BaseModel):
    """``[plugin.trusted_keys.ID]``: a key whose signatures count; ID is what ``keygen`` prints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: StrictStr = ""
    """The public key, as ``keygen`` and minisign print it."""
    name: StrictStr = ""
    plugins: tuple[StrictStr, ...] = ("*",)
    """Patterns of the plugins that it may sign."""
    expires: date | None = None
    """The last day, in UTC, on which it counts."""
    revoked: StrictBool = False
    successor: StrictStr = ""
    """The id of the key that takes its place: an update signed by that one is no surprise."""


def keys_of(options: Mapping[str, KeyOptions]) -> dict[str, TrustedKey]:
    """Return the keys that *options* name, by id."""
    return {
        id_: TrustedKey(id_, **{name: getattr(key, name) for name in KeyOptions.model_fields})
        for id_, key in options.items()
    }


def options_of(keys: Keys) -> dict[str, KeyOptions]:
    """Return what a file would say to name *keys*."""
    return {
        id_: KeyOptions(**{name: getattr(key, name) for name in KeyOptions.model_fields})
        for id_, key in keys.items()
    }


class _SourceOf(Protocol):
    def __call__(self, *where: str) -> Source: ...


def check_keys(options: Mapping[str, KeyOptions], source_of: _SourceOf) -> None:
    """Raise :class:`ConfigError` for a trusted key that is none, or not the one that its id says."""
    for id_, key in options.items():
        told = f"{source_of('trusted_keys', id_)}: trusted_keys.{id_[:60]}"
        if not is_key_id(id_):
            raise ConfigError(f"{told}: not a key's id; use the 16 digits that keygen prints")
        if key.successor and not is_key_id(key.successor):
            raise ConfigError(f"{told}.successor: not a key's id; use its 16 digits")
        if not key.key and key.revoked:
            continue  # nothing needs to be known of it but that it does not count
        found = key_id_of(key.key)
        if found is None:
            raise ConfigError(f"{told}.key: not a public key; use the line that keygen prints")
        if found != id_:
            raise ConfigError(f"{told}.key: this key's id is {found}; put it under that one")
