// A table of Markdown, drawn with lines: columns get the room that they need, or a fair part of what there is.
"use strict";

const { visibleWidth, wrapTextWithAnsi } = require("pi/text");

const LONGEST_WORD = 30; // of a longer one a column does not ask for all

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const longestWord = (text) => Math.max(1, ...text.split(/\s+/).map((word) => Math.min(LONGEST_WORD, visibleWidth(word))));

/** *room* in whole parts, by *weights*. */
const parts = (room, weights) => {
  const total = sum(weights);
  return weights.map((weight) => (total > 0 ? Math.floor((weight / total) * room) : 0));
};

/** How many columns each of *cells* (the texts of every row) gets of *room*. */
function widths(cells, room) {
  const count = cells[0].length;
  const natural = Array.from({ length: count }, (_, i) => Math.max(...cells.map((row) => visibleWidth(row[i] ?? ""))));
  let least = Array.from({ length: count }, (_, i) => Math.max(...cells.map((row) => longestWord(row[i] ?? ""))));
  if (sum(least) > room) { // not even the words fit
    const grown = parts(room - count, least.map((width) => width - 1));
    let left = room - count - sum(grown);
    least = grown.map((more) => 1 + more + (left-- > 0 ? 1 : 0));
  }
  if (sum(natural) <= room) return natural.map((width, i) => Math.max(width, least[i]));
  const grown = parts(Math.max(0, room - sum(least)), natural.map((width, i) => Math.max(0, width - least[i])));
  const found = least.map((width, i) => width + grown[i]);
  let left = room - sum(found);
  while (left > 0 && found.some((width, i) => width < natural[i])) {
    for (let i = 0; i < count && left > 0; i++) {
      if (found[i] >= natural[i]) continue;
      found[i] += 1;
      left -= 1;
    }
  }
  return found;
}

/** The lines of *token* in *room* columns. *inline* gives the text of a cell, *bold* styles the head. */
function tableLines(token, room, inline, bold) {
  const count = token.header.length;
  if (count === 0) return [];
  const inside = room - (3 * count + 1);
  if (inside < count) return wrapTextWithAnsi(token.raw, room); // no table fits
  const cells = [token.header, ...token.rows].map((row) => row.map(inline));
  const columns = widths(cells, inside);
  const rule = (left, middle, right) => left + columns.map((width) => "\u2500".repeat(width + 2)).join(middle) + right;
  const between = rule("\u251c", "\u253c", "\u2524");
  const rows = cells.map((row, at) => {
    const wrapped = columns.map((width, i) => wrapTextWithAnsi(row[i] ?? "", width));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const shown = wrapped.map((lines, i) => {
        const text = lines[line] ?? "";
        const full = text + " ".repeat(Math.max(0, columns[i] - visibleWidth(text)));
        return at === 0 ? bold(full) : full;
      });
      return `\u2502 ${shown.join(" \u2502 ")} \u2502`;
    });
  });
  const [head, ...rest] = rows;
  const body = rest.length > 0 ? rest.flatMap((lines) => [between, ...lines]) : [between];
  return [rule("\u250c", "\u252c", "\u2510"), ...head, ...body, rule("\u2514", "\u2534", "\u2518")];
}

exports.tableLines = tableLines;
