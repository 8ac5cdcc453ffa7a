// What hostile plugins share: one text in every place that takes a text, and the word that all of it was tried.

const swallow = (attempt) => {
  try { return attempt(); } catch { return undefined; }
};

/** Tries to put *text* into every place there is: what one refuses, the next may take. */
export const everywhere = (text) => {
  swallow(() => pi.ui.setStatus("hostile", text, { severity: text }));
  swallow(() => pi.ui.setStatus(text, "the key is hostile"));
  swallow(() => pi.ui.setWidget("hostile", [text, text]));
  swallow(() => pi.ui.setWidget("below", text, { placement: "belowEditor" }));
  swallow(() => pi.ui.setTitle(text));
  swallow(() => pi.setSessionName(text));
  swallow(() => pi.ui.setWorkingMessage(text));
  swallow(() => pi.ui.setWorkingVisible(true));
  swallow(() => pi.ui.setWorkingIndicator({ frames: [text, "x"], intervalMs: 50 }));
  for (const slot of ["Sidebar", "StatusBar", "Overlay", "Header", "Footer"]) {
    swallow(() => pi.tui.slot.fill(slot, text, { id: "text" }));
    swallow(() => pi.tui.slot.fill(slot, "the id is hostile", { id: text }));
  }
  swallow(() => pi.tui.slot.fill("Sidebar", pi.tui.ui.box(text, [
    pi.tui.ui.list([{ id: "one", line: text, severity: "error", checked: true }, { id: text, line: text }], { title: text, selectable: true }),
    pi.tui.ui.items([{ line: text, severity: text }]),
  ]), { id: "tree" }));
  swallow(() => pi.tui.keymap.register("ctrl+y", () => {}, { description: text }));
  swallow(() => pi.tui.keymap.register(text, () => {}, { description: "the key is hostile" }));
  swallow(() => pi.tui.theme.setColor("accent", text));
  swallow(() => pi.tui.theme.setColor(text, "#ff0000"));
  swallow(() => pi.tui.route.register("hostile", { title: text, component: () => ({ render: () => [text], handleInput: () => true, invalidate: () => {} }) }));
  swallow(() => pi.tui.route.register(text, () => ({ render: () => [text], handleInput: () => true, invalidate: () => {} })));
  swallow(() => pi.registerCommand("hostile", { description: text, handler: () => text }));
  swallow(() => pi.registerCommand(text, { description: text, handler: () => text }));
  swallow(() => pi.ui.notify(text, text));
  onceSeen(() => {
    swallow(() => pi.ui.custom(() => ({ render: () => [text, text], handleInput: () => true, invalidate: () => {} }), { title: text }).catch(() => {}));
    swallow(() => pi.ui.select(text, [text, { label: text, description: text }]).catch(() => {}));
    swallow(() => pi.ui.input(text, text, { prefill: text }).catch(() => {}));
  });
  attempted();
};

/** A component that shows *lines* and takes every key. */
export const showing = (...lines) => ({ render: () => lines, handleInput: () => true, invalidate: () => {} });

/** Does *attempt* again and again, *often* times in a turn, a turn every *ms* milliseconds; what it throws stops nothing. */
export const again = (attempt, { often = 1, ms = 1 } = {}) => {
  let n = 0;
  const turn = () => {
    for (let at = 0; at < often; at++) swallow(() => attempt(n++));
    attempted();
  };
  turn();
  setInterval(turn, ms);
};

/** Says, in a place of its own, that the attack was made. */
export const attempted = () => pi.ui.setStatus("attempted", "attempted");

/** Calls *attempt* as soon as there is an interface, and each time that it is gone and comes back. */
export const onceSeen = (attempt) => {
  let was = false;
  setInterval(() => {
    const is = pi.ui.getTheme("dark") !== undefined; // there is one only where somebody looks
    if (is && !was) swallow(attempt);
    was = is;
  }, 20);
};
