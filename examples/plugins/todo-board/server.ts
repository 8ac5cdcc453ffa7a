// The server half of the todo board: it has the list. The model changes it with the tool `todo`, a person with `/todo`, and the board
// on the screen (tui.ts) by asking for a change: one writer, so that nothing is lost between them.

import type { Pi } from "jcode-plugin";
import { type Change, apply, ask, changeOf, read, tell, written } from "./list.ts";

const actions = ["add", "list", "done", "undo", "edit", "remove", "clear"];

export default function (pi: Pi) {
  /** Change the list. What is read and set without a pause in between cannot get in the way of another change. */
  async function make(change: Change): Promise<string> {
    const list = read(pi.kv);
    const what = apply(list, change);
    await pi.kv.set("list", list);
    pi.events.emit(tell).catch(() => undefined); // nobody has to look
    return what;
  }

  pi.registerTool<{ action: string; id?: number; text?: string }>({
    name: "todo",
    description:
      "The list of what is to be done in this project, shared with the person. Add each step before you begin, and mark it done when it is. " +
      "`add` and `edit` take a text, `done`, `undo`, `edit` and `remove` an id; `clear` removes what is done. Every answer is the whole list.",
    tier: "read", // it changes nothing but this list
    parameters: {
      type: "object",
      properties: {
        action: { type: "string", enum: actions },
        id: { type: "integer", minimum: 1, description: "The number before the item" },
        text: { type: "string", minLength: 1, maxLength: 200 },
      },
      required: ["action"],
      additionalProperties: false,
    },
    async handler({ action, id, text }) {
      if (action === "list") return written(read(pi.kv));
      const change = changeOf(action, id, text);
      if (change === null) throw new Error(`${action} needs ${action === "add" ? "a text" : action === "edit" ? "an id and a text" : "an id"}`);
      const what = await make(change);
      return `${what}\n\n${written(read(pi.kv))}`;
    },
  });

  pi.registerCommand("todo", {
    description: "The list of what is to be done: add TEXT, done N, undo N, edit N TEXT, remove N, clear",
    getArgumentCompletions(prefix) {
      const [word, rest] = prefix.split(" ", 2);
      if (rest === undefined) return actions.filter((action) => action.startsWith(word));
      if (!["done", "undo", "edit", "remove"].includes(word)) return null;
      const items = read(pi.kv).items.filter((item) => String(item.id).startsWith(rest) && (word === "undo" ? item.done : word !== "done" || !item.done));
      return items.map((item) => ({ value: `${word} ${item.id}`, label: `${item.id}. ${item.text}` }));
    },
    async handler(args) {
      const [, action, rest] = /^(\S*)\s*(.*)$/s.exec(args.trim())!;
      if (action === "" || action === "list") return written(read(pi.kv));
      const [, id, text] = /^#?(\d*)\.?\s*(.*)$/s.exec(rest)!;
      const change = action === "add" ? changeOf(action, 0, rest) : changeOf(action, id || NaN, text);
      if (change === null) throw new Error("todo [list], todo add TEXT, todo done|undo|remove N, todo edit N TEXT, todo clear");
      return make(change);
    },
  });

  // The board asks, with a mark of its own, until it hears that mark again. Another plugin's message of this name is nobody's wish.
  pi.events.on(ask, async (data, { from, part }) => {
    if (from !== pi.name || part !== "tui") return;
    const change = changeOf(data?.action, data?.id, data?.text, data?.key);
    let error: string | undefined;
    try {
      if (change === null) throw new Error("that is no change");
      await make(change);
    } catch (failed: any) {
      error = failed.message;
    }
    await pi.events.emit(tell, { mark: data?.mark, error });
  });
}
