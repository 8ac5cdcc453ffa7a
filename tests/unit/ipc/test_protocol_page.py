"""PROTOCOL.md says what the code does: every kind, every number, every example."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

import ipc
from ipc import limits
from ipc.codec import decode, encode
from ipc.framing import frame
from ipc.messages import CONTROL, FROM_HOST, FROM_WORKER, PROTOCOL_VERSION, Message, check

PAGE: Final = (Path(ipc.__path__[0]) / "PROTOCOL.md").read_text(encoding="utf-8")
ROOT: Final = Path(ipc.__path__[0]).parent
SECTIONS: Final = {
    "Host to worker": FROM_HOST,
    "Worker to host": FROM_WORKER,
    "Zygote socket": CONTROL,
}


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


EXAMPLES: Final = [(row[0].strip("`"), row[1].strip("`")) for row in table("Examples")]


def field_count(cell: str) -> int:
    """How many fields a cell names: commas outside of parentheses, before any note."""
    plain = re.sub(r"\([^)]*\)", "", cell.partition(";")[0]).partition(" for the")[0]
    return len([part for part in plain.split(",") if part.strip()])


@pytest.mark.parametrize("title", SECTIONS)
def test_the_page_has_every_kind_and_no_other(title: str) -> None:
    """Number, name and count of fields, row by row."""
    told = {
        int(row[0]): (row[1], field_count(row[3] if title == "Zygote socket" else row[2]))
        for row in table(title)
    }

    assert told == {kind: (name, len(shape)) for kind, (name, shape) in SECTIONS[title].items()}


def test_the_page_is_of_this_version() -> None:
    """A change of the wire changes both."""
    assert PAGE.startswith(f"# The wire, version {PROTOCOL_VERSION}\n")


@pytest.mark.parametrize(("text", "hex_"), EXAMPLES)
def test_an_example_is_what_the_codec_makes(text: str, hex_: str) -> None:
    """Both ways."""
    message: Message = ast.literal_eval(text)
    data = bytes.fromhex(hex_)

    assert frame(encode(message)).hex() == data.hex()
    assert decode(data[4:]) == message
    check(message, FROM_HOST if message[0] in FROM_HOST else FROM_WORKER)


def test_there_is_an_example_of_most_kinds() -> None:
    """A page without its examples would pass the test above."""
    assert len({ast.literal_eval(text)[0] for text, _ in EXAMPLES}) >= 10


def test_the_limits_are_those_of_the_code() -> None:
    """Spelled as a person reads them."""
    told = section("Limits")
    assert limits.MAX_FRAME_BYTES == 16 << 20
    assert "| 16 MiB, or less" in told
    assert limits.MAX_PAYLOAD_IN_BYTES == 12 << 20
    assert "| 12 MiB |" in told
    assert limits.MAX_PAYLOAD_OUT_BYTES == 8 << 20
    assert "| 8 MiB, or `payload_out_bytes`" in told
    assert f"| {limits.MAX_OUT_QUEUE_BYTES >> 20} MiB and" in told
    assert f"| {limits.HALF_FRAME_EXPIRES_S:.0f} s | `E_HALF_FRAME`" in told
    assert f"every {limits.JOBS_PER_YIELD} promise jobs" in PAGE
    assert f"0..{limits.MAX_ID} (ids" in PAGE
    assert f"1..{limits.MAX_FRAME_BYTES}\n" in PAGE
    assert f"up to {limits.MAX_NAME_BYTES} characters" in PAGE


def test_every_code_of_a_violation_is_explained() -> None:
    """Those that the wire and the link raise, and no other."""
    sources = [
        *(ROOT / "ipc").glob("*.py"),
        *(
            ROOT / "host" / f"{name}.py"
            for name in ("channel", "instance", "link", "worker_process")
        ),
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    raised = set(re.findall(r'(?:FrameError|violation)\(\s*"(E_[A-Z_]+)"', text))

    assert {row[0].strip("`") for row in table("Violations")} == raised
