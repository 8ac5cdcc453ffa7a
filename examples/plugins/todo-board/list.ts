// The list of both halves: what it is, how it is changed, how it is written down.

import type { Kv } from "jcode-plugin";

export interface Item {
  id: number;
  text: string;
  done: boolean;
  /** What asked for it: asked again, it is not added again. */
  key?: string;
}

export interface List {
  next: number;
  items: Item[];
}

/** A wish to change the list. Each can come twice without harm. */
export type Change =
  | { action: "add"; text: string; key?: string }
  | { action: "edit"; id: number; text: string }
  | { action: "done" | "undo" | "remove"; id: number }
  | { action: "clear" };

export const maxItems = 200;
export const maxText = 200;

/** What the two halves tell each other: the TUI half asks for a change, the server half says that it was made. */
export const ask = "todo-board.change";
export const tell = "todo-board.changed";

export const read = (kv: Kv): List => kv.get("list") ?? { next: 1, items: [] };
export const open = (list: List) => list.items.filter((item) => !item.done).length;

export function written(list: List): string {
  if (list.items.length === 0) return "Nothing is to be done.";
  return list.items.map((item) => `${item.done ? "[x]" : "[ ]"} ${item.id}. ${item.text}`).join("\n");
}

/** Change *list*; returns what was done, in words. Throws, in words, what cannot be done. */
export function apply(list: List, change: Change): string {
  if (change.action === "clear") {
    const before = list.items.length;
    list.items = list.items.filter((item) => !item.done);
    return `removed ${before - list.items.length} that were done`;
  }
  if (change.action === "add") {
    const { key } = change;
    const again = key === undefined ? undefined : list.items.find((item) => item.key === key);
    if (again) return `added ${again.id}. ${again.text}`;
    if (list.items.length >= maxItems) throw new Error(`${maxItems} items are enough; remove some`);
    const item: Item = { id: list.next, text: line(change.text), done: false, ...(key === undefined ? {} : { key }) };
    list.next += 1;
    list.items.push(item);
    return `added ${item.id}. ${item.text}`;
  }
  const at = list.items.findIndex((item) => item.id === change.id);
  const item = list.items[at];
  if (change.action === "remove") {
    if (item) list.items.splice(at, 1);
    return item ? `removed ${item.id}. ${item.text}` : `there is no ${change.id}`;
  }
  if (!item) throw new Error(`there is no ${change.id}`);
  if (change.action === "edit") item.text = line(change.text);
  else item.done = change.action === "done";
  return `${{ edit: "changed", done: "done", undo: "open again" }[change.action]}: ${item.id}. ${item.text}`;
}

function line(text: string): string {
  const one = text.replace(/\s+/g, " ").trim();
  if (one === "") throw new Error("an item needs a text");
  return one.slice(0, maxText);
}

/** A change out of words that a person typed, or that came from elsewhere; null when it is none. */
export function changeOf(action: unknown, id: unknown, text: unknown, key?: unknown): Change | null {
  const number = Number(id);
  switch (action) {
    case "clear":
      return { action };
    case "add":
      return typeof text !== "string" ? null : typeof key === "string" ? { action, text, key } : { action, text };
    case "edit":
      return typeof text === "string" && Number.isInteger(number) ? { action, id: number, text } : null;
    case "done":
    case "undo":
    case "remove":
      return Number.isInteger(number) ? { action, id: number } : null;
    default:
      return null;
  }
}
