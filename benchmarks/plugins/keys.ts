// A component that counts the keys that it gets, and draws a frame of twenty lines for each.
export default function (pi) {
  pi.registerCommand("keys", {
    description: "Counts keys.",
    handler: (_args, ctx) =>
      ctx.ui.custom((tui, theme) => {
        let keys = 0;
        return {
          render: (width) => Array.from({ length: 20 }, (_, row) => theme.fg("accent", `${keys} ${row}`.padEnd(width))),
          handleInput: () => {
            keys += 1;
            tui.requestRender();
          },
          invalidate: () => {},
        };
      }),
  });
}
