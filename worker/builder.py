"""A builder's life: one request, one build, one answer, end.

It parses hostile source in native code, so it lives like a worker: its own process, one channel, no
environment. It reads only the copies that the host made for it: their directory came as a descriptor, is its
current directory, and is all that Landlock lets it read.
"""

import json
import os
from typing import NoReturn

from ipc.errors import IpcError
from ipc.messages import (
    ANSWER,
    BUILD,
    FLAG_ENTRY_ENDED,
    FLAG_SYNC,
    HELLO,
    HOSTCALL,
    PROTOCOL_VERSION,
    RESULT,
    STATUS_ERROR,
    STATUS_VALUE,
)
from ipc.worker_end import WorkerEnd
from worker.build import BuildError, Found, build, warm_up
from worker.lockdown import (
    CHANNEL_READ_FD,
    CHANNEL_WRITE_FD,
    EXIT_LOCKDOWN,
    Filter,
    Limits,
    enter_lockdown,
)


class BuilderRole:
    """See the module's text. Made in the zygote, lived in the fork."""

    def __init__(self) -> None:
        warm_up()
        self._filter = Filter("builder")

    def live(self, limits: Limits) -> NoReturn:
        """Lock down, say hello, build what is asked for."""
        layers = enter_lockdown(limits, self._filter)
        end = WorkerEnd(CHANNEL_READ_FD, CHANNEL_WRITE_FD)
        end.send([HELLO, PROTOCOL_VERSION, "builder", layers.to_json()])
        if layers.missing(limits.required):
            os._exit(EXIT_LOCKDOWN)  # the host has read which
        try:
            _, id_, _, text = end.receive_kind(BUILD)
            status, answer = _answer(text, ChannelSources(end))
            end.send([RESULT, id_, status, FLAG_ENTRY_ENDED, answer])
            end.receive()  # the host closes when it has read the answer
        except IpcError:
            os._exit(0)
        os._exit(0)


class ChannelSources:
    """Files by request: the host resolves beneath the plugin's root and copies what it finds."""

    def __init__(self, end: WorkerEnd) -> None:
        self._end = end
        self._next_id = 0

    def fetch(self, wanted: list[list[str]]) -> list[Found | None]:
        """See :class:`worker.build.Sources`."""
        self._next_id += 1
        self._end.send(
            [
                HOSTCALL,
                self._next_id,
                0,
                FLAG_SYNC,
                "source.fetch",
                json.dumps({"wanted": wanted}),
            ]
        )
        _, _, _, text = self._end.receive_kind(ANSWER)
        found = json.loads(str(text))
        return [
            Found(item["path"], item["local"], item["sha256"]) if item else None
            for item in found
        ]


def _answer(text: int | str, sources: ChannelSources) -> tuple[int, str]:
    request = json.loads(str(text))
    try:
        return STATUS_VALUE, json.dumps(build(request["entry"], sources, more=request["more"]))
    except BuildError as error:
        return STATUS_ERROR, json.dumps(
            {
                "code": error.code,
                "message": error.message,
                "path": error.path,
                "line": error.line,
                "column": error.column,
                "source_line": error.source_line,
            }
        )
