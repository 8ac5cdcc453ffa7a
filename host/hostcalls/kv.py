"""``pi.kv``: a mirror in the worker, SQLite here, durable before ``set`` resolves.

Writes go to a thread of their own, in one transaction for all that wait: a disk that takes its time
must not hold up anybody's event.
"""

from typing import TYPE_CHECKING

import msgspec

from host.hostcalls.refusal import over_quota, refuse
from host.kv import KvError
from host.listener import HostcallRequest
from host.outcome import Json

if TYPE_CHECKING:
    from host.instance import Instance


def load(instance: "Instance", _: dict[str, Json], request: HostcallRequest) -> None:
    """``{}`` -> ``{"entries": {key: value}, "version": n}``; the caller hears of later changes."""

    def done(result: tuple[dict[str, str], int] | KvError) -> None:
        if isinstance(result, KvError):
            refuse(request, result.code, str(result))
            return
        entries, version = result
        raw = {key: msgspec.Raw(text.encode()) for key, text in entries.items()}
        request.answer(msgspec.json.encode({"entries": raw, "version": version}).decode())

    instance.kv().load(instance, done)


def set_(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"key", "value"}`` -> ``{}`` once it is on the disk."""
    key, value = args.get("key"), args.get("value")
    if not isinstance(key, str) or "value" not in args:
        refuse(request, "E_INVALID", "kv.set takes a key and a value")
        return
    instance.kv().write(
        instance, key, msgspec.json.encode(value).decode(), _acknowledge(instance, request)
    )


def delete(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{"key"}`` -> ``{}`` once it is gone from the disk."""
    key = args.get("key")
    if not isinstance(key, str):
        refuse(request, "E_INVALID", "kv.delete takes a key")
        return
    instance.kv().write(instance, key, None, _acknowledge(instance, request))


class _acknowledge:  # noqa: N801 - used as a function
    def __init__(self, instance: "Instance", request: HostcallRequest) -> None:
        self._instance = instance
        self._request = request

    def __call__(self, error: KvError | None) -> None:
        if error is None:
            self._request.answer("{}")
        elif error.code == "E_QUOTA":
            over_quota(self._instance, self._request, str(error))
        else:
            refuse(self._request, error.code, str(error))
