// pi.tui: slots, keys, full-screen views and colours of a terminal interface, each a table of small functions.
"use strict";

const { publish } = internals;
const view = require("pi/ui_view");
const slots = require("pi/ui_slots");
const { keymap } = require("pi/keymaps");
const { newFrame } = require("pi/ui_frames");
const { getKeybindings } = require("pi/keybindings");
const { currentTheme } = require("pi/theme");

const routes = new Map(); // name -> {title, make, frame or null}
const colors = new Map(); // theme colour -> what this plugin wants it to be

/** A frozen table of published functions. */
function table(functions) {
  const made = {};
  for (const name of Object.keys(functions)) publish(made, name, functions[name]);
  return Object.freeze(made);
}

const isObject = (value) => typeof value === "object" && value !== null;

/** What makes the component of a route: a function, a component, or an object with either as ``component``. */
function makerOf(name, definition) {
  const given = isObject(definition) && definition.component !== undefined ? definition.component : definition;
  if (typeof given === "function") return given;
  if (isObject(given) && typeof given.render === "function") return () => given;
  throw new TypeError(`route.register: "${name}" needs a component, or a function (tui, theme, keybindings, done) that makes one`);
}

function registerRoute(first, second) {
  const definition = isObject(first) ? first : second;
  const name = view.line(isObject(first) ? first.name ?? first.path : first);
  if (name === "") throw new TypeError("route.register needs a name");
  const make = makerOf(name, definition);
  unregisterRoute(name);
  const route = { name, title: view.line(definition.title ?? name), make, frame: null };
  routes.set(name, route);
  showRoute(route);
  return () => {
    if (routes.get(name) === route) unregisterRoute(name);
  };
}

function unregisterRoute(name) {
  const route = routes.get(String(name));
  if (route === undefined) return false;
  route.frame?.close();
  routes.delete(route.name);
  view.show("route", route.name, null);
  return true;
}

const showRoute = (route) => view.show("route", route.name, { title: route.title, frame: route.frame?.id ?? null });

function closeRoute(route) {
  if (route.frame === null) return;
  route.frame.close();
  route.frame = null;
  showRoute(route);
}

/** Open or close the view *name*; whether there is one. */
function routed(name, isOpen) {
  const route = routes.get(String(name));
  if (route === undefined) return false;
  if (!isOpen) closeRoute(route);
  else if (route.frame === null) {
    const frame = newFrame(false);
    route.frame = frame;
    try {
      frame.open(route.make(frame.mount.tui, currentTheme(), getKeybindings(), () => {
        if (route.frame === frame) closeRoute(route);
      }));
    } catch (error) {
      closeRoute(route);
      throw error;
    }
    showRoute(route);
  }
  return true;
}

/** Open the view *name* of this plugin; without a name, close what is open. */
function navigate(name) {
  if (name === undefined || name === null) {
    for (const route of routes.values()) closeRoute(route);
    return true;
  }
  return routed(name, true);
}

/** ui.box(children), ui.box(title, children) or ui.box({title}, children). */
function box(first, second) {
  if (Array.isArray(first)) return { kind: "box", title: isObject(second) ? second.title : second, children: first };
  const title = isObject(first) ? first.title : first;
  return { kind: "box", title, children: Array.isArray(second) ? second : second === undefined ? first?.children ?? [] : [second] };
}

function setColor(name, color) {
  const key = String(name);
  if (color === undefined || color === null) colors.delete(key);
  else colors.set(key, String(color));
  view.show("theme", key, color === undefined || color === null ? null : { color: String(color) });
}

/** The colours by name, each as this plugin set it, else by its own name: what that looks like the interface decides. */
function allColors() {
  const all = {};
  for (const name of internals.uiState()?.colors ?? []) all[name] = name;
  return Object.assign(all, Object.fromEntries(colors));
}

const tui = {
  route: table({ register: registerRoute, unregister: unregisterRoute, navigate, list: () => Array.from(routes.values(), ({ name, title, frame }) => ({ name, title, isOpen: frame !== null })) }),
  keymap,
  ui: table({
    text: (text) => ({ kind: "text", lines: text }),
    box,
    list: (items, options) => ({ ...options, kind: "list", items }),
    items: (items) => ({ kind: "items", items }),
  }),
  slot: table({ fill: slots.fill, clear: slots.clear, list: slots.list }),
  theme: table({ getColor: (name) => allColors()[name], setColor, getAll: allColors }),
};
Object.defineProperty(tui, "kv", { get: Object.freeze(() => internals.api.kv), enumerable: true });
Object.defineProperty(tui, "eventBus", { get: Object.freeze(() => internals.api.events), enumerable: true });
Object.freeze(tui);

Object.assign(exports, { __jcode_tui_pi: tui, routed, tui });
