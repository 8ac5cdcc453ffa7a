const make = (t, Kind, ...rest) => {
  const told = [];
  const loader = new Kind({ requestRender: () => told.push("render") }, t.sgr(36, 39), t.sgr(2, 22), ...rest);
  return { loader, told };
};
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAADklEQVR4nGP4z8DwHxkAACruBvrBWgyUAAAAAElFTkSuQmCC";

// Where the one of two overlays lies over lines of 20 columns; the other one is hidden.
const PLACES = [
  {}, { width: 4 }, { width: "50%" }, { width: 3, minWidth: 6 }, { width: 500 }, { maxHeight: 1 }, { maxHeight: "50%" },
  ...["center", "top-left", "top-center", "top-right", "left-center", "right-center", "bottom-left", "bottom-center", "bottom-right"].map((anchor) => ({ width: 5, anchor })),
  { width: 5, row: 1, col: 3 }, { width: 5, row: 99, col: 99 }, { width: 5, row: "0%", col: "100%" }, { width: 5, row: "x", col: "50%" },
  { width: 5, anchor: "top-left", offsetX: 2, offsetY: 1 }, { width: 5, offsetX: -50, offsetY: -50 }, { width: 5, anchor: "bottom-right", margin: 1 },
  { width: 50, margin: { left: 3, right: 2 } }, { width: 5, anchor: "top-left", margin: { top: 2 } },
];

/** *below* and three lines more, with an overlay, and one that is hidden. */
const overlaid = (t, options, below) => {
  const tui = new t.pi.TUI({ rows: 6, columns: 20, hideCursor: () => undefined, write: () => undefined });
  tui.stopped = true; // pi's would write to its terminal
  const rest = Array(6 - below.length).fill(t.sgr(31, 39)("d".repeat(20)));
  tui.addChild({ render: () => [...below, ...rest], invalidate: () => undefined });
  tui.showOverlay({ render: (width) => ["#".repeat(width), t.sgr(4, 24)("\u5b57\u5b57"), ""], invalidate: () => undefined }, options);
  tui.showOverlay({ render: () => ["hidden"], invalidate: () => undefined }).setHidden(true);
  const lines = tui.render(20);
  return t.seen(tui.compositeOverlays === undefined ? lines : tui.compositeOverlays(lines, 20, 6));
};

const cases = {
  "a loader": (t) => {
    const { loader, told } = make(t, t.pi.Loader, "Working...");
    loader.stop();
    loader.setMessage("Still working on a thing that takes longer than a line");
    return [told, t.WIDTHS.map((width) => t.seen(loader.render(width)))];
  },
  "a loader without a message": (t) => {
    const { loader } = make(t, t.pi.Loader);
    loader.stop();
    return t.seen(loader.render(40));
  },
  "a loader's frames turn": async (t) => {
    const { loader, told } = make(t, t.pi.Loader, "x", { frames: ["1", "2"], intervalMs: 5 });
    const first = loader.render(20)[1];
    await t.until(() => loader.render(20)[1] !== first);
    const second = loader.render(20)[1];
    loader.stop();
    const count = told.length;
    loader.setIndicator({ frames: ["only"] });
    return [t.spans(first), t.spans(second), told.length - count, t.seen(loader.render(20))];
  },
  "a loader without frames": (t) => {
    const { loader } = make(t, t.pi.Loader, "x", { frames: [] });
    return t.seen(loader.render(20));
  },
  "a loader that can be cancelled": (t) => {
    const { loader } = make(t, t.pi.CancellableLoader, "x");
    const told = [];
    loader.onAbort = () => told.push("abort");
    const before = [loader.aborted, loader.signal.aborted];
    loader.handleInput("x");
    loader.handleInput("\x1b");
    loader.dispose();
    return [before, loader.aborted, loader.signal.aborted, told];
  },
  "an image": (t) => t.seen(new t.pi.Image(PIXEL, "image/png", { fallbackColor: t.sgr(2, 22) }, { filename: "a.png" }).render(40)),
  "an image of a given size": (t) => t.seen(new t.pi.Image("", "image/jpeg", { fallbackColor: t.sgr(2, 22) }, {}, { widthPx: 3, heightPx: 4 }).render(40)),
  "an image that cannot be read": (t) => t.seen(new t.pi.Image("!!!", "image/jpeg", { fallbackColor: t.sgr(2, 22) }).render(40)),
  "overlays lie where they are anchored": (t) => PLACES.map((options) => overlaid(t, options, ["a".repeat(20), "b".repeat(20), `\u6f22a${t.sgr(1, 22)("c".repeat(17))}`])),
  "an overlay cuts wide characters": (t) => overlaid(t, { width: 5, row: 0, col: 7 }, ["\u6f22".repeat(10)]),
  "the focus": (t) => {
    const tui = new t.pi.TUI({ rows: 24, columns: 80, hideCursor: () => undefined, write: () => undefined });
    const one = new t.pi.Input();
    const two = new t.pi.Input();
    tui.addChild(one);
    tui.setFocus(one);
    const first = [one.focused, two.focused];
    tui.setFocus(two);
    const second = [one.focused, two.focused];
    tui.setFocus(null);
    return [first, second, one.focused, two.focused, t.pi.isFocusable(one), t.pi.isFocusable(new t.pi.Spacer()), t.pi.isFocusable(null), t.pi.CURSOR_MARKER];
  },
  "overlays take the focus and give it back": (t) => {
    const terminal = new Proxy({ rows: 24, columns: 80 }, { get: (held, name) => held[name] ?? (() => undefined) });
    const tui = new t.pi.TUI(terminal);
    const [base, one, two, quiet] = Array.from({ length: 4 }, () => new t.pi.Input());
    const steps = [];
    const note = () => steps.push([base, one, two, quiet].map((input) => input.focused).concat(tui.hasOverlay()));
    tui.addChild(base);
    tui.setFocus(base);
    const first = tui.showOverlay(one, {});
    note();
    const second = tui.showOverlay(two);
    const third = tui.showOverlay(quiet, { nonCapturing: true });
    note();
    second.setHidden(true);
    note();
    second.setHidden(false);
    steps.push([first.isFocused(), second.isFocused(), third.isFocused(), second.isHidden()]);
    first.focus();
    note();
    first.unfocus();
    note();
    third.hide();
    third.hide();
    tui.hideOverlay();
    note();
    first.hide();
    note();
    tui.hideOverlay();
    tui.stop();
    return steps;
  },
};
