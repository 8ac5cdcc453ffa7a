// The TUI half of the todo board: the list beside the prompt, the number of open items in the status bar, and a board to work on it.
//
// It has no list of its own. It shows what the server half keeps in the store that they share, and asks it for every change.

import type { Component, Ctx, Pi, Theme } from "jcode-plugin";
import { type Change, type Item, ask, maxText, open, read, tell } from "./list.ts";

type Wish = { action: "add" } | { action: "edit" | "toggle" | "remove"; item: Item } | { action: "clear" };

const tries = 20;
const patienceMs = 500;
const hint = "Space done  a add  e edit  d remove  c clear  q close";

export default function (pi: Pi) {
  const { ui, slot } = pi.tui;
  const waiting = new Map<string, (error: string | undefined) => void>();
  let redraw: (() => void) | null = null; // of the open board
  let isOpen = false;

  // --- what is shown --------------------------------------------------------------------------------------

  function show(): void {
    const list = read(pi.kv);
    const count = open(list);
    const items = list.items.map((item) => ({ id: String(item.id), line: item.text, checked: item.done }));
    if (items.length === 0) slot.fill("Sidebar", ui.box("Todo", [ui.text(`Press ${pi.settings.key} to add`)]), { id: "todo" });
    else slot.fill("Sidebar", ui.list(items, { title: "Todo", onSelect: chosen }), { id: "todo", order: 10 });
    if (items.length === 0) pi.ui.setStatus("open", undefined);
    else pi.ui.setStatus("open", count === 0 ? "all done" : `${count} open`, { severity: count === 0 ? "success" : "info" });
    redraw?.();
  }

  /** Space on an item of the sidebar is done or not, Enter opens the board there. */
  function chosen(id: string, action: "activate" | "toggle", ctx: Ctx): unknown {
    const item = read(pi.kv).items.find((one) => String(one.id) === id);
    if (item === undefined) return undefined;
    return action === "toggle" ? act(ctx, { action: "toggle", item }) : board(ctx, item.id);
  }

  // --- changes --------------------------------------------------------------------------------------------

  /** Have the server half make *change*. It may be starting again just now: the wish is repeated until it is heard. */
  async function request(change: Change): Promise<void> {
    const mark = pi.uuid();
    const answer = new Promise<string | undefined>((resolve) => waiting.set(mark, resolve));
    try {
      for (let at = 0; at < tries; at++) {
        await pi.events.emit(ask, { ...change, mark });
        const silence = pi.sleep(patienceMs).then(() => null);
        const error = await Promise.race([answer, silence]);
        if (error === null) continue;
        if (error !== undefined) pi.ui.notify(`Not done: ${error}`, "warning");
        return;
      }
      pi.ui.notify("Not done: the other half of the todo board does not answer", "error");
    } finally {
      waiting.delete(mark);
    }
  }

  pi.events.on(tell, (data, { from, part }) => {
    if (from !== pi.name || part !== "server") return;
    show();
    waiting.get(data?.mark)?.(data.error);
  });

  /** Do what was chosen; asks for a text where one is needed. */
  async function act(ctx: Ctx, wish: Wish): Promise<void> {
    switch (wish.action) {
      case "add": {
        const text = await ctx.ui.input("What is to be done?", `at most ${maxText} characters`);
        if (text?.trim()) await request({ action: "add", text, key: pi.uuid() });
        return;
      }
      case "edit": {
        const text = await ctx.ui.input("What is to be done?", "", { prefill: wish.item.text });
        if (text?.trim()) await request({ action: "edit", id: wish.item.id, text });
        return;
      }
      case "toggle":
        return request({ action: wish.item.done ? "undo" : "done", id: wish.item.id });
      case "remove":
        return request({ action: "remove", id: wish.item.id });
      case "clear":
        return request({ action: "clear" });
    }
  }

  // --- the board ------------------------------------------------------------------------------------------

  /** The list with keys of its own. *done* gets what needs a question, or undefined when it is closed. */
  function makeBoard(theme: Theme, keys: any, start: number, ctx: Ctx, rows: () => number, done: (wish?: Wish) => void): Component {
    let at = start;
    const items = () => read(pi.kv).items;
    const here = () => items()[at];
    const move = (by: number) => { at = Math.max(0, Math.min(items().length - 1, at + by)); };

    function render(width: number): string[] {
      move(0); // the list may be shorter by now
      const list = items();
      const most = Math.max(1, rows() - 8); // what the interface has around it
      const first = Math.max(0, Math.min(at - Math.floor(most / 2), list.length - most));
      const lines = list.slice(first, first + most).map((item, row) => {
        const text = `${item.done ? "[x]" : "[ ]"} ${item.id}. ${item.text}`;
        const isHere = first + row === at;
        const styled = item.done ? theme.fg("muted", text) : text;
        return isHere ? theme.fg("accent", `> ${text}`) : `  ${styled}`;
      });
      if (list.length === 0) lines.push(theme.fg("muted", "Nothing to do. Press a to add."));
      return [...lines, "", theme.fg("dim", hint.slice(0, width))];
    }

    function handleInput(data: string): void {
      const item = here();
      if (keys.matches(data, "tui.select.up") || data === "k") move(-1);
      else if (keys.matches(data, "tui.select.down") || data === "j") move(1);
      else if (keys.matches(data, "tui.select.cancel") || data === "q") done();
      else if (data === "a") done({ action: "add" });
      else if (data === "c") act(ctx, { action: "clear" });
      else if (item === undefined) return;
      else if (data === " ") act(ctx, { action: "toggle", item });
      else if (data === "d") act(ctx, { action: "remove", item });
      else if (data === "e" || keys.matches(data, "tui.select.confirm")) done({ action: "edit", item });
    }

    return { render, handleInput };
  }

  /** Show the board until it is closed. A question takes its place, and then it is back. */
  async function board(ctx: Ctx, id?: number): Promise<void> {
    if (isOpen) return;
    isOpen = true;
    try {
      for (let last = id; ;) {
        const start = Math.max(0, read(pi.kv).items.findIndex((item) => item.id === last));
        const wish = await ctx.ui.custom<Wish | undefined>(
          (tui, theme, keys, done) => {
            redraw = () => tui.requestRender();
            return makeBoard(theme, keys, start, ctx, () => tui.terminal.rows, done);
          },
          { overlay: true, title: "Todo", overlayOptions: { width: "70%" } },
        );
        redraw = null;
        if (wish === undefined) return;
        await act(ctx, wish);
        last = "item" in wish ? wish.item.id : read(pi.kv).items.at(-1)?.id;
      }
    } finally {
      redraw = null;
      isOpen = false;
    }
  }

  pi.tui.keymap.register(pi.settings.key, (ctx) => board(ctx), { description: "Todo board" });
  show();
}
