"""A program that was started to be talked to: who waits for its output, for room in its input, for its end.

Promises    Output is read from the program only as fast as somebody takes it. Whoever waits is answered once.
"""

from collections.abc import Callable
from typing import TypeAlias

from host.programs.program import Program, StreamName

TakeOutput: TypeAlias = Callable[[bytes, bool], None]
"""Called with bytes, and whether there will be no more; no bytes only then."""


class Held:
    """See the module's text. *on_finished* hears when all output and the end were told."""

    def __init__(self, program: Program, on_finished: Callable[[], None]) -> None:
        self.program = program
        self._on_finished = on_finished
        self._readers: dict[StreamName, tuple[int, TakeOutput]] = {}
        self._told_done: set[StreamName] = set()
        self._waiting: list[Callable[[Program], None]] = []
        self._told_end = False

    def read(self, stream: StreamName, most: int, take: TakeOutput) -> bool:
        """Have *take* called with the next 1 to *most* bytes; False if somebody waits for that stream already."""
        if stream in self._readers:
            return False
        self._readers[stream] = (most, take)
        self.look()
        return True

    def stop_reading(self, stream: StreamName) -> None:
        """Whoever waits for *stream* does so no more."""
        self._readers.pop(stream, None)

    def wait(self, told: Callable[[Program], None]) -> None:
        """Have *told* called when the program ended."""
        self._waiting.append(told)
        self.look()

    def look(self) -> None:
        """See whether there is something for anybody."""
        program = self.program
        for stream, (most, take) in list(self._readers.items()):
            output = program.outputs[stream]
            data = program.take(stream, most)
            is_done = output.is_done and not output.data
            if data or is_done:
                del self._readers[stream]
                if is_done:
                    self._told_done.add(stream)
                take(data, is_done)
        if program.has_exited and self._waiting:
            waiting, self._waiting = self._waiting, []
            self._told_end = True
            for told in waiting:
                told(program)
        if self._told_end and len(self._told_done) == len(program.outputs):
            self._on_finished()
