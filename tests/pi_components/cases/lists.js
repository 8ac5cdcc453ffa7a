const themeOf = ({ mark, sgr }) => ({ selectedPrefix: mark("{"), selectedText: sgr(7, 27), description: sgr(2, 22), scrollInfo: sgr(33, 39), noMatch: sgr(31, 39) });
const ITEMS = [
  { value: "alpha", label: "Alpha", description: "the first letter" },
  { value: "beta", label: "Beta", description: "the second\nletter of\r\nmany" },
  { value: "gamma", label: "" },
  { value: "delta", label: "A label that is much longer than the column for it, and goes on", description: "short" },
  { value: "epsilon", label: "\u53e4\u4eca\u6771\u897f", description: "a description that is far too long for any line of eighty columns, so that it is cut at the end" },
  { value: "zeta", label: "\u{1f44d}\u{1f3fd} thumbs", description: "" },
  { value: "eta", label: "\x1b[31mred\x1b[39m", description: "with a colour" },
];

const drive = (t, script, { items = ITEMS, visible = 5, layout = undefined, before = () => undefined } = {}) => {
  const told = [];
  const list = new t.pi.SelectList(items, visible, themeOf(t), layout);
  list.onSelect = (item) => told.push(["select", item.value]);
  list.onCancel = () => told.push(["cancel"]);
  list.onSelectionChange = (item) => told.push(["change", item.value]);
  before(list);
  for (const key of t.keysOf(script)) list.handleInput(key);
  return [told, list.getSelectedItem()?.value ?? null, t.WIDTHS.map((width) => t.seen(list.render(width)))];
};

const settings = (t, script, { items = undefined, visible = 5, options = undefined } = {}) => {
  const told = [];
  const { mark, sgr } = t;
  const theme = {
    label: (text, isSelected) => (isSelected ? `\x1b[1m${text}\x1b[22m` : text), value: (text, isSelected) => (isSelected ? `\x1b[36m${text}\x1b[39m` : text),
    description: sgr(2, 22), cursor: "\u2192 ", hint: sgr(33, 39),
  };
  const all = items ?? [
    { id: "theme", label: "Theme", currentValue: "dark", values: ["dark", "light", "plain"], description: "How everything looks, in more words than fit into a line of twenty or forty columns" },
    { id: "size", label: "Size", currentValue: "none of them", values: ["1", "2"] },
    { id: "name", label: "A label that is longer than thirty columns can show", currentValue: "x".repeat(70) },
    { id: "more", label: "More", currentValue: "m0", description: "opens another", submenu: (value, done) => ({
      render: () => [`submenu of ${value}`], handleInput: (data) => done(data === "x" ? undefined : `m${data}`), invalidate: () => undefined,
    }) },
    { id: "wide", label: "\u53e4\u4eca", currentValue: "\u6771\u897f" },
    { id: "last", label: "Last", currentValue: "on", values: ["on", "off"] },
  ];
  const list = new t.pi.SettingsList(all, visible, theme, (id, value) => told.push([id, value]), () => told.push(["cancel"]), options);
  for (const key of t.keysOf(script)) list.handleInput(key);
  return [told, all.map((item) => item.currentValue), t.WIDTHS.map((width) => t.seen(list.render(width)))];
};

const cases = {
  "a list": (t) => drive(t, ""),
  "moving": (t) => drive(t, "<down><down><up>"),
  "around both ends": (t) => drive(t, "<up><down><down>"),
  "choosing": (t) => drive(t, "<down><enter>"),
  "leaving": (t) => drive(t, "<escape><ctrl+c>"),
  "scrolling": (t) => drive(t, "<down><down><down><down><down>"),
  "at the end": (t) => drive(t, "<up>", { visible: 3 }),
  "all of them are seen": (t) => drive(t, "", { visible: 20 }),
  "a filter": (t) => drive(t, "<down>", { before: (list) => list.setFilter("E") }),
  "a filter that finds none": (t) => drive(t, "<enter><escape>", { before: (list) => list.setFilter("xyz") }),
  "no items": (t) => drive(t, "<enter>", { items: [] }),
  "an index": (t) => drive(t, "", { before: (list) => list.setSelectedIndex(4) }),
  "an index beyond": (t) => drive(t, "", { before: (list) => list.setSelectedIndex(40) }),
  "an index below": (t) => drive(t, "", { before: (list) => list.setSelectedIndex(-2) }),
  "a layout": (t) => drive(t, "", { layout: { minPrimaryColumnWidth: 12, maxPrimaryColumnWidth: 20 } }),
  "a layout with the least only": (t) => drive(t, "", { layout: { minPrimaryColumnWidth: 50 } }),
  "a layout upside down": (t) => drive(t, "", { layout: { minPrimaryColumnWidth: 30, maxPrimaryColumnWidth: 10 } }),
  "a layout that cuts": (t) => drive(t, "<down>", { layout: { truncatePrimary: ({ text, maxWidth, columnWidth, isSelected }) => `${isSelected ? "*" : "-"}${text.slice(0, 3)}${maxWidth}/${columnWidth}` } }),
  "other keys": (t) => drive(t, "abc<left><right><tab>"),
  "settings": (t) => settings(t, ""),
  "settings: stepping through values": (t) => settings(t, "<enter> <enter>"),
  "settings: a value that is none of them": (t) => settings(t, "<down><enter>"),
  "settings: nothing to choose": (t) => settings(t, "<down><down><enter>"),
  "settings: around both ends": (t) => settings(t, "<up><enter><down><enter>"),
  "settings: leaving": (t) => settings(t, "<escape>"),
  "settings: a submenu": (t) => settings(t, "<down><down><down><enter>"),
  "settings: a submenu is answered": (t) => settings(t, "<down><down><down><enter>7"),
  "settings: a submenu is left": (t) => settings(t, "<down><down><down><enter>x<down>"),
  "settings: few are seen": (t) => settings(t, "<down><down><down><down>", { visible: 2 }),
  "settings: none": (t) => settings(t, "<enter><down><up>", { items: [] }),
  "settings: none, with a search": (t) => settings(t, "x", { items: [], options: { enableSearch: true } }),
  "settings: a search": (t) => settings(t, "la<down><enter>", { options: { enableSearch: true } }),
  "settings: a search finds none": (t) => settings(t, "qqq<down><up><enter>", { options: { enableSearch: true } }),
  "settings: a search is corrected": (t) => settings(t, "sizx<backspace><enter>", { options: { enableSearch: true } }),
  "settings: a value from outside": (t) => {
    const items = [{ id: "a", label: "A", currentValue: "1" }];
    const list = new t.pi.SettingsList(items, 5, { label: String, value: String, description: String, cursor: "> ", hint: String }, () => undefined, () => undefined);
    list.updateValue("a", "2");
    list.updateValue("none", "3");
    return t.seen(list.render(40));
  },
};
