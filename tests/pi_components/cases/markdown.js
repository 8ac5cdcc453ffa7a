// Bullets are cyan: by that pi knows its own nested lists.
const themeOf = ({ sgr }) => ({
  heading: sgr(33, 39), link: sgr(34, 39), linkUrl: sgr(90, 39), code: sgr(32, 39), codeBlock: sgr(92, 39), codeBlockBorder: sgr(37, 39), quote: sgr(35, 39),
  quoteBorder: sgr(95, 39), hr: sgr(31, 39), listBullet: sgr(36, 39), bold: sgr(1, 22), italic: sgr(3, 23), strikethrough: sgr(9, 29), underline: sgr(4, 24),
});
const draw = (t, text, { padding = [0, 0], style = undefined, theme = themeOf(t) } = {}) => {
  const markdown = new t.pi.Markdown(text, padding[0], padding[1], theme, style);
  return t.WIDTHS.map((width) => t.seen(markdown.render(width)));
};
const coloured = (t) => ({ style: { color: t.sgr("38;5;200", 39), bgColor: t.sgr(44, 49), bold: true, italic: true } });

const TABLE = "| Name | What it does | n |\n|---|:--|--:|\n| `one` | the **first** of them, with a longer text that must be wrapped | 1 |\n| two | \u53e4\u4eca | 22 |\n";
const texts = {
  "empty": "",
  "blank": " \n \n",
  "a paragraph": "Hello world, this is a text that takes more than one line when there are few columns.",
  "two paragraphs": "One.\n\nTwo.",
  "a line break": "One  \ntwo\\\nthree\nfour",
  "headings": "# One\n## Two\n### Three\n#### Four\ntext\n##### Five\n\nmore",
  "headings with styles": "# A *b* `c` **d**\n\n### E [f](http://g) h",
  "underlined headings": "One\n===\n\nTwo\n---\n",
  "a long heading": "# A heading that is far too long for the line that it stands in, by a good deal",
  "styles": "Some **bold**, *italic*, ***both***, ~~struck~~, `code` and __more__ _of_ it.",
  "styles in styles": "**bold with *italic* and `code` inside**, then *italic with **bold** inside*",
  "styles over lines": "some **bold text that goes on over the end of a line** and `code that goes on as well` here",
  "one tilde": "about ~5 to ~6, ~~ no ~~ and ~~yes~~",
  "escapes": "\\*not\\* \\# \\` \\[x\\]",
  "entities": "a &amp; b &lt; c &copy;",
  "links": "A [link](http://example.org/a), <http://auto.example>, http://bare.example/x and <me@example.org> or [me@example.org](mailto:me@example.org).",
  "links with styles": "[**bold** link](http://x) and [ref] and [`code`](y)\n\n[ref]: http://ref.example",
  "images": "![alt text](http://x/y.png) and ![](z.png)",
  "html": "<div>\n  <b>x</b>\n</div>\n\nin a <b>line</b> and <!-- hidden --> more",
  "a rule": "a\n\n---\n\nb\n***\nc",
  "code": "```js\nconst a = 1;\n\n  indented\n```\n",
  "code and text": "before\n```\nplain\n```\nafter",
  "indented code": "text\n\n    code\n      more\n\ntext",
  "code that is not closed": "```\nopen\nlines",
  "long code": "```\na line of code that is longer than most of the widths here\n```",
  "a list": "- one\n- two **bold**\n- three",
  "a list after text": "text\n- one\n- two\n\nafter",
  "an ordered list": "1. one\n2. two\n10. three",
  "an ordered list from seven": "7. one\n8. two",
  "a loose list": "- one\n\n- two\n\n- three",
  "a nested list": "- one\n  - inner\n    - innermost\n  - more\n- two\n  1. first\n  2. second",
  "a list with paragraphs": "- one\n\n  still one\n- two",
  "a list with code": "- one\n  ```sh\n  ls -l\n  ```\n- two",
  "a list with a quote": "- one\n  > quoted\n- two",
  "a list with an empty item": "- one\n-\n- three",
  "a long item": "- an item with a text that is longer than the narrow lines, so that it goes on in the next",
  "a list of stars": "* one\n* two\n+ three",
  "tasks": "- [ ] open\n- [x] done\n- [link] no task",
  "a quote": "> quoted text\n> goes on\n\nafter",
  "a long quote": "> quoted text that is so long that it must be wrapped in lines of forty columns, with **bold** and `code`.",
  "a quote with blocks": "> # Title\n>\n> - one\n> - two\n>\n> ```\n> code\n> ```\n",
  "a quote in a quote": "> outer\n>\n> > inner\n",
  "a table": TABLE,
  "a table and text": `before\n\n${TABLE}\nafter`,
  "a table of many columns": "| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 | 6 |\n| a longer cell | x | y | z | averyveryverylongword | w |",
  "a table with empty cells": "| a | b |\n|---|---|\n|  | x |\n| y |  |",
  "a table without rows": "| a | b |\n|---|---|\n",
  "a table with links": "| a |\n|---|\n| [x](http://y) |",
  "wide characters": "# \u53e4\u4eca\u6771\u897f\n\n\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca\u6771\u897f\u5357\u5317\u53e4\u4eca **\u6771\u897f**\u5357\u5317",
  "emoji": "- \u{1f44d}\u{1f3fd} yes\n- \u{1f468}\u200d\u{1f469}\u200d\u{1f467} **family**",
  "tabs": "a\tb\n\n\tcode\tmore",
  "colours in the text": "a \x1b[31mred\x1b[0m word and \x1b[1mbold\x1b[22m",
};

const cases = {};
for (const [name, text] of Object.entries(texts)) {
  cases[name] = (t) => draw(t, text);
  cases[`${name}, padded`] = (t) => draw(t, text, { padding: [2, 1] });
  cases[`${name}, in a style`] = (t) => draw(t, text, { ...coloured(t), padding: [1, 1] });
}
cases["with a highlighter"] = (t) => draw(t, texts.code, { theme: { ...themeOf(t), codeBlockIndent: "....", highlightCode: (code, lang) => code.split("\n").map((line) => `${lang}:${line}`) } });
cases["marks that can be seen"] = (t) => {
  const theme = Object.fromEntries(Object.keys(themeOf(t)).map((name) => [name, t.mark(`<${name}>`, `</${name}>`)]));
  return draw(t, "# One *two*\n\nText **bold** `code` [link](http://x)\n\n> quote\n\n---\n", { theme });
};
cases["another text"] = (t) => {
  const markdown = new t.pi.Markdown("one", 0, 0, themeOf(t));
  const first = t.seen(markdown.render(20));
  markdown.setText("**two**");
  return [first, t.seen(markdown.render(20)), t.seen(markdown.render(10))];
};
cases["nested lists of any colour"] = (t) => draw(t, texts["a nested list"], { theme: { ...themeOf(t), listBullet: t.sgr(31, 39) } });
cases["a list as an item"] = (t) => draw(t, "- - one\n  - two\n- 1. three");
