"""The cache of built plugins: shared by hosts that start at once, and never believed when it is damaged."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from host import BlockingPluginHost
from tests.unit.worker.build_support import ROOT, write_files

PROCESSES: Final = 20
_WITHIN_S: Final = 200.0

_LOAD: Final = """
import sys
from host import BlockingPluginHost
root, home, project = sys.argv[1:]
with BlockingPluginHost(project_dir=project, home=home) as host:
    host.load(root)
    print(host.dispatch("UserPromptSubmit", {"content": ""}).output["modified_prompt"])
"""


def make_plugin(root: Path, answer: str = "sound") -> Path:
    """A plugin of several files that answers with *answer*."""
    write_files(
        root,
        {
            "index.ts": 'import { a } from "./a";\nimport data from "./d.json";\n'
            'export default (pi) => pi.on("UserPromptSubmit", () => ({ modified_prompt: a + data.d }));\n',
            "a.ts": f"export const a: string = {json.dumps(answer)};\n",
            "d.json": '{"d": "!"}',
        },
    )
    return root


def ask(root: Path, home: Path, project: Path) -> str:
    """What the plugin answers in a host of its own."""
    with BlockingPluginHost(project_dir=project, home=home) as host:
        host.load(root)
        outcome = host.dispatch("UserPromptSubmit", {"content": ""})
    return str(outcome.output["modified_prompt"])


def cached(home: Path) -> Path:
    """The one file in the cache."""
    (file,) = (home / "cache" / "builds").iterdir()
    return file


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A plugin, a home and a project."""
    project = tmp_path / "project"
    project.mkdir()
    return make_plugin(tmp_path / "plugin"), tmp_path / "home", project


def test_a_sound_cache_is_used_and_stays(places: tuple[Path, Path, Path]) -> None:
    """The control: nothing is written a second time, and what changed in the plugin is built anew."""
    root, home, project = places
    assert ask(root, home, project) == "sound!"
    first = cached(home).stat()

    assert ask(root, home, project) == "sound!"
    assert cached(home).stat().st_ino == first.st_ino

    make_plugin(root, "changed")
    assert ask(root, home, project) == "changed!"
    assert cached(home).stat().st_ino != first.st_ino


def test_damage_is_noticed_and_repaired(places: tuple[Path, Path, Path]) -> None:
    """Any byte that flipped, any length it was cut to: the plugin is built again, and the file is whole again."""
    root, home, project = places
    ask(root, home, project)
    file = cached(home)
    sound = file.read_bytes()
    size = len(sound)
    flipped = [
        sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :]
        for at in (0, 63, 64, 65, size // 3, size // 2, size - 1)
    ]
    cut = [sound[:length] for length in (0, 1, 64, 65, size // 2, size - 1)]

    for damaged in [*flipped, *cut, sound + b" ", b"\0" * size, b"\n" + sound]:
        file.write_bytes(damaged)
        assert ask(root, home, project) == "sound!"
        assert file.read_bytes() == sound
    assert list(file.parent.iterdir()) == [file]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    places: tuple[Path, Path, Path],
) -> None:
    """Something else lies where the file would be: every start builds."""
    root, home, project = places
    ask(root, home, project)
    file = cached(home)
    file.unlink()
    file.mkdir()
    (file / "in the way").touch()

    assert ask(root, home, project) == "sound!"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_twenty_hosts_at_once(places: tuple[Path, Path, Path]) -> None:
    """Each builds or reads, all answer, and one whole file is left."""
    root, home, project = places
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _LOAD, str(root), str(home), str(project)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        told = [process.communicate(timeout=_WITHIN_S) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()

    assert [out.strip() for out, _ in told] == ["sound!"] * PROCESSES, told
    before = cached(home).stat().st_ino
    assert ask(root, home, project) == "sound!"
    assert cached(home).stat().st_ino == before
