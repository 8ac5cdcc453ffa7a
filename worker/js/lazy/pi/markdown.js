// Markdown as lines of text: what is a heading, a list, code or a quote is told by the colours of a theme and by a few characters.
"use strict";

const { tableLines } = require("pi/markdown_table");
const { padded } = require("pi/components");
const { wrapTextWithAnsi } = require("pi/text");
const { Marked, Tokenizer } = require("vendor/markdown");

const MOST_RULE = 80; // columns
const STYLES = ["bold", "italic", "strikethrough", "underline"];

/** Two tildes on each side and nothing else is struck through: a tilde before a number is a word of prose. */
class Strict extends Tokenizer {
  del(source) {
    const match = /^~~(?=[^\s~])((?:\\.|[^\\])*?(?:\\.|[^\s~\\]))~~(?!~)/.exec(source);
    return match === null ? undefined : { type: "del", raw: match[0], text: match[1], tokens: this.lexer.inlineTokens(match[1]) };
  }
}

let parser = null;

function tokensOf(text) {
  if (parser === null) {
    parser = new Marked();
    parser.setOptions({ tokenizer: new Strict() });
  }
  return parser.lexer(text);
}

/** A way to write text: {apply}, and what switches it on again after something that ended it. */
function way(apply) {
  const styled = apply("\0");
  return { apply, opening: styled.slice(0, Math.max(0, styled.indexOf("\0"))) };
}

class Markdown {
  #text;
  #theme;
  #paddingX;
  #paddingY;
  #style;
  #rendered = null; // {width, lines}

  constructor(text, paddingX, paddingY, theme, defaultTextStyle = undefined) {
    this.#text = text;
    this.#paddingX = paddingX;
    this.#paddingY = paddingY;
    this.#theme = theme;
    this.#style = defaultTextStyle;
  }
  setText(text) {
    this.#text = text;
    this.invalidate();
  }
  invalidate() {
    this.#rendered = null;
  }

