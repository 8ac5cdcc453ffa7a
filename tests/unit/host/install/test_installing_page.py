"""``docs/installing.md`` says the bounds that hold, and every form that it shows is read as it says."""

import re
from pathlib import Path
from typing import Final

import pytest

from host.install import git
from host.install.directory import DIRECTORY_CAPS
from host.install.plain_tree import CAPS
from host.install.spec import GitSpec, NpmSpec, PathSpec, parse_spec

ROOT: Final = Path(__file__).resolve().parents[4]
PAGE: Final = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
TABLE: Final = PAGE.partition("## What can be installed")[2].partition("## ")[0]
KINDS: Final = {
    "a package of npm": NpmSpec,
    "a git repository": GitSpec,
    "short for": GitSpec,
    "the way pi": GitSpec,
    "a directory": PathSpec,
    "an archive": PathSpec,
}
ROWS: Final = [
    (form, kind)
    for line in TABLE.splitlines()
    if line.startswith("| `")
    for kind in KINDS.values()
    for said, of in KINDS.items()
    if of is kind and line.split("|")[2].strip().startswith(said)
    for form in re.findall(r"`([^`]+)`", line.split("|")[1])
    if "..." not in form
]


@pytest.mark.parametrize(("form", "kind"), ROWS)
def test_each_form_of_the_table_is_what_it_says(form: str, kind: type[object]) -> None:
    """As it stands there, its capitals replaced by something."""
    for capitals, value in {
        "HOST": "example.org",
        "PATH": "some/where",
        "OWNER": "acme",
        "REPOSITORY": "guard",
        "REVISION": "v1",
        "NAME": "guard-1.0.0",
    }.items():
        form = form.replace(capitals, value)

    assert isinstance(parse_spec(form, Path("/")), kind)


def test_the_table_is_read() -> None:
    """The control: it has forms of each kind."""
    assert len(ROWS) >= 15
    assert {kind for _, kind in ROWS} == {NpmSpec, GitSpec, PathSpec}


def test_the_bounds_are_those_of_the_code() -> None:
    """In the words of the page."""
    text = " ".join(PAGE.split())

    def mib(size: int) -> str:
        assert size % (1 << 20) == 0
        return f"{size >> 20} MiB"

    assert f"{mib(CAPS.file_bytes)} a file" in text
    assert DIRECTORY_CAPS.file_bytes == CAPS.file_bytes
    assert f"{CAPS.entries:,} files and directories and {mib(CAPS.total_bytes)} in all" in text
    assert (
        f"{DIRECTORY_CAPS.entries:,} and {mib(DIRECTORY_CAPS.total_bytes)} from a directory"
        in text
    )
    assert f"may have {mib(CAPS.archive_bytes)}, and unpack to {CAPS.ratio} times" in text
    assert f"from {mib(CAPS.ratio_from)} on" in text
    assert f"may take {mib(git._MAX_PACKED)} on the way" in text
