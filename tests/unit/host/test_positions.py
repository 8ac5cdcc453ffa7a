"""Rewriting of positions: exact for what we made, harmless for what a worker makes up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.positions import BUNDLE_LINE_OFFSET, MAX_TEXT, ArtifactMap, map_positions

START = BUNDLE_LINE_OFFSET + 3
# line 0: column 0 -> 4:2, column 8 -> 4:20; line 1: nothing; line 2: column 2 -> 9:0
MAP = ArtifactMap([START, START + 10], ["src/a.ts", "b.ts"], ["AIE,QAkB;;EKpB", "AAAA"])


def at(line: int, column: int | None = None) -> str:
    """Return a position as the engine writes it."""
    return f"<input>:{line}" + ("" if column is None else f":{column}")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (at(START, 1), "src/a.ts:5:3"),
        (at(START, 4), "src/a.ts:5:6"),
        (at(START, 9), "src/a.ts:5:21"),
        (at(START), "src/a.ts:5"),
        (at(START + 1, 5), "src/a.ts:5"),
        (at(START + 2, 3), "src/a.ts:10:1"),
        (at(START + 2, 1), "src/a.ts:10:1"),
        (at(START + 10, 1), "b.ts"),
        (at(12, 3), "<runtime>"),
        (at(999_999_999, 1), "<runtime>"),
    ],
)
def test_places(place: str, expected: str) -> None:
    """Columns move in step behind a segment; an unmapped line takes the line before."""
    assert map_positions(f"x {place} y", MAP) == f"x {expected} y"


def test_runtime_frames_are_dropped() -> None:
    """And the engine's frames that the runtime called, but not those that the plugin called."""
    stack = "\n".join(
        [
            f"    at inner ({at(START, 1)})",
            "    at map (native)",
            f"    at outer ({at(START + 2, 3)})",
            "    at apply (native)",
            f"    at dispatch ({at(40, 7)})",
            f"    at glue ({at(BUNDLE_LINE_OFFSET + 1, 7)})",
            "",
        ]
    )

    assert map_positions(stack, MAP).split("\n") == [
        "    at inner (src/a.ts:5:3)",
        "    at map (native)",
        "    at outer (src/a.ts:10:1)",
        "",
    ]


@given(st.text(alphabet=st.sampled_from("<input>:0123456789 at(\n"), max_size=400))
def test_any_text_is_survived(text: str) -> None:
    """The text is a worker's; nothing in it raises."""
    map_positions(text, MAP)


@given(
    st.lists(
        st.text(alphabet=st.sampled_from("AZaz09+/,;!"), max_size=80), min_size=1, max_size=3
    ),
    st.integers(0, 40),
)
def test_any_map_is_survived(maps: list[str], line: int) -> None:
    """So is the map: a damaged one costs precision, never an exception."""
    damaged = ArtifactMap([START + 12 * n for n in range(len(maps))], ["p"] * len(maps), maps)

    assert map_positions(at(START + line, 5), damaged)


def test_long_texts_are_cut() -> None:
    """Work is bounded before it starts."""
    assert len(map_positions("<input>:20005:1 " * 100_000, MAP)) < 2 * MAX_TEXT


@pytest.mark.parametrize(
    "artifact",
    [
        {},
        {"modules": [], "map": [""]},
        {"modules": [{"path": "a", "line": True}], "map": [""]},
        {"modules": [{"path": 1, "line": START}], "map": [""]},
        {"modules": [{"path": "a", "line": 5}], "map": [""]},
        {
            "modules": [{"path": "a", "line": START}, {"path": "b", "line": START}],
            "map": ["", ""],
        },
        {"modules": [{"path": "a", "line": START}], "map": [b""]},
        {"modules": [[]], "map": [""]},
    ],
)
def test_a_malformed_artifact_is_refused(artifact: dict[str, object]) -> None:
    """The builder is a worker too."""
    with pytest.raises(ValueError, match="artifact"):
        ArtifactMap.from_artifact(artifact)
