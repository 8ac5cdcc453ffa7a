"""The SVG of a run, read back as XML."""

from xml.etree import ElementTree as ET

import pytest

from benchmarks.names import HOOK_BLOCKING, NODE_BLOCKING
from benchmarks.plot import axis, position, render
from tests.unit.benchmarks.runs import row, run, usual

SVG = "{http://www.w3.org/2000/svg}"


def bars(text: str) -> dict[str, float]:
    """Return the width of each row's bar by the row's name."""
    widths = {}
    for group in ET.fromstring(text).iter(f"{SVG}g"):  # noqa: S314 - we wrote it
        label, rect = group.find(f"{SVG}text"), group.find(f"{SVG}rect")
        assert label is not None
        assert rect is not None
        widths[label.text or ""] = float(rect.attrib["width"])
    return widths


def test_every_row_has_a_bar_and_slower_is_longer() -> None:
    """Well-formed, even with a CPU whose name holds markup."""
    widths = bars(render(usual()))

    assert len(widths) == 3
    assert widths[HOOK_BLOCKING] < widths[NODE_BLOCKING]


def test_equal_factors_are_equal_lengths() -> None:
    """The axis is logarithmic."""
    text = render(run(*(row(f"r{p50}", p50=p50, p99=p50) for p50 in (20, 200, 2000))))
    widths = bars(text)

    assert widths["r200"] - widths["r20"] == pytest.approx(
        widths["r2000"] - widths["r200"], abs=0.2
    )


@pytest.mark.parametrize("ratios", [[0.02, 1, 9000], [1.0], [10, 10], [0.5, 3]])
def test_the_axis_holds_every_ratio(ratios: list[float]) -> None:
    """And is never empty, even for one value."""
    low, high = axis(ratios)

    assert low < high
    assert all(0 <= position(ratio, low, high) <= 1 for ratio in ratios)


def test_the_plot_names_machine_and_commit() -> None:
    """A picture without them proves nothing."""
    words = "".join(ET.fromstring(render(usual())).itertext())  # noqa: S314 - we wrote it

    assert "A <fast> & small CPU" in words
    assert "commit abc1234" in words
