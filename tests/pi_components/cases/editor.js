const themeOf = ({ mark, sgr }) => ({
  borderColor: sgr(36, 39),
  selectList: { selectedPrefix: mark("{"), selectedText: sgr(7, 27), description: sgr(2, 22), scrollInfo: mark("(", ")"), noMatch: mark("!") },
});

const make = (t, rows = 24, options = undefined) => {
  const told = [];
  const editor = new t.pi.Editor({ terminal: { rows, columns: 80 }, requestRender: () => told.push(["render"]) }, themeOf(t), options);
  editor.focused = true;
  editor.onSubmit = (text) => told.push(["submit", text]);
  editor.onChange = (text) => told.push(["change", text]);
  return { editor, told };
};

const press = (editor, keys) => {
  for (const key of keys) editor.handleInput(key);
};

const drive = (t, script, options = undefined, rows = 24) => {
  const { editor, told } = make(t, rows, options);
  press(editor, Array.isArray(script) ? script : t.keysOf(script));
  return [editor.getText(), editor.getCursor(), told, t.WIDTHS.map((width) => t.seen(editor.render(width)))];
};

/** As above, drawn in *width* before each key: up and down follow the lines that were seen. */
const walk = (t, keys, width, rows = 24, options = undefined) => {
  const { editor } = make(t, rows, options);
  const steps = [];
  for (const key of keys) {
    editor.render(width);
    editor.handleInput(key);
    steps.push([key, editor.getText(), editor.getCursor()]);
  }
  return [steps, t.seen(editor.render(width))];
};

const LONG = "the quick brown fox jumps over the lazy dog and runs away into the dark forest";
const BIG = Array.from({ length: 14 }, (_, i) => `pasted line ${i}`).join("\n");

