const TEXTS = {
  "plain": "the quick brown fox jumps over the lazy dog",
  "long word": "a verylongwordthatdoesnotfitintotwentycolumnsatall b",
  "spaces": "  two   three    four     five      six       seven",
  "only spaces": "                               ",
  "lines": "one\n\ntwo three four five six\n",
  "tabs": "a\tb\tc\td\te\tf\tg",
  "colours": "\x1b[31mred text that goes on\x1b[39m and \x1b[1mbold text that goes on too\x1b[22m here",
  "more colours": "\x1b[38;5;200mone two\x1b[48;2;1;2;3m three four five six\x1b[39m seven eight nine\x1b[49m ten",
  "a reset": "\x1b[1;31;44mone two three four five six\x1b[0m seven eight nine ten eleven",
  "colours over lines": "\x1b[31mone\ntwo three four five six seven\nnine\x1b[0m ten",
  "underline": "\x1b[4mone two three four five six seven eight\x1b[24m nine ten",
  "colours in a long word": "\x1b[31maaaaaaaaaaaa\x1b[32mbbbbbbbbbbbbbbbbbbbbbb\x1b[39mcccccccccc",
  "wide": "\u53e4\u4eca\u6771\u897f\u5357\u5317 \u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317",
  "emoji": "\u{1f44d}\u{1f3fd} \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u2764\ufe0f \u{1f1eb}\u{1f1f7} 1\ufe0f\u20e3 text and more of it",
  "combining": "e\u0301a\u0300o\u0302 u\u0308 and more text with marks n\u0303",
  "a link": "see \x1b]8;;http://example.org\x07the link text that goes on\x1b]8;;\x07 and more",
  "thai": "\u0e01\u0e33\u0e01\u0e33 \u0e01\u0e33",
  "full width forms": "\uff21\uff22\uff23 \uff76\uff9e",
  "cursor": "ab\x1b_pi:c\x07cd",
  "zero width": "a\u200bb\u00adc\ufeffd",
};
const cases = {};
for (const [name, text] of Object.entries(TEXTS)) {
  cases[`width: ${name}`] = ({ pi }) => pi.visibleWidth(text);
  cases[`wrap: ${name}`] = ({ pi, seen, WIDTHS }) => [10, ...WIDTHS].map((width) => seen(pi.wrapTextWithAnsi(text, width)));
  cases[`cut: ${name}`] = ({ pi, seen }) => [0, 1, 2, 3, 5, 10, 20, 40, 80].map((width) => seen([
    pi.truncateToWidth(text.split("\n")[0], width), pi.truncateToWidth(text.split("\n")[0], width, ""), pi.truncateToWidth(text.split("\n")[0], width, "\u2026", true),
  ]));
  cases[`Text: ${name}`] = ({ pi, seen, sgr, WIDTHS }) => WIDTHS.map((width) => [
    seen(new pi.Text(text).render(width)), seen(new pi.Text(text, 0, 0).render(width)), seen(new pi.Text(text, 2, 1, sgr(44, 49)).render(width)),
  ]);
  cases[`TruncatedText: ${name}`] = ({ pi, seen, WIDTHS }) => WIDTHS.map((width) => [seen(new pi.TruncatedText(text).render(width)), seen(new pi.TruncatedText(text, 2, 1).render(width))]);
  cases[`Box: ${name}`] = ({ pi, seen, sgr, WIDTHS }) => WIDTHS.map((width) => {
    const box = new pi.Box(1, 1, sgr(44, 49));
    box.addChild(new pi.Text(text, 1, 0));
    box.addChild(new pi.Spacer(2));
    box.addChild(new pi.Text("more", 0, 0));
    return seen(box.render(width));
  });
}
for (const [query, texts] of [
  ["", ["b", "a"]], ["abc", ["xaxbxc", "abc", "none", "a-b-c"]], ["git pu", ["git commit", "git push", "pu git"]], ["ab12", ["12ab", "ab12", "a1b2"]], ["x/y", ["x/y", "y/x", "xy"]],
  ["HeLLo", ["hello", "Hello World", "help"]],
]) cases[`fuzzy: ${query}`] = ({ pi }) => [pi.fuzzyFilter(texts, query, (text) => text), texts.map((text) => pi.fuzzyMatch(query, text).matches)];
