"""The two pictures of the README: ``python -m tests.console.screens`` makes them anew, from a console in tmux with example plugins."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.console.pictures import svg_of
from tests.console.tmux import Tmux, answer
from tests.daemon.running import ROOT, Daemon
from tests.daemon.test_questions import at_terminal

IMAGES: Final = ROOT / "docs" / "images"
PLUGINS: Final = ("todo-board", "token-meter")
SIZE: Final = (100, 24)
AGENT: Final = """
import sys
from jcode_plugins import Client
with Client(project_dir=sys.argv[1]) as client:
    client.check_tool("bash", tier="exec", args={"command": "git push --force"}, session_id="s1", timeout_s=30)
"""


def main() -> int:
    """Make them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="jcode-"))
    daemon = Daemon(base / "home", base / "shop")
    daemon.write("", {})
    for name in PLUGINS:
        shutil.copytree(ROOT / "examples" / "plugins" / name, daemon.home / "plugins" / name)
    daemon.start()
    try:
        with Tmux(daemon, *SIZE) as person:
            person.run_console()
            person.until("SessionStart continue", "Todo")
            for what in ("the build needs node 20", "tell Kim"):
                person.type(f"/todo add {what}")
                person.until(what, "todo-board: ")
            person.type("how many words are these?")
            person.until("AgentEnd", "count_words: words 5", "2 open", "token-meter: ~")
            _draw(person, "console-session")
            with at_terminal(daemon, "-c", AGENT, str(daemon.project)):
                person.until("1 to approve")
                person.press("F2")
                person.until("wants to run: bash", "d deny")
                _draw(person, "console-approval")
                answer(person, "d")
    finally:
        daemon.end()
        shutil.rmtree(base)
    return 0


def _draw(person: Tmux, name: str) -> None:
    path = IMAGES / f"{name}.svg"
    path.write_text(svg_of(person.ansi(), SIZE[0]))
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
