"""What is kept of plugins' log lines, and for a reader that is slow."""

from pathlib import Path

from host.config import Config
from host.daemon.plugin_logs import MAX_CHARS, MAX_LINES, MAX_UNREAD, Line, PluginLogs
from host.daemon.wire import MAX_LINE_BYTES, result_line
from host.outcome import JsonObject
from host.runtime import Runtime


def line(text: str, plugin: str = "a") -> Line:
    return Line(plugin, "info", text, 1.0, "/project")


class Reader:
    """Takes *room* events, then none until there is room again."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.texts: list[object] = []
        self.dropped: list[object] = []

    def take(self, event: JsonObject) -> bool:
        """One event."""
        log = event["log"]
        assert isinstance(log, dict)
        self.texts.append(log["text"])
        self.dropped.append(log["dropped"])
        self.room -= 1
        return self.room > 0


def test_the_newest_lines_are_kept() -> None:
    """As many as there may be; of one plugin, or of all."""
    logs = PluginLogs()
    for number in range(MAX_LINES + 3):
        logs.add(line(str(number), "b" if number % 2 else "a"))

    kept = [one["text"] for one in logs.recent()]  # type: ignore[index, call-overload]
    assert kept == [str(number) for number in range(3, MAX_LINES + 3)]
    assert len(logs.recent("a")) == len(logs.recent("b")) == MAX_LINES // 2
    assert logs.recent("c") == []


def test_what_is_kept_fits_into_one_answer() -> None:
    """Whatever the lines hold: what JSON escapes, what UTF-8 spells with four bytes."""
    for character in ("\\", '"', "\U0001f600", "x"):
        logs = PluginLogs()
        for _ in range(MAX_LINES):
            logs.add(line(character * 16 * 1024))

        kept = logs.recent()
        assert 0 < len(kept) <= MAX_CHARS // (16 * 1024)
        answer = result_line(1, {"lines": kept})
        assert len(answer) < MAX_LINE_BYTES
        assert b"E_TOO_LARGE" not in answer


def test_a_reader_without_room_loses_the_oldest_and_is_told() -> None:
    """Once; those that it has room for come in order."""
    logs, reader = PluginLogs(), Reader(1)
    watcher = logs.watch(reader.take)
    for number in range(MAX_UNREAD + 6):
        logs.add(line(str(number)))
    reader.room = 2
    watcher.flush()

    assert reader.texts == ["0", "6", "7"]
    assert reader.dropped == [0, 5, 0]


def test_a_reader_hears_the_plugin_that_it_asked_for() -> None:
    """Until it is closed; closing twice does no harm."""
    logs, reader = PluginLogs(), Reader(100)
    watcher = logs.watch(reader.take, "b")
    logs.add(line("of a"))
    logs.add(line("of b", "b"))
    watcher.close()
    watcher.close()
    logs.add(line("later", "b"))

    assert reader.texts == ["of b"]


def test_a_host_in_a_program_keeps_nothing(tmp_path: Path) -> None:
    """Nobody could ask it."""
    runtime = Runtime(Config(), tmp_path)

    assert runtime.on_plugin_log is None
    runtime.close()
