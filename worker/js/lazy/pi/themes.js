// pi-coding-agent's themes for components: how each part of one is coloured, by the theme of now.
"use strict";

const { currentTheme } = require("pi/theme");

const fg = (name) => (text) => currentTheme().fg(name, text);
const style = (name) => (text) => currentTheme()[name](text);

/** The lines of *code*. No language is known here, so every one has the one colour of code. */
function highlightCode(code, _lang) {
  return code.split("\n").map(fg("mdCodeBlock"));
}

const getMarkdownTheme = () => ({
  heading: fg("mdHeading"),
  link: fg("mdLink"),
  linkUrl: fg("mdLinkUrl"),
  code: fg("mdCode"),
  codeBlock: fg("mdCodeBlock"),
  codeBlockBorder: fg("mdCodeBlockBorder"),
  quote: fg("mdQuote"),
  quoteBorder: fg("mdQuoteBorder"),
  hr: fg("mdHr"),
  listBullet: fg("mdListBullet"),
  bold: style("bold"),
  italic: style("italic"),
  underline: style("underline"),
  strikethrough: style("strikethrough"),
  highlightCode,
});

const getSelectListTheme = () => ({
  selectedPrefix: fg("accent"),
  selectedText: fg("accent"),
  description: fg("muted"),
  scrollInfo: fg("muted"),
  noMatch: fg("muted"),
});

const getEditorTheme = () => ({ borderColor: fg("borderMuted"), selectList: getSelectListTheme() });

const getSettingsListTheme = () => ({
  label: (text, isSelected) => (isSelected ? currentTheme().fg("accent", text) : text),
  value: (text, isSelected) => currentTheme().fg(isSelected ? "accent" : "muted", text),
  description: fg("dim"),
  cursor: currentTheme().fg("accent", "\u2192 "),
  hint: fg("dim"),
});

Object.assign(exports, { getEditorTheme, getMarkdownTheme, getSelectListTheme, getSettingsListTheme, highlightCode });
