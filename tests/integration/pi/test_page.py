"""docs/compatibility.md names the examples that are tried here, and says of no other that it is."""

import re
from pathlib import Path

from tests.integration import test_pi_examples
from tests.integration.pi import conftest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "compatibility.md"


def test_the_page_names_what_is_tried() -> None:
    """Each example in the one table, whose bytes were checked before it ran."""
    section = (
        PAGE.read_text(encoding="utf-8").split("## pi's own examples")[1].split("\n## ")[0]
    )
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    named = re.findall(r"`([\w-]+\.ts)`", "\n".join(rows))

    assert sorted(named) == sorted({*conftest.DIGESTS, *test_pi_examples.DIGESTS})
