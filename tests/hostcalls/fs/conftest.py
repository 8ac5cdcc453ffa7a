"""A plugin whose hostcalls on files a test makes itself, in its own thread and without a worker."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from host.config import Config
from host.hostcalls.files import FileCall, _perform
from host.hostcalls.table import ASKS, OnFiles
from host.listener import HostcallRequest
from host.outcome import Json
from tests.support.scripted import Stage


class Files:
    """Hostcalls of one plugin. :meth:`call` gives the code of an error, or "" and the answer."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.instance = stage.plugin.all_instances()[0]
        assert self.instance.link is not None
        self._link = self.instance.link
        self.message = ""

    def call(self, name: str, **args: Json) -> tuple[str, dict[str, Json]]:
        """Make the hostcall *name*: what its thread does, in this one."""
        row = ASKS[name]
        assert isinstance(row, OnFiles)
        request = HostcallRequest(self._link, 1, None, name, "", is_sync=False)
        call = FileCall(self.instance, {})
        text, code, wanted = _perform(call, row.handler, args, request)
        call.note()
        assert wanted is None
        self.message = text if code else ""
        answer = {} if code else msgspec.json.decode(text)
        assert isinstance(answer, dict)
        return code, answer

    def code(self, name: str, **args: Json) -> str:
        """The code of the error alone; "" when there is none."""
        return self.call(name, **args)[0]


MakeFiles = Callable[[Config], Files]


@pytest.fixture
def files_of(tmp_path: Path) -> Iterator[MakeFiles]:
    """Return a function that makes the hostcalls of a plugin under a configuration; the project is ``work``."""
    with ExitStack() as stack:

        def make(config: Config) -> Files:
            (tmp_path / "work").mkdir()
            stage = stack.enter_context(Stage(tmp_path / "work", config))
            stage.load()
            return Files(stage)

        yield make


def allowing(*patterns: str) -> Config:
    """Reading and writing *patterns*."""
    return Config(allow={"fs_read": patterns, "fs_write": patterns})