const cases = {
  "empty": (t) => drive(t, ""),
  "typing": (t) => drive(t, "hello world"),
  "without the focus": (t) => {
    const { editor } = make(t);
    editor.focused = false;
    press(editor, t.keysOf("hello"));
    return t.seen(editor.render(20));
  },
  "enter sends": (t) => drive(t, "  hello  <enter>"),
  "shift+enter and alt+enter break the line": (t) => drive(t, "one<shiftEnter>two<altEnter>three"),
  "a line feed breaks the line": (t) => drive(t, ["a", "\n", "b"]),
  "enter after a backslash breaks the line": (t) => drive(t, "one\\<enter>two"),
  "sending may be disabled": (t) => {
    const { editor, told } = make(t);
    editor.disableSubmit = true;
    press(editor, t.keysOf("hello<enter>"));
    return [editor.getText(), told];
  },
  "arrows": (t) => drive(t, "one<shiftEnter>two<left><left><left><left>X<right>Y<up>Z"),
  "line start and end": (t) => drive(t, "one<shiftEnter>two<ctrl+a>A<ctrl+e>B<home>C<end>D"),
  "words over lines": (t) => drive(t, "one two<shiftEnter>three<altB><altB><altB>|<altF><altF><altF>_<ctrlLeft>.<ctrlRight>,"),
  "punctuation is a word": (t) => drive(t, "foo.bar(baz) -- qux<altB>1<altB><altB>2<altB><altB>3<altB>4"),
  "kill and yank": (t) => drive(t, "one two three<ctrl+w><ctrl+w><ctrl+y><ctrl+y>"),
  "kill over lines": (t) => drive(t, "one<shiftEnter>two<ctrl+u><ctrl+u><ctrl+u><ctrl+y>"),
  "kill to the end over lines": (t) => drive(t, "one<shiftEnter>two<up><home><ctrl+k><ctrl+k><ctrl+k><ctrl+y>"),
  "yank pop": (t) => drive(t, "one two<ctrl+w><left><right>three<ctrl+w><ctrl+y><altY><altY>"),
  "yank pop of lines": (t) => drive(t, "a<shiftEnter>b<ctrl+u><ctrl+u><ctrl+u><left><right>x<ctrl+u><ctrl+y><altY><altY>"),
  "delete words": (t) => drive(t, "one two<shiftEnter>three<home><altBackspace><altBackspace><altD>"),
  "delete characters over lines": (t) => drive(t, "one<shiftEnter>two<home><backspace><left><delete><end><delete>"),
  "undo": (t) => drive(t, "one two three<undo><undo>"),
  "undo of lines": (t) => drive(t, "one<shiftEnter>two<undo><undo>"),
  "undo of nothing": (t) => drive(t, "<undo>"),
  "sending ends the undo": (t) => drive(t, "one<enter>two<undo><undo><undo>"),
  "jump to a character": (t) => drive(t, "one two three<home><jump>t|<jump>e_<jumpBack>o.<jump><jump>z"),
  "jump over lines": (t) => drive(t, "abc<shiftEnter>def<jumpBack>b|<jump>f_"),
  "ctrl+c does nothing": (t) => drive(t, "abc<ctrl+c>d"),
  "paste": (t) => drive(t, ["a", t.paste("one\r\ntwo\tthree\rfour\x07"), "b"]),
  "paste in parts": (t) => drive(t, ["\x1b[200~one", "\ntwo", " three\x1b[201~!", "x"]),
  "a path after a word": (t) => drive(t, ["see", t.paste("/tmp/x"), " ", t.paste("~/y")]),
  "controls that a terminal sends as keys in a paste": (t) => drive(t, [t.paste("one\x1b[106;5utwo\x1b[74;5u")]),
  "a large paste is a mark": (t) => drive(t, ["a", t.paste(BIG), "b"]),
  "a long paste is a mark": (t) => drive(t, [t.paste("x".repeat(1200)), t.KEYS.enter]),
  "a mark is one character": (t) => drive(t, ["a", t.paste(BIG), "b", t.KEYS.left, t.KEYS.left, "c", t.KEYS.right, t.KEYS.backspace]),
  "a mark is a word": (t) => drive(t, ["a ", t.paste(BIG), " b", t.KEYS.altB, t.KEYS.altB, "c", t.KEYS.altF, t.ctrl("w"), t.ctrl("y")]),
  "a mark is sent as what it stands for": (t) => drive(t, ["a ", t.paste(BIG), " b", t.KEYS.enter]),
  "two marks": (t) => {
    const { editor } = make(t);
    press(editor, [t.paste(BIG), " and ", t.paste(BIG.toUpperCase())]);
    return [editor.getText(), editor.getExpandedText(), t.seen(editor.render(20)), t.seen(editor.render(80))];
  },
  "undo of a paste": (t) => drive(t, ["a", t.paste("b\nc"), t.KEYS.undo]),
  "setText": (t) => {
    const { editor, told } = make(t);
    press(editor, t.keysOf("old"));
    editor.setText("new\r\ntext\there");
    press(editor, t.keysOf("!<undo><undo>"));
    return [editor.getText(), editor.getLines(), editor.getCursor(), told];
  },
  "insertTextAtCursor": (t) => {
    const { editor, told } = make(t);
    press(editor, t.keysOf("ab<left>"));
    editor.insertTextAtCursor("1\n2");
    editor.insertTextAtCursor("");
    press(editor, t.keysOf("3<undo><undo>"));
    return [editor.getText(), editor.getCursor(), told];
  },
  "history": (t) => {
    const { editor, told } = make(t);
    for (const entry of ["first", "second", "second", "  ", "third\nline"]) editor.addToHistory(entry);
    const steps = [];
    for (const key of t.keysOf("<up><up><up><up><up><down><down><down><down>x<up><undo><undo>")) {
      editor.render(40);
      editor.handleInput(key);
      steps.push([editor.getText(), editor.getCursor()]);
    }
    return [steps, told];
  },
  "history is not in the way of a text": (t) => {
    const { editor } = make(t);
    editor.addToHistory("old");
    press(editor, t.keysOf("one<shiftEnter>two<up><up><up><down><down><down>!"));
    return [editor.getText(), editor.getCursor()];
  },
  "long": (t) => drive(t, LONG),
  "long words": (t) => drive(t, "a".repeat(50) + " " + "b".repeat(30)),
  "spaces at the break": (t) => drive(t, "aaaaaaaaaaaaaaaaa     bbbbbbb   cccccccccccccccccccc d"),
  "exactly the width": (t) => drive(t, "1234567890123456789"),
  "one more": (t) => drive(t, "12345678901234567890"),
  "wide characters": (t) => drive(t, "\u53e4\u4eca\u6771\u897f \u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317<left><left>x<backspace><backspace>"),
  "emoji": (t) => drive(t, ["\u{1f44d}\u{1f3fd}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "a", "\u2764\ufe0f", t.KEYS.left, t.KEYS.left, "b", t.KEYS.backspace, t.KEYS.backspace]),
  "combining": (t) => drive(t, ["e\u0301", "x", t.KEYS.left, t.KEYS.left, t.KEYS.delete]),
  "padding": (t) => drive(t, LONG, { paddingX: 2 }),
  "padding, the cursor in it": (t) => drive(t, "1234567890123456", { paddingX: 2 }),
  "padding that is no number": (t) => [make(t, 24, { paddingX: "x" }).editor.getPaddingX(), make(t, 24, { paddingX: 2.7 }).editor.getPaddingX()],
  "setPaddingX": (t) => {
    const { editor, told } = make(t);
    editor.setPaddingX(3);
    editor.setPaddingX(3);
    return [editor.getPaddingX(), told, t.seen(editor.render(20))];
  },
  "many lines scroll": (t) => drive(t, Array.from({ length: 20 }, (_, i) => `line ${i}`).join("<shiftEnter>")),
  "many lines scroll up": (t) => drive(t, Array.from({ length: 20 }, (_, i) => `line ${i}`).join("<shiftEnter>") + "<up>".repeat(15)),
  "pages": (t) => walk(t, [...t.keysOf(Array.from({ length: 30 }, (_, i) => `line ${i}`).join("<shiftEnter>")), ...t.keysOf("<pageUp><pageUp><pageDown><up>")], 40),
  "a high terminal": (t) => drive(t, Array.from({ length: 20 }, (_, i) => `line ${i}`).join("<shiftEnter>"), undefined, 100),
  "columns are kept over short lines": (t) => walk(t, t.keysOf("a long line here<shiftEnter>ab<shiftEnter>another long line<up><up><down><down><left><up><up>"), 40),
  "up and down in a line that goes on": (t) => walk(t, t.keysOf(`${LONG}<up><up><up><down><down><right><down>`), 20),
  "up and down over a mark": (t) => walk(t, ["first line of text", t.KEYS.shiftEnter, "x ", t.paste(BIG), " y", t.KEYS.shiftEnter, "last line of it all", ...t.keysOf("<up><up><down><down><down>")], 20),
  "keys of the kitty protocol": (t) => drive(t, ["\x1b[97u", "\x1b[98;2u", "\x1b[98:66;2u", "\x1b[99;5u", "\x1b[32;2u", "\x1b[57400u", "\x1b[27;2;65~", "\x1b[127;2u", "\x1b[107;5u"]),
  "keys that are none": (t) => drive(t, ["a", "\x01", "\x0e", "\x1b[99~", "b"]),
  "very narrow": (t) => [1, 2, 3, 5].map((width) => {
    const { editor } = make(t);
    press(editor, t.keysOf("hello"));
    return t.seen(editor.render(width));
  }),
};

const provider = {
  async getSuggestions(lines, line, col, options) {
    const left = lines[line].slice(0, col);
    const command = /^\/(\w*)$/.exec(left);
    if (command) {
      const items = ["help", "hello", "history", "quit"].filter((name) => name.startsWith(command[1]))
        .map((name) => ({ value: name, label: name, description: `what ${name} does` }));
      return { items, prefix: left };
    }
    const file = /(?:^|\s)(@\w*)$/.exec(left);
    if (file) return { items: ["@one", "@only", "@two"].filter((name) => name.startsWith(file[1])).map((name) => ({ value: name, label: name })), prefix: file[1] };
    if (options.force) return { items: [{ value: "forced", label: "forced" }], prefix: "" };
    return null;
  },
  applyCompletion(lines, line, col, item, prefix) {
    const copy = [...lines];
    const start = col - prefix.length;
    const text = prefix.startsWith("/") ? `/${item.value} ` : item.value;
    copy[line] = lines[line].slice(0, start) + text + lines[line].slice(col);
    return { lines: copy, cursorLine: line, cursorCol: start + text.length };
  },
};
const complete = (name, steps) => {
  cases[`completion: ${name}`] = async (t) => {
    const { editor, told } = make(t);
    editor.setAutocompleteProvider(provider);
    const shown = [];
    for (const step of steps) {
      if (typeof step === "boolean") await t.until(() => editor.isShowingAutocomplete() === step);
      else press(editor, t.keysOf(step));
      shown.push([editor.getText(), editor.getCursor(), editor.isShowingAutocomplete(), t.seen(editor.render(60))]);
    }
    return [shown, told.filter(([what]) => what !== "render")];
  };
};
complete("of commands", ["/", true, "<down>", "<tab>"]);
complete("a command is sent", ["/", true, "<down>", "<enter>"]);
complete("closed with escape", ["/", true, "<escape>", "x"]);
complete("of files", ["see @", true, "<down><down>", "<tab>", " more"]);
complete("of files with enter", ["see @", true, "<enter>"]);
complete("asked for", ["x", "<tab>"]);
complete("around the end of the list", ["/", true, "<up>"]);

for (let seed = 1; seed <= 24; seed++) {
  cases[`anything, ${seed}`] = (t) => {
    const next = t.numbers(seed);
    const { KEYS } = t;
    const keys = ["a", "b", " ", " ", "-", "\u53e4", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "word", "longerword", KEYS.shiftEnter, KEYS.shiftEnter, KEYS.left, KEYS.right, KEYS.up, KEYS.up, KEYS.down,
      KEYS.home, KEYS.end, KEYS.backspace, KEYS.delete, KEYS.altB, KEYS.altF, KEYS.altD, KEYS.altY, KEYS.undo, KEYS.pageUp, KEYS.pageDown, t.ctrl("k"), t.ctrl("u"), t.ctrl("w"),
      t.ctrl("y"), t.ctrl("y"), t.paste("pasted\ntext"), ...(seed % 3 === 0 ? [t.paste(BIG)] : [])];
    const { editor } = make(t, 24, { paddingX: seed % 2 });
    const steps = [];
    for (let i = 0; i < 120; i++) {
      const key = keys[next(keys.length)];
      editor.handleInput(key);
      const width = 20 + next(seed % 2 === 0 ? 30 : 1);
      steps.push([key, editor.getText(), editor.getCursor(), i % 5 === 0 ? t.seen(editor.render(width)) : editor.render(width).length]);
    }
    return steps;
  };
}
