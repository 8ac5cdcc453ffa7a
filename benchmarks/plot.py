"""The plot of a run: one bar a row, on a logarithmic axis in multiples of the pipe floor.

Pure: a run goes in, the text of an SVG comes out. Written by hand because one chart does not need a
plotting library, and its text stays searchable.
"""

import math
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.report import multiple
from benchmarks.results import Family, RowResult, Run

_FILL: Final[dict[Family, str]] = {"floor": "#8a8f98", "ours": "#1f6feb", "peer": "#d1762f"}
_SAYS: Final[dict[Family, str]] = {
    "floor": "pipe floor",
    "ours": "jcode-plugins",
    "peer": "what one would use instead",
}
_LABELS: Final = 330
_BARS: Final = 560
_VALUES: Final = 120
_ROW: Final = 22
_TOP: Final = 76
_BOTTOM: Final = 42
_WIDTH: Final = _LABELS + _BARS + _VALUES


def axis(ratios: Sequence[float]) -> tuple[int, int]:
    """Return the powers of ten, low and high, between which every positive ratio fits."""
    low = math.floor(math.log10(min(ratios)))
    high = math.ceil(math.log10(max(ratios)))
    return low, max(high, low + 1)


def position(ratio: float, low: int, high: int) -> float:
    """Return where *ratio* lies between the two powers of ten: 0 at the low one, 1 at the high one."""
    return (math.log10(ratio) - low) / (high - low)


def render(run: Run) -> str:
    """Return an SVG of the rows of *run*, in its order; bars end at p50, whiskers at p99."""
    bars = [(row, _p99_ratio(row)) for row in run.rows if row.x_floor > 0]
    if not bars:
        raise ValueError("a run without rows has no plot")
    low, high = axis([ratio for row, whisker in bars for ratio in (row.x_floor, whisker)])
    height = _TOP + _ROW * len(bars) + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="12" '
        'role="img">',
        "<title>Round trips as multiples of the pipe floor</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        *_header(run),
        *_grid(low, high, height),
    ]
    for index, (row, whisker) in enumerate(bars):
        parts += _bar(row, whisker, _TOP + index * _ROW, low, high)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _p99_ratio(row: RowResult) -> float:
    return row.x_floor * row.p99_us / row.p50_us


def _text(x: float, y: float, body: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {extra}>{escape(body)}</text>'


def _header(run: Run) -> list[str]:
    where = f"{run.machine.cpu}, {run.machine.cores} cores, Linux {run.machine.kernel}, commit {run.commit}"
    parts = [
        _text(
            12,
            22,
            "Bar: p50, line: p99, in multiples of a 106-byte pipe round trip (xF)",
            'font-size="15" font-weight="600" fill="#1b1f24"',
        ),
        _text(12, 40, where, 'fill="#57606a"'),
    ]
    x = 12.0
    for family, colour in _FILL.items():
        parts.append(f'<rect x="{x:.1f}" y="50" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 17, 60, _SAYS[family], 'fill="#1b1f24"'))
        x += 40 + 7 * len(_SAYS[family])
    return parts


def _grid(low: int, high: int, height: int) -> list[str]:
    parts = []
    bottom = height - _BOTTOM
    for power in range(low, high + 1):
        x = _LABELS + _BARS * position(10.0**power, low, high)
        colour = "#57606a" if power == 0 else "#d8dee4"
        parts.append(
            f'<line x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"/>'
        )
        parts.append(
            _text(x, bottom + 18, f"{10.0**power:g}", 'text-anchor="middle" fill="#57606a"')
        )
    return parts


def _bar(row: RowResult, whisker: float, y: int, low: int, high: int) -> list[str]:
    end = _LABELS + _BARS * position(row.x_floor, low, high)
    tip = _LABELS + _BARS * position(whisker, low, high)
    middle = y + _ROW / 2
    colour = _FILL[row.family]
    return [
        f"<g><title>{escape(f'{row.name}: p50 {row.p50_us:g} us, p99 {row.p99_us:g} us')}</title>",
        _text(_LABELS - 8, middle + 4, row.name, 'text-anchor="end" fill="#1b1f24"'),
        f'<rect x="{_LABELS}" y="{y + 4}" width="{max(end - _LABELS, 1):.1f}" height="{_ROW - 8}" '
        f'fill="{colour}"/>',
        f'<line x1="{end:.1f}" y1="{middle}" x2="{tip:.1f}" y2="{middle}" stroke="{colour}"/>',
        _text(max(end, tip) + 6, middle + 4, f"{multiple(row.x_floor)} xF", 'fill="#1b1f24"'),
        "</g>",
    ]
