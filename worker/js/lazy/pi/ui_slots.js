// Slots: places of the interface that a plugin fills with text, boxes, lists and status items.
"use strict";

const { instance } = internals;
const view = require("pi/ui_view");

const SLOTS = ["Sidebar", "StatusBar", "Overlay", "Header", "Footer"];
// As the host has them; refused here, the author hears of it.
const MAX_DEPTH = 4;
const MAX_NODES = 200;
const MAX_ITEMS = 1000;

const filled = new Map(); // "Slot/ID" -> {slot, id, order, choosers: Map item -> function, stop}

function slotName(name) {
  const known = SLOTS.find((slot) => slot.toLowerCase() === String(name).toLowerCase());
  if (known === undefined) throw new TypeError(`there is no slot "${String(name).slice(0, 40)}"; ${SLOTS.join(", ")} are there`);
  return known;
}

const isObject = (value) => typeof value === "object" && value !== null;

/** Plain data of what a slot shows. Functions of lists are gathered in *state*. */
function nodeOf(content, state, depth = 1) {
  state.nodes += 1;
  if (depth > MAX_DEPTH || state.nodes > MAX_NODES) throw new TypeError(`a slot holds ${MAX_NODES} nodes at most, ${MAX_DEPTH} deep`);
  if (Array.isArray(content)) {
    if (content.every((part) => !isObject(part))) return { kind: "text", lines: view.lines(content) };
    return { kind: "box", title: "", children: content.map((part) => nodeOf(part, state, depth + 1)) };
  }
  if (!isObject(content)) return { kind: "text", lines: view.lines(content) };
  switch (content.kind ?? content.type) {
    case "text":
      return { kind: "text", lines: view.lines(content.lines ?? content.text) };
    case "box":
      return { kind: "box", title: view.line(content.title), children: [...(content.children ?? [])].map((part) => nodeOf(part, state, depth + 1)) };
    case "items":
      return { kind: "items", items: [...(content.items ?? [])].map(statusItem) };
    case "list":
      return listOf(content, state);
    default:
      throw new TypeError("a slot is filled with text, or with what ui.text, ui.box, ui.list and ui.items make");
  }
}

function statusItem(item) {
  if (!isObject(item)) return { line: view.line(item), severity: "info" };
  return { line: view.line(item.line ?? item.text ?? item.label), severity: view.line(item.severity ?? "info") };
}

function listOf(content, state) {
  const given = [...(content.items ?? [])];
  state.items += given.length;
  if (state.items > MAX_ITEMS) throw new TypeError(`the lists of a slot have ${MAX_ITEMS} items at most`);
  const items = given.map((item, at) => {
    if (!isObject(item)) return { id: String(at), line: view.line(item) };
    const shown = { id: view.line(item.id ?? item.value ?? at), line: view.line(item.line ?? item.label ?? item.text) };
    if (item.severity !== undefined) shown.severity = view.line(item.severity);
    if (item.checked !== undefined) shown.checked = Boolean(item.checked);
    return shown;
  });
  const { onSelect } = content;
  const isSelectable = typeof onSelect === "function";
  if (isSelectable) for (const { id } of items) state.choosers.set(id, onSelect);
  const selected = Number.isInteger(content.selected) ? content.selected : null;
  return { kind: "list", title: view.line(content.title), items, selected, selectable: content.selectable ?? isSelectable };
}

/** Fill *slot* with *content*: text, a node, a list of both, a component or a function (tui, theme) that makes one. Gives what takes it away. */
function fill(slot, content, options) {
  const place = slotName(slot);
  const given = isObject(content) && !Array.isArray(content) ? content : {};
  const id = view.line(options?.id ?? given.id ?? "main");
  const order = Number.isInteger(options?.order ?? given.order) ? options?.order ?? given.order : 0;
  const key = `${place}/${id}`;
  const entry = { slot: place, id, order, choosers: new Map(), stop: null };
  const show = (node) => view.show("slot", key, { order, node });
  const isComponent = typeof given.render === "function";
  if (isComponent || typeof content === "function") {
    take(key);
    entry.stop = require("pi/ui_mount").keep(isComponent ? () => content : content, (lines) => show({ kind: "text", lines }));
  } else {
    const node = nodeOf(given.content ?? content, { nodes: 0, items: 0, choosers: entry.choosers });
    const own = options?.onSelect ?? given.onSelect;
    if (typeof own === "function" && node.kind !== "list") {
      for (const item of itemsOf(node)) if (!entry.choosers.has(item)) entry.choosers.set(item, own);
    }
    take(key);
    show(node);
  }
  filled.set(key, entry);
  return () => {
    if (filled.get(key) === entry) clear(place, id);
  };
}

function itemsOf(node) {
  if (node.kind === "list") return node.items.map((item) => item.id);
  return node.kind === "box" ? node.children.flatMap(itemsOf) : [];
}

/** End what fills *key*, and leave its value to who comes next. */
function take(key) {
  filled.get(key)?.stop?.();
  filled.delete(key);
}

/** Empty what this plugin put into *slot*: all of it, or *id*. Says whether there was anything. */
function clear(slot, id) {
  const place = slotName(slot);
  let any = false;
  for (const [key, entry] of [...filled]) {
    if (entry.slot !== place || (id !== undefined && entry.id !== String(id))) continue;
    take(key);
    view.show("slot", key, null);
    any = true;
  }
  return any;
}

const list = () => Array.from(filled.values(), ({ slot, id, order }) => ({ slot, id, order, plugin: instance.name }));

/** What is to be called when *item* of *slot* ("Sidebar/main") is chosen, or null. */
const chooserOf = (slot, item) => filled.get(slot)?.choosers.get(String(item)) ?? null;

Object.assign(exports, { chooserOf, clear, fill, list });