  render(width) {
    if (this.#rendered?.width !== width) this.#rendered = { width, lines: this.#render(width) };
    return this.#rendered.lines;
  }
  #render(width) {
    if (!this.#text || this.#text.trim() === "") return [];
    const room = Math.max(1, width - this.#paddingX * 2);
    const background = this.#style?.bgColor;
    const margin = " ".repeat(this.#paddingX);
    const empty = Array(this.#paddingY).fill(padded("", width, background));
    const blocks = this.#blocks(tokensOf(this.#text.replace(/\t/g, "   ")), room, way((text) => this.#plain(text)));
    const lines = blocks.flatMap((line) => wrapTextWithAnsi(line, room)).map((line) => padded(margin + line + margin, width, background));
    return [...empty, ...lines, ...empty];
  }

  /** *text* in the style that all of it has; the background is for whole lines. */
  #plain(text) {
    let styled = this.#style?.color ? this.#style.color(text) : text;
    for (const name of STYLES) if (this.#style?.[name]) styled = this.#theme[name](styled);
    return styled;
  }

  #blocks(tokens, room, how) {
    return tokens.flatMap((token, i) => {
      const next = tokens[i + 1]?.type;
      const lines = this.#block(token, room, how);
      const isApart = ["heading", "paragraph", "code", "blockquote", "hr", "table"].includes(token.type);
      // a list belongs to the paragraph before it
      if (isApart && next !== undefined && next !== "space" && !(token.type === "paragraph" && next === "list")) lines.push("");
      return lines;
    });
  }
  #block(token, room, how) {
    switch (token.type) {
      case "heading": return [this.#heading(token)];
      case "paragraph": return [this.#inline(token.tokens, how)];
      case "code": return this.#code(token);
      case "list": return this.#list(token, how);
      case "table": return tableLines(token, room, (cell) => this.#inline(cell.tokens, how), this.#theme.bold);
      case "blockquote": return this.#quote(token, room);
      case "hr": return [this.#theme.hr("\u2500".repeat(Math.min(room, MOST_RULE)))];
      case "html": return [this.#plain(token.raw.trim())];
      case "space": return [""];
      default: return typeof token.text === "string" ? [token.text] : [];
    }
  }
  #heading({ depth, tokens }) {
    const { bold, heading, underline } = this.#theme;
    const how = way((text) => heading(bold(depth === 1 ? underline(text) : text)));
    return (depth >= 3 ? how.apply(`${"#".repeat(depth)} `) : "") + this.#inline(tokens, how);
  }
  #code({ text, lang = "" }) {
    const { codeBlock, codeBlockBorder, codeBlockIndent = "  ", highlightCode } = this.#theme;
    const lines = highlightCode ? highlightCode(text, lang || undefined) : text.split("\n").map((line) => codeBlock(line));
    return [codeBlockBorder(`\`\`\`${lang}`), ...lines.map((line) => codeBlockIndent + line), codeBlockBorder("```")];
  }
  #quote({ tokens }, room) {
    const { italic, quote, quoteBorder } = this.#theme;
    const { apply, opening } = way((text) => quote(italic(text)));
    const inside = Math.max(1, room - 2);
    const lines = this.#blocks(tokens, inside, { apply: (text) => text, opening });
    while (lines.at(-1) === "") lines.pop();
    return lines
      .map((line) => apply(opening === "" ? line : line.replaceAll("\x1b[0m", `\x1b[0m${opening}`)))
      .flatMap((line) => wrapTextWithAnsi(line, inside))
      .map((line) => quoteBorder("\u2502 ") + line);
  }
  #list(token, how) {
    return token.items.flatMap((item, i) => {
      const bullet = token.ordered ? `${(token.start || 1) + i}. ` : "- ";
      const task = item.task ? `[${item.checked ? "x" : " "}] ` : "";
      const [first = "", ...rest] = this.#item(item.tokens, how);
      return [this.#theme.listBullet(bullet) + task + first, ...rest.map((line) => `  ${line}`)];
    });
  }
  #item(tokens, how) {
    return tokens.flatMap((token) => {
      if (token.type === "list") return this.#list(token, how);
      if (token.type === "code") return this.#code(token);
      if (token.type === "text" || token.type === "paragraph") return [token.tokens?.length > 0 ? this.#inline(token.tokens, how) : token.text ?? ""];
      const text = this.#inline([token], how);
      return text === "" ? [] : [text];
    });
  }

  #inline(tokens, how) {
    const { apply, opening } = how;
    const plain = (text) => text.split("\n").map((line) => apply(line)).join("\n");
    let result = "";
    for (const token of tokens) {
      if (token.type === "br") result += "\n";
      else if ((token.type === "text" || token.type === "paragraph") && token.tokens?.length > 0) result += this.#inline(token.tokens, how);
      else if (token.type === "html") result += plain(token.raw);
      else {
        const styled = this.#styled(token, how);
        if (styled !== null) result += styled + opening;
        else if (typeof token.text === "string") result += plain(token.text);
      }
    }
    while (opening !== "" && result.endsWith(opening)) result = result.slice(0, -opening.length);
    return result;
  }
  /** What has a style of its own; null for what has none. */
  #styled(token, how) {
    const { bold, code, italic, link, linkUrl, strikethrough, underline } = this.#theme;
    const inner = () => this.#inline(token.tokens ?? [], how);
    switch (token.type) {
      case "strong": return bold(inner());
      case "em": return italic(inner());
      case "codespan": return code(token.text);
      case "del": return strikethrough(inner());
      case "link": {
        const shown = link(underline(inner()));
        return token.text === token.href || token.text === token.href.replace(/^mailto:/, "") ? shown : shown + linkUrl(` (${token.href})`);
      }
      default: return null;
    }
  }
}

exports.Markdown = Markdown;
