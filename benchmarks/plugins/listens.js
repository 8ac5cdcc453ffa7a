// A TUI half alone: it is told of an event after the fact, and does nothing with it.
export const manifest = { kind: "tui" };

export default function (pi) {
  pi.on("PostToolUse", () => {});
}
