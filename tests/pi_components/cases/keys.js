const NAMES = [];
for (const key of ["a", "c", "h", "z", "1", "-", "/", "]", "[", "_", "?", "escape", "enter", "tab", "space", "backspace", "delete", "insert", "clear", "home", "end", "pageUp", "pageDown", "up", "down", "left",
  "right", "f1", "f5", "f12"]) {
  for (const modifier of ["", "ctrl+", "shift+", "alt+", "ctrl+shift+", "ctrl+alt+", "super+"]) NAMES.push(modifier + key);
}
const DATA = {
  letters: ["a", "c", "h", "z", "A", "C", "Z", "1", "-", "/", "]", "[", "_", "?", " ", "~", "\u00e9", "ab", ""],
  controls: Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).concat("\x7f"),
  "alt and a letter": ["a", "b", "c", "d", "f", "h", "n", "p", "z", "1", "9", " ", "\r", "\t", "\x7f", "\b", "\x01", "\x03", "\x1d", "\x1f", "\x1b", "B", "F"].map((key) => `\x1b${key}`),
  sequences: ["[A", "[B", "[C", "[D", "[E", "[F", "[H", "OA", "OB", "OC", "OD", "OE", "OF", "OH", "OM", "OP", "OQ", "OR", "OS", "[1~", "[2~", "[3~", "[4~", "[5~", "[6~", "[7~", "[8~", "[11~", "[15~", "[24~",
    "[Z", "[[A", "[[E", "[[5~", "[[6~"].map((rest) => `\x1b${rest}`),
  rxvt: ["[a", "[b", "[c", "[d", "[e", "Oa", "Ob", "Oc", "Od", "Oe", "[2$", "[3$", "[5$", "[6$", "[7$", "[8$", "[2^", "[3^", "[5^", "[6^", "[7^", "[8^"].map((rest) => `\x1b${rest}`),
  "arrows with modifiers": [2, 3, 4, 5, 6, 7, 8, 9].flatMap((modifier) => ["A", "D", "H", "F"].map((key) => `\x1b[1;${modifier}${key}`)),
  "tilde with modifiers": [2, 3, 5, 6].flatMap((modifier) => [2, 3, 5, 6, 7, 8].map((key) => `\x1b[${key};${modifier}~`)),
  kitty: [97, 99, 104, 49, 45, 47, 93, 91, 95, 63, 27, 13, 9, 32, 127, 65, 233].flatMap((code) => ["", ";2", ";3", ";5", ";6", ";7", ";9", ";1:3", ";5:2", ";65", ";129", ";69"].map((rest) => `\x1b[${code}${rest}u`)),
  "kitty, other layouts": ["\x1b[1089::99;5u", "\x1b[1089:1057:99;6u", "\x1b[99::118;5u", "\x1b[47::91;5u", "\x1b[97:65;2u", "\x1b[47:63;2u"],
  keypad: Array.from({ length: 28 }, (_, i) => `\x1b[${57399 + i}u`),
  "modifyOtherKeys": [13, 9, 27, 32, 127, 97, 65, 99, 45].flatMap((code) => [2, 3, 5, 6, 7].map((modifier) => `\x1b[27;${modifier};${code}~`)),
  "no keys": ["\x1b[", "\x1b[9999999999u", "\x1b[200~", "\x1b[99~", "\x1b[1;5", "\x1b]0;x\x07"],
};
const cases = {};
for (const [name, all] of Object.entries(DATA)) {
  cases[`what they match: ${name}`] = ({ pi }) => all.map((data) => [data, NAMES.filter((key) => pi.matchesKey(data, key))]);
  cases[`their names: ${name}`] = ({ pi }) => all.map((data) => [data, pi.parseKey(data) ?? null]);
  cases[`releases and repeats: ${name}`] = ({ pi }) => all.map((data) => [data, pi.isKeyRelease(data), pi.isKeyRepeat(data)]);
  cases[`what they type: ${name}`] = ({ pi }) => all.map((data) => [data, pi.decodeKittyPrintable(data) ?? null]);
  cases[`what they do: ${name}`] = ({ pi }) => all.map((data) => [data, Object.keys(pi.TUI_KEYBINDINGS).filter((id) => pi.getKeybindings().matches(data, id))]);
}
cases["Key"] = ({ pi }) => Object.entries(pi.Key).map(([name, value]) => [name, typeof value === "function" ? value("x") : value]).sort();
cases["TUI_KEYBINDINGS"] = ({ pi }) => pi.TUI_KEYBINDINGS;
cases["a manager"] = ({ pi }) => {
  const manager = new pi.KeybindingsManager(pi.TUI_KEYBINDINGS, { "tui.select.up": ["ctrl+p", "up", "up"], "tui.select.down": "ctrl+p", "none": "x", "tui.input.tab": [] });
  return [manager.getKeys("tui.select.up"), manager.getKeys("tui.input.tab"), manager.matches("\x10", "tui.select.up"), manager.matches("\t", "tui.input.tab"), manager.getConflicts(),
    manager.getDefinition("tui.input.tab"), manager.getUserBindings(), manager.getResolvedBindings()["tui.select.up"], manager.getKeys("none")];
};
