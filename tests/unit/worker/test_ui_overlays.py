"""Where a component lies over another one: pi's options, told apart by what is seen."""

import json

import pytest

from tests.unit.worker.ui_support import UI, Ui

PLACES = [
    ("{}", (1, 3)),
    ("{anchor: 'top-left'}", (0, 0)),
    ("{anchor: 'top-center'}", (0, 3)),
    ("{anchor: 'top-right'}", (0, 6)),
    ("{anchor: 'left-center'}", (1, 0)),
    ("{anchor: 'right-center'}", (1, 6)),
    ("{anchor: 'bottom-left'}", (3, 0)),
    ("{anchor: 'bottom-right'}", (3, 6)),
    ("{row: 2, col: 5}", (2, 5)),
    ("{row: 99, col: 99}", (3, 6)),
    ("{row: '100%', col: '0%'}", (3, 0)),
    ("{anchor: 'top-left', offsetX: 2, offsetY: 1}", (1, 2)),
    ("{anchor: 'bottom-right', margin: 1}", (2, 5)),
    ("{anchor: 'top-left', margin: {left: 2}}", (0, 2)),
]


@pytest.mark.parametrize(("options", "place"), PLACES)
def test_an_overlay_lies_where_it_is_anchored(options: str, place: tuple[int, int]) -> None:
    """In four rows of ten columns, four wide; what is beside it stays."""
    js = Ui()
    js.open(
        "pi.registerCommand('open', { handler: (a, ctx) => ctx.ui.custom((tui) => { tui.showOverlay({ render: (w) => ['#'.repeat(w)] }, { width: 4, ...OPTIONS }); return { render: () => Array(4).fill('.'.repeat(10)) }; }) });".replace(
            "OPTIONS", options
        ),
        ui=UI | {"width": 10, "height": 4},
    )
    js.start("open")
    shown = [str(line).replace("\x1b[0m", "") for line in js.lines()]
    (row,) = [at for at, line in enumerate(shown) if "#" in line]

    assert (row, shown[row].index("#")) == place
    assert [line.replace("#", ".") for line in shown] == ["." * 10] * 4, json.dumps(shown)
