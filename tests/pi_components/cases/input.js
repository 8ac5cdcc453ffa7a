const drive = ({ pi, keysOf, seen, WIDTHS }, script, isFocused = true) => {
  const told = [];
  const input = new pi.Input();
  input.focused = isFocused;
  input.onSubmit = (value) => told.push(["submit", value]);
  input.onEscape = () => told.push(["escape"]);
  for (const key of Array.isArray(script) ? script : keysOf(script)) input.handleInput(key);
  return [input.getValue(), told, WIDTHS.map((width) => seen(input.render(width)))];
};

const cases = {
  "empty": (t) => drive(t, ""),
  "typing": (t) => drive(t, "hello world"),
  "without the focus": (t) => drive(t, "hello", false),
  "enter tells the text": (t) => drive(t, "hello<enter>"),
  "escape tells": (t) => drive(t, "a<escape>b<ctrl+c>"),
  "arrows": (t) => drive(t, "hello<left><left>X<right>Y"),
  "home and end": (t) => drive(t, "hello<home>A<end>B<ctrl+a>C<ctrl+e>D<ctrl+b>E<ctrl+f>F"),
  "words": (t) => drive(t, "one two-three  four<altB><altB>|<altB><altB><altF>_<ctrlLeft>.<ctrlRight>,"),
  "kill and yank": (t) => drive(t, "one two three<ctrl+w><ctrl+w><ctrl+y><ctrl+y>"),
  "kill to both ends": (t) => drive(t, "one two<altB><ctrl+k><ctrl+u><ctrl+y><ctrl+y>"),
  "yank pop": (t) => drive(t, "one two<ctrl+w><left><right>three<ctrl+w><ctrl+y><altY>"),
  "delete words forward": (t) => drive(t, "one two three<home><altD><altD><ctrl+y>"),
  "delete characters": (t) => drive(t, "hello<backspace><home><delete><ctrl+d>"),
  "undo": (t) => drive(t, "one two three<undo><undo>"),
  "undo of a kill": (t) => drive(t, "one two<ctrl+u><undo>"),
  "undo of nothing": (t) => drive(t, "<undo>"),
  "paste": (t) => drive(t, ["a", t.paste("one\r\ntwo\tthree\nfour"), "b"]),
  "paste in parts": (t) => drive(t, ["\x1b[200~one", " two", " three\x1b[201~!", "x"]),
  "undo of a paste": (t) => drive(t, ["a", t.paste("bcd"), t.KEYS.undo]),
  "wide characters": (t) => drive(t, "\u53e4\u4eca\u6771\u897f<left><left>x<backspace><backspace>"),
  "emoji": (t) => drive(t, ["\u{1f44d}\u{1f3fd}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "a", t.KEYS.left, t.KEYS.left, "b", t.KEYS.backspace, t.KEYS.backspace]),
  "combining": (t) => drive(t, ["e\u0301", "x", t.KEYS.left, t.KEYS.left, t.KEYS.delete]),
  "long": (t) => drive(t, "the quick brown fox jumps over the lazy dog and runs away into the dark forest of the night"),
  "long, in the middle": (t) => drive(t, "the quick brown fox jumps over the lazy dog and runs away<altB><altB><altB><altB>"),
  "long, at the start": (t) => drive(t, "the quick brown fox jumps over the lazy dog and runs away<home><right><right>"),
  "long and wide": (t) => drive(t, "\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317<left><left><left><left>"),
  "exactly the width": (t) => drive(t, "123456789012345678"),
  "one less than the width": (t) => drive(t, "12345678901234567"),
  "keys of the kitty protocol": (t) => drive(t, ["\x1b[97u", "\x1b[98;2u", "\x1b[98:66;2u", "\x1b[99;5u", "\x1b[32u", "\x1b[57400u", "\x1b[127u"]),
  "controls are not typed": (t) => drive(t, ["a", "\x01", "\x0e", "\x1b[99~", "\x85", "b"]),
  "a value that is shorter": ({ pi, seen }) => {
    const input = new pi.Input();
    for (const letter of "hello") input.handleInput(letter);
    input.setValue("hi");
    input.handleInput("!");
    return [input.getValue(), seen(input.render(20))];
  },
  "very narrow": (t) => {
    const input = new t.pi.Input();
    for (const letter of "hello") input.handleInput(letter);
    return [1, 2, 3, 4, 5].map((width) => t.seen(input.render(width)));
  },
};
for (let seed = 1; seed <= 12; seed++) {
  cases[`anything, ${seed}`] = (t) => {
    const next = t.numbers(seed);
    const { KEYS } = t;
    const keys = ["a", "b", " ", "-", ".", "\u53e4", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}", "word", KEYS.left, KEYS.right, KEYS.home, KEYS.end, KEYS.backspace, KEYS.delete,
      KEYS.altB, KEYS.altF, KEYS.altD, KEYS.altY, KEYS.undo, t.ctrl("k"), t.ctrl("u"), t.ctrl("w"), t.ctrl("y"), t.ctrl("y"), t.paste("pasted text")];
    const input = new t.pi.Input();
    const steps = [];
    for (let i = 0; i < 150; i++) {
      const key = keys[next(keys.length)];
      input.handleInput(key);
      steps.push([key, input.getValue(), input.cursor, t.seen(input.render(20 + next(40)))]);
    }
    return steps;
  };
}
