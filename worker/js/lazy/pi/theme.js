// A plugin's theme: colours by name. The one who draws knows what they look like, so they cross as numbers of names:
// ESC [38;6;Nm for a text colour and ESC [48;6;Nm for a background, where N is the place of the name in the colours of the
// state of the user interface. Without an interface, and for a name that it does not have, nothing is coloured.
"use strict";

const { publish } = internals;

const STYLES = { bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], strikethrough: [9, 29] };
const LEVELS = {
  off: "thinkingOff", minimal: "thinkingMinimal", low: "thinkingLow", medium: "thinkingMedium", high: "thinkingHigh", xhigh: "thinkingXhigh",
};

/** A function that puts *text* between two codes; where the text ends that style itself, it goes on after it. */
function styled([on, off]) {
  const open = `\x1b[${on}m`;
  const close = `\x1b[${off}m`;
  return (text) => {
    const inner = String(text);
    return inner === "" ? "" : open + inner.replaceAll(close, close + open).replaceAll("\n", `${close}\n${open}`) + close;
  };
}

/** The theme for *state*, that of the user interface, or null: frozen, with the functions that pi's themes have. */
function makeTheme(state) {
  const theme = { name: state?.theme ?? "plain" };
  const numbers = new Map((state?.colors ?? []).map((name, at) => [name, at]));
  const opening = (ground, name) => (numbers.has(name) ? `\x1b[${ground};6;${numbers.get(name)}m` : "");
  const colour = (ground, end) => (name, text) => {
    const open = opening(ground, name);
    return open === "" ? String(text) : `${open}${text}\x1b[${end}m`;
  };
  publish(theme, "fg", colour(38, 39));
  publish(theme, "bg", colour(48, 49));
  publish(theme, "getFgAnsi", (name) => opening(38, name));
  publish(theme, "getBgAnsi", (name) => opening(48, name));
  for (const [name, codes] of Object.entries(STYLES)) publish(theme, name, state === null ? (text) => String(text) : styled(codes));
  publish(theme, "getColorMode", () => "truecolor");
  publish(theme, "getThinkingBorderColor", (level) => (text) => theme.fg(LEVELS[level] ?? LEVELS.off, text));
  publish(theme, "getBashModeBorderColor", () => (text) => theme.fg("bashMode", text));
  return Object.freeze(theme);
}

let made = { colors: null, name: null, theme: makeTheme(null) };

/** The theme of now. ``internals.uiState()`` gives the state of the interface or null; a theme is made anew only when its colours change. */
function currentTheme() {
  const state = internals.uiState?.() ?? null;
  const colors = state?.colors ?? null;
  const name = state?.theme ?? null;
  if (colors !== made.colors || name !== made.name) made = { colors, name, theme: makeTheme(state) };
  return made.theme;
}

Object.assign(exports, { currentTheme, makeTheme });
