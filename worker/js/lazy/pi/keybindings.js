// Which keys do what: by names such as "tui.editor.undo", and the names that older versions had for them.
"use strict";

const { matchesKey } = require("pi/keys");

/** {name: {defaultKeys, description}} of lines "name: keys separated by spaces: description", all of one family. */
const family = (prefix, lines) => Object.fromEntries(lines.map((line) => {
  const [name, keys, description] = line.split(": ");
  const list = keys.split(" ").filter((key) => key !== "-");
  return [prefix + name, { defaultKeys: list.length === 1 ? list[0] : list, description }];
}));

const TUI_KEYBINDINGS = {
  ...family("tui.editor.", [
    "cursorUp: up: Move cursor up",
    "cursorDown: down: Move cursor down",
    "cursorLeft: left ctrl+b: Move cursor left",
    "cursorRight: right ctrl+f: Move cursor right",
    "cursorWordLeft: alt+left ctrl+left alt+b: Move cursor word left",
    "cursorWordRight: alt+right ctrl+right alt+f: Move cursor word right",
    "cursorLineStart: home ctrl+a: Move to line start",
    "cursorLineEnd: end ctrl+e: Move to line end",
    "jumpForward: ctrl+]: Jump forward to character",
    "jumpBackward: ctrl+alt+]: Jump backward to character",
    "pageUp: pageUp: Page up",
    "pageDown: pageDown: Page down",
    "deleteCharBackward: backspace: Delete character backward",
    "deleteCharForward: delete ctrl+d: Delete character forward",
    "deleteWordBackward: ctrl+w alt+backspace: Delete word backward",
    "deleteWordForward: alt+d alt+delete: Delete word forward",
    "deleteToLineStart: ctrl+u: Delete to line start",
    "deleteToLineEnd: ctrl+k: Delete to line end",
    "yank: ctrl+y: Yank",
    "yankPop: alt+y: Yank pop",
    "undo: ctrl+-: Undo",
  ]),
  ...family("tui.input.", [
    "newLine: shift+enter: Insert newline",
    "submit: enter: Submit input",
    "tab: tab: Tab / autocomplete",
    "copy: ctrl+c: Copy selection",
  ]),
  ...family("tui.select.", [
    "up: up: Move selection up",
    "down: down: Move selection down",
    "pageUp: pageUp: Selection page up",
    "pageDown: pageDown: Selection page down",
    "confirm: enter: Confirm selection",
    "cancel: escape ctrl+c: Cancel selection",
  ]),
};
// Of the agent's own, those that a plugin's editor asks for or shows. Here they only say which key would be meant.
const APP_KEYBINDINGS = family("app.", [
  "interrupt: escape: Cancel or abort",
  "clear: ctrl+c: Clear editor",
  "exit: ctrl+d: Exit when editor is empty",
  "suspend: ctrl+z: Suspend to background",
  "thinking.cycle: shift+tab: Cycle thinking level",
  "thinking.toggle: ctrl+t: Toggle thinking blocks",
  "model.cycleForward: ctrl+p: Cycle to next model",
  "model.cycleBackward: shift+ctrl+p: Cycle to previous model",
  "model.select: ctrl+l: Open model selector",
  "tools.expand: ctrl+o: Toggle tool output",
  "editor.external: ctrl+g: Open external editor",
  "message.followUp: alt+enter: Queue follow-up message",
  "message.dequeue: alt+up: Restore queued messages",
  "clipboard.pasteImage: ctrl+v: Paste image from clipboard",
  "session.new: -: Start a new session",
  "session.tree: -: Open session tree",
  "session.fork: -: Fork current session",
  "session.resume: -: Resume a session",
]);

const OLDER = { // by the names of before; the rest of them are those of tui.editor without the beginning
  newLine: "tui.input.newLine", submit: "tui.input.submit", tab: "tui.input.tab", copy: "tui.input.copy", selectUp: "tui.select.up",
  selectDown: "tui.select.down", selectPageUp: "tui.select.pageUp", selectPageDown: "tui.select.pageDown", selectConfirm: "tui.select.confirm",
  selectCancel: "tui.select.cancel", interrupt: "app.interrupt", clear: "app.clear", exit: "app.exit", suspend: "app.suspend",
  cycleThinkingLevel: "app.thinking.cycle", cycleModelForward: "app.model.cycleForward", cycleModelBackward: "app.model.cycleBackward",
  selectModel: "app.model.select", expandTools: "app.tools.expand", toggleThinking: "app.thinking.toggle", externalEditor: "app.editor.external",
  followUp: "app.message.followUp", dequeue: "app.message.dequeue", pasteImage: "app.clipboard.pasteImage",
};

const asList = (keys) => [...new Set(keys === undefined ? [] : Array.isArray(keys) ? keys : [keys])];

class KeybindingsManager {
  #definitions;
  #user;
  #keys = new Map();
  constructor(definitions, userBindings = {}) {
    this.#definitions = new Map(Object.entries(definitions));
    this.setUserBindings(userBindings);
  }
  setUserBindings(userBindings) {
    this.#user = { ...userBindings };
    for (const [name, { defaultKeys }] of this.#definitions) this.#keys.set(name, asList(this.#user[name] ?? defaultKeys));
  }
  #named(name) {
    if (this.#keys.has(name)) return name;
    return Object.hasOwn(OLDER, name) ? OLDER[name] : `tui.editor.${name}`;
  }
  matches(data, name) {
    return (this.#keys.get(this.#named(name)) ?? []).some((key) => matchesKey(data, key));
  }
  getKeys(name) {
    return [...(this.#keys.get(this.#named(name)) ?? [])];
  }
  getDefinition(name) {
    return this.#definitions.get(name);
  }
  getUserBindings() {
    return { ...this.#user };
  }
  getResolvedBindings() {
    return Object.fromEntries([...this.#keys].map(([name, keys]) => [name, keys.length === 1 ? keys[0] : [...keys]]));
  }
  /** Keys that the user gave to more than one of them. */
  getConflicts() {
    const claims = new Map();
    for (const [name, keys] of Object.entries(this.#user)) {
      if (this.#definitions.has(name)) for (const key of asList(keys)) claims.set(key, [...(claims.get(key) ?? []), name]);
    }
    return [...claims].filter(([, names]) => names.length > 1).map(([key, keybindings]) => ({ key, keybindings }));
  }
}

let current = null;

function getKeybindings() {
  if (current === null) current = new KeybindingsManager({ ...TUI_KEYBINDINGS, ...APP_KEYBINDINGS });
  return current;
}

/** For this plugin alone: others have keys of their own. */
function setKeybindings(keybindings) {
  current = keybindings;
}

Object.assign(exports, { KeybindingsManager, TUI_KEYBINDINGS, getEditorKeybindings: getKeybindings, getKeybindings, setKeybindings });
