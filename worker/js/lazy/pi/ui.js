// ui: what a plugin shows and asks, for a call (ctx.ui) or for the plugin itself (pi.ui). pi's names, and jcode's.
//
// Promises    What is shown stays until it is replaced, whichever call it came from. Dialogs belong to the call that asks:
//             they end with it, and its deadline waits for the person. What no interface here acts on is accepted and kept:
//             setEditorComponent, addAutocompleteProvider, setHiddenThinkingLabel, setToolsExpanded.
"use strict";

const { cast, hasInterface, hostcall, instance, publish } = internals;
const view = require("pi/ui_view");
const { currentTheme, makeTheme } = require("pi/theme");

// Parts that most plugins never need: a notice must not cost what a component does.
const dialogs = () => require("pi/ui_dialogs");
const slots = () => require("pi/ui_slots");
const mounting = () => require("pi/ui_mount");

const LEVELS = ["info", "success", "warning", "error"];
const THEMES = ["dark", "light", "plain"];
const MAX_NOTICE_CHARS = 4096;

const widgets = new Map(); // key -> what ends the component that it is
const kept = { editorComponent: undefined, autocomplete: [], areToolsExpanded: false, thinkingLabel: undefined };
const working = { message: undefined, isVisible: true, indicator: undefined };
let editorWishes = 0;

function notify(message, level) {
  if (instance.ui === undefined) return;
  const known = level === "warn" ? "warning" : level;
  cast(null, "ui.notify", { message: String(message).slice(0, MAX_NOTICE_CHARS), level: LEVELS.includes(known) ? known : "info" });
}

function setStatus(key, text, options) {
  const name = view.line(key);
  if (text === undefined || text === null) return view.show("status", name, null);
  const severity = LEVELS.includes(options?.severity) ? options.severity : "info";
  return view.show("status", name, { line: view.line(text), severity });
}

function setWidget(key, content, options) {
  const name = view.line(key);
  const placement = options?.placement === "belowEditor" ? "belowEditor" : "aboveEditor";
  widgets.get(name)?.();
  widgets.delete(name);
  if (content === undefined || content === null) return view.show("widget", name, null);
  const show = (lines) => view.show("widget", name, { lines, placement });
  if (typeof content !== "function") return show(view.lines(content));
  if (!hasInterface()) view.show("widget", name, null); // what was there is over; the component comes with an interface
  widgets.set(name, mounting().keep(content, show));
  return undefined;
}

function showWorking() {
  const { message, isVisible, indicator } = working;
  if (message === undefined && isVisible && indicator === undefined) return view.show("working", "", null);
  const value = { line: view.line(message), visible: isVisible };
  if (Array.isArray(indicator?.frames)) value.frames = view.lines(indicator.frames.slice(0, 100));
  if (typeof indicator?.intervalMs === "number") value.interval_ms = indicator.intervalMs;
  return view.show("working", "", value);
}

function setWorking(changes) {
  Object.assign(working, changes);
  showWorking();
}

/** A component of the plugin's own in place of the header or the footer. */
function setPart(slot, factory, more) {
  if (typeof factory !== "function") {
    slots().clear(slot, "pi");
    return;
  }
  slots().fill(slot, (tui, theme) => factory(tui, theme, ...more), { id: "pi" });
}

/** What pi tells a footer. Branches, providers and other plugins' words are not known here. */
const footerData = Object.freeze({
  getGitBranch: () => null,
  getExtensionStatuses: () => new Map(),
  getAvailableProviderCount: () => 0,
  onBranchChange: () => () => undefined,
});

function wishEditor(text, paste) {
  editorWishes += 1;
  const wanted = String(text ?? "");
  if (!paste) view.assume({ editor: wanted });
  view.show("editor", "", { text: wanted, n: editorWishes, paste });
}

function getTheme(name) {
  return hasInterface() && THEMES.includes(name) ? makeTheme({ ...instance.ui, theme: name }) : undefined;
}

let unseen = null;

/** The theme of now. What is shown before anybody looks is coloured, too: an interface that is opened later draws it. */
function themeNow() {
  if (instance.ui !== null) return currentTheme();
  if (unseen === null) unseen = makeTheme({ theme: "plain", colors: require("pi/theme_colors") });
  return unseen;
}

function setTheme(theme) {
  if (!hasInterface()) return { success: false, error: "there is no user interface" };
  const name = typeof theme === "string" ? theme : theme?.name;
  if (name === instance.ui.theme) return { success: true };
  return { success: false, error: "the person chooses the theme; colours of your own: pi.tui.theme.setColor" };
}

async function executeCommand(call, name, args) {
  return (await hostcall(call, "command.run", { name: view.line(name), args: String(args ?? "") }))?.output;
}

const same = {
  notify,
  setStatus,
  setWidget,
  setTitle: (title) => view.show("title", "", title === undefined || title === null ? null : { line: view.line(title) }),
  setWorkingMessage: (message) => setWorking({ message: message ?? undefined }),
  setWorkingVisible: (isVisible) => setWorking({ isVisible: isVisible !== false }),
  setWorkingIndicator: (indicator) => setWorking({ indicator: indicator ?? undefined }),
  setHiddenThinkingLabel: (label) => { kept.thinkingLabel = label; },
  setFooter: (factory) => setPart("Footer", factory, [footerData]),
  setHeader: (factory) => setPart("Header", factory, []),
  setEditorText: (text) => wishEditor(text, false),
  pasteToEditor: (text) => wishEditor(text, true),
  getEditorText: () => (hasInterface() ? String(instance.ui.editor ?? "") : ""),
  setEditorComponent: (factory) => { kept.editorComponent = factory; },
  getEditorComponent: () => kept.editorComponent,
  addAutocompleteProvider: (factory) => { if (kept.autocomplete.length < 64) kept.autocomplete.push(factory); },
  getToolsExpanded: () => kept.areToolsExpanded,
  setToolsExpanded: (areExpanded) => { kept.areToolsExpanded = Boolean(areExpanded); },
  onTerminalInput: (handler) => {
    if (typeof handler !== "function") throw new TypeError("onTerminalInput needs a function");
    const listeners = mounting().inputListeners;
    listeners.add(handler);
    return () => { listeners.delete(handler); };
  },
  getAllThemes: () => (hasInterface() ? THEMES.map((name) => ({ name, path: undefined })) : []),
  getTheme,
  setTheme,
};

const shared = {};
for (const name of Object.keys(same)) publish(shared, name, (...args) => same[name](...args));
Object.defineProperty(shared, "theme", { get: Object.freeze(() => themeNow()), enumerable: true });
const descriptors = Object.getOwnPropertyDescriptors(shared); // the same for every call: only who asks differs

/** ui for *call*; null: the plugin itself. */
function makeUi(call) {
  const ui = Object.create(Object.prototype, descriptors);
  for (const name of ["select", "confirm", "input", "editor", "quickPick"]) {
    publish(ui, name, (...args) => dialogs()[name](call, ...args));
  }
  publish(ui, "custom", (factory, options) => (hasInterface() ? require("pi/ui_frames").custom(call, factory, options) : Promise.resolve(undefined)));
  publish(ui, "executeCommand", (name, args) => executeCommand(call, name, args));
  return Object.freeze(ui);
}

Object.assign(exports, { makeUi, ui: makeUi(null) });
