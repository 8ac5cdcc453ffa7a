// pi-tui: what it has for texts, keys and components. A terminal can be named, and is refused when one is made.
"use strict";

const { fromParts } = require("pi/parts");

module.exports = fromParts({
  "pi/components": ["Box", "Container", "Spacer", "Text", "TruncatedText"],
  "pi/editor": ["Editor"],
  "pi/fuzzy": ["fuzzyFilter", "fuzzyMatch"],
  "pi/image": ["Image", "getImageDimensions", "imageFallback"],
  "pi/input": ["Input"],
  "pi/keybindings": ["KeybindingsManager", "TUI_KEYBINDINGS", "getEditorKeybindings", "getKeybindings", "setKeybindings"],
  "pi/keys": ["Key", "decodeKittyPrintable", "isKeyRelease", "isKeyRepeat", "matchesKey", "parseKey"],
  "pi/loader": ["CancellableLoader", "Loader"],
  "pi/markdown": ["Markdown"],
  "pi/screen": ["CURSOR_MARKER", "TUI", "isFocusable"],
  "pi/select_list": ["SelectList"],
  "pi/settings_list": ["SettingsList"],
  "pi/text": ["truncateToWidth", "visibleWidth", "wrapTextWithAnsi"],
});
module.exports.ProcessTerminal = internals.refusedValue("ProcessTerminal", (name) =>
  internals.makeError("E_NEVER", `pi-tui: ${name} is never available to plugins: they have no terminal, ctx.ui.custom shows what they draw`));
