"""What a person switched off, on disk: seen at once, never lost, and all off when it cannot be read."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host.config import Config
from host.errors import ConfigError, OffError, PluginDisabledError
from host.off import MAX_NAMES, VERSION, Entry, OffFile, entry
from host.switching import Switchboard, check_enabled
from policies.switches import NOTHING_OFF


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    return tmp_path


def switch_off(home: Path, name: str | None) -> None:
    """As the command does, from another process."""
    with OffFile(home).changing() as off:
        if name is None:
            off.all = entry("kill")
        else:
            off.plugins[name] = entry("disable")


def test_without_a_file_nothing_is_off(home: Path) -> None:
    """And none is made by looking."""
    assert OffFile(home).switches() == NOTHING_OFF
    assert list(home.iterdir()) == []


def test_what_is_switched_off_is_seen_by_who_looks_again(home: Path) -> None:
    """And so is what is lifted; each names its command."""
    mine = OffFile(home)
    assert mine.switches() == NOTHING_OFF

    switch_off(home, "guard")
    source = mine.switches().off_by("guard")
    assert source is not None
    assert source.where == "jcode-plugin disable guard"
    assert mine.switches().off_by("other") is None

    switch_off(home, None)
    everything = mine.switches().disable
    assert everything is not None
    assert everything.where == "jcode-plugin kill --all"

    with OffFile(home).changing() as off:
        off.all = None
        off.plugins.clear()
    assert mine.switches() == NOTHING_OFF
    assert os.stat(mine.path).st_mode & 0o777 == 0o600


def test_an_unchanged_file_is_not_read_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick costs one look at its status."""
    switch_off(home, "guard")
    mine = OffFile(home)
    first = mine.switches()
    monkeypatch.setattr(mine, "read", lambda: pytest.fail("read again"))

    assert mine.switches() is first


def _damaged(path: Path) -> None:
    path.write_text('{"version": 1, "plugi')


def _not_an_object(path: Path) -> None:
    path.write_text("[]")


def _newer(path: Path) -> None:
    path.write_text(json.dumps({"version": VERSION + 1, "teams": {}}))


def _of_another_shape(path: Path) -> None:
    path.write_text(json.dumps({"version": VERSION, "plugins": {"guard": True}}))


def _empty(path: Path) -> None:
    path.write_text("")


def _a_link(path: Path) -> None:
    path.with_name("elsewhere").write_text(json.dumps({"version": VERSION}))
    path.symlink_to("elsewhere")


def _a_directory(path: Path) -> None:
    path.mkdir()


def _open_to_others(path: Path) -> None:
    path.write_text(json.dumps({"version": VERSION}))
    path.chmod(0o666)


def _too_many(path: Path) -> None:
    of = {"by": "kill", "since": 1.0}
    path.write_text(
        json.dumps(
            {"version": VERSION, "plugins": dict.fromkeys(map(str, range(MAX_NAMES + 1)), of)}
        )
    )


UNUSABLE = [
    _damaged,
    _not_an_object,
    _newer,
    _of_another_shape,
    _empty,
    _a_link,
    _a_directory,
    _open_to_others,
    _too_many,
]


@pytest.mark.parametrize("spoil", UNUSABLE, ids=lambda spoil: spoil.__name__.strip("_"))
def test_a_file_that_cannot_be_used_means_that_all_is_off(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    """It may have named any plugin. The refusal names it; nothing writes over it; mended, it holds."""
    mine = OffFile(home)
    spoil(mine.path)
    before = os.lstat(mine.path)

    with pytest.raises(PluginDisabledError, match=r"off\.json, which .*, switches plugins off"):
        check_enabled(mine.switches(), "guard")
    with pytest.raises(OffError, match="all plugins are off"), mine.changing() as off:
        off.plugins["guard"] = entry("kill")
    assert os.lstat(mine.path) == before

    if mine.path.is_dir() and not mine.path.is_symlink():
        mine.path.rmdir()
    else:
        mine.path.unlink()
    switch_off(home, "guard")
    assert mine.switches().off_by("other") is None
    assert mine.switches().off_by("guard") is not None


def test_what_fails_closed_does_not_start_on_a_file_that_cannot_be_used(home: Path) -> None:
    """An agent must not go on without its guards because a file is damaged; while it runs they are off and it is told."""
    _damaged(OffFile(home).path)

    assert Switchboard(Config(), OffFile(home), {}).current.disable is not None
    with pytest.raises(ConfigError, match=r"off\.json is damaged"):
        Switchboard(Config(fail_closed=True), OffFile(home), {})


def test_a_person_and_the_environment_add_up(home: Path) -> None:
    """Neither lifts what the other one set."""
    switch_off(home, "guard")
    board = Switchboard(Config(), OffFile(home), {"JCODE_PLUGIN_KILL_OTHER": "1"})

    assert board.current.off_by("guard") is not None
    assert board.current.off_by("other") is not None
    with OffFile(home).changing() as off:
        off.plugins.clear()
    assert board.read()
    assert board.current.off_by("guard") is None
    assert board.current.off_by("other") is not None


def test_an_exception_in_between_changes_nothing(home: Path) -> None:
    """The file is written at the end, or not at all."""
    switch_off(home, "guard")
    before = OffFile(home).path.read_bytes()

    def fail(plugins: dict[str, Entry]) -> None:
        plugins["other"] = entry("kill")
        raise RuntimeError

    with pytest.raises(RuntimeError), OffFile(home).changing() as off:
        fail(off.plugins)

    assert OffFile(home).path.read_bytes() == before


def test_nobodys_word_is_lost_among_many_at_once(home: Path) -> None:
    """Each change reads what the one before it wrote."""
    names = [f"plugin-{number}" for number in range(24)]
    threads = [threading.Thread(target=switch_off, args=(home, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(OffFile(home).read().plugins) == sorted(names)
