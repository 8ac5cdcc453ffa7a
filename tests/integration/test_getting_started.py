"""The page for beginners, followed to the letter: its files are written, its commands run, its outputs held against it."""

import re
import shlex
from pathlib import Path

from tests.integration.cli_support import ROOT, InProcess

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"// (\S+)\n")
_EXIT = re.compile(r"# exits with (\d)")


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    """Block by block, from an empty directory and an empty home."""
    work = tmp_path / "work"
    work.mkdir()
    cli = InProcess(work, tmp_path / "home")
    shown, ran = "", 0
    for kind, text in _BLOCK.findall((ROOT / "docs" / "getting-started.md").read_text()):
        if kind == "sh":
            shown = ""
            for line in text.splitlines():
                expected = _EXIT.search(line)
                name, *words = shlex.split(line, comments=True)
                assert name == "jcode-plugin"
                shown += cli(*words, check=int(expected[1]) if expected else 0).out
                ran += 1
        elif kind == "text":
            for line in text.splitlines():
                assert line in shown
        else:
            named = _FILE.match(text)
            assert named is not None, text
            (work / named[1]).write_text(text)

    assert ran >= 12
    assert [path.name for path in work.iterdir()] == ["careful.ts"]
