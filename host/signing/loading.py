"""What a load asks of signatures, and what becomes of a plugin whose signature does not hold.

Promises    Under ``require`` nothing of a plugin is parsed, built or run unless a key that is trusted now signed every
            file of it; and what runs was built from the bytes that were signed. Under ``warn`` it runs, and a line says
            why it would not. Under ``off`` nothing is looked at.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from host.audit import printable
from host.errors import PluginLoadError
from host.signing.contents import Place
from host.signing.examine import NOT_LOOKED_AT, Signature, examine
from host.signing.keyring import Keyring
from host.waits import Wait

if TYPE_CHECKING:
    from host.runtime import Runtime

E_SIGNATURE: Final = "E_SIGNATURE"

_logger = logging.getLogger("jcode_plugins")


async def look(runtime: "Runtime", keyring: Keyring, place: Place) -> Signature:
    """Return what holds of the signature of the plugin at *place*; the files are hashed in another thread."""
    if keyring.word == "off":
        return NOT_LOOKED_AT
    done: Wait[Signature] = Wait()
    keys, day = keyring.keys, keyring.day

    def work() -> Callable[[], None]:
        try:
            found = examine(place, keys, day)
        except Exception as error:  # noqa: BLE001 - a thread of the pool must not end; what is not known does not hold
            found = Signature(f"it could not be looked at: {type(error).__name__}: {error}")
        return lambda: done.set(found)

    runtime.files.submit(done, work)
    return await done


def refuse(signature: Signature, keyring: Keyring, path: str) -> None:
    """Raise :class:`PluginLoadError` for a signature that does not hold where one is required."""
    if keyring.word == "require" and signature.problem:
        raise PluginLoadError(
            E_SIGNATURE,
            f"{signature.problem}; {keyring.source} requires a signature of a trusted key",
            path=path,
        )


def warn(signature: Signature, keyring: Keyring, plugin: str) -> None:
    """Say in one line that a signature does not hold, where that is to be said."""
    if keyring.word == "warn" and signature.problem:
        _logger.warning("[%s] no valid signature: %s", plugin, printable(signature.problem))


def check_signer(signature: Signature, keyring: Keyring, plugin: str) -> None:
    """Raise :class:`PluginLoadError` if whoever signed what is loaded as *plugin* is trusted no more."""
    if keyring.word == "require" and signature.signed_by and signature.key is not None:
        why = keyring.why_not(signature.key, plugin)
        if why:
            raise PluginLoadError(E_SIGNATURE, why)
