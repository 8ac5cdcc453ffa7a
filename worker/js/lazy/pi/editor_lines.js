// The lines of an editor as they are seen: a line of the text is one or more of them. A mark that stands for a large paste
// is one piece, whatever it is long.
"use strict";

const { isBlank } = require("pi/editing");
const { graphemes, visibleWidth } = require("pi/text");

const MARKS = /\[paste #(\d+)(?: (?:\+\d+ lines|\d+ chars))?\]/g;
const isMark = (text) => text.length > 9 && new RegExp(`^(?:${MARKS.source})$`).test(text);

/** [{text, index}] of *line*: its graphemes, and the marks of the pastes that *ids* has. */
function segmentsOf(line, ids) {
  const found = [];
  const add = (text, from) => {
    let index = from;
    for (const part of graphemes(text)) {
      found.push({ text: part, index });
      index += part.length;
    }
  };
  let from = 0;
  if (ids.size > 0) {
    for (const match of line.matchAll(MARKS)) {
      if (!ids.has(Number(match[1]))) continue;
      add(line.slice(from, match.index), from);
      found.push({ text: match[0], index: match.index });
      from = match.index + match[0].length;
    }
  }
  add(line.slice(from), from);
  return found;
}

/** [{from, to}] of *line* in parts of at most *width* columns, broken after spaces where that is possible. */
function wrap(line, width, ids) {
  if (visibleWidth(line) <= width) return [{ from: 0, to: line.length }];
  const segments = segmentsOf(line, ids);
  const parts = [];
  let start = 0;
  let column = 0;
  let breakAt = -1; // where a break is best, and the column there
  let breakColumn = 0;
  segments.forEach((segment, i) => {
    const taken = visibleWidth(segment.text);
    if (column + taken > width) {
      if (breakAt >= 0 && column - breakColumn + taken <= width) {
        parts.push({ from: start, to: breakAt });
        start = breakAt;
        column -= breakColumn;
      } else if (start < segment.index) {
        parts.push({ from: start, to: segment.index });
        start = segment.index;
        column = 0;
      }
      breakAt = -1;
    }
    if (taken > width) { // a mark that is longer than a line is broken as any text is
      const inner = segment.text.length > 1 ? wrap(segment.text, width, new Set()) : [{ from: 0, to: 1 }];
      for (const part of inner.slice(0, -1)) parts.push({ from: segment.index + part.from, to: segment.index + part.to });
      const last = inner.at(-1);
      start = segment.index + last.from;
      column = visibleWidth(segment.text.slice(last.from));
      breakAt = -1;
      return;
    }
    column += taken;
    const next = segments[i + 1];
    const isSpace = !isMark(segment.text) && isBlank(segment.text);
    if (isSpace && next !== undefined && (isMark(next.text) || !isBlank(next.text))) {
      breakAt = next.index;
      breakColumn = column;
    }
  });
  parts.push({ from: start, to: line.length });
  return parts;
}

/** [{row, from, to, isLast}] of all *lines*: where each line that is seen is in the text, and whether it ends its row. */
function seenLines(lines, width, ids) {
  return lines.flatMap((line, row) => {
    const parts = wrap(line, Math.max(1, width), ids);
    return parts.map((part, i) => ({ row, ...part, isLast: i === parts.length - 1 }));
  });
}

/** The number of the seen line with column *col* of *row*: at the end of a line that goes on, it is the next one. */
function seenAt(seen, row, col) {
  const at = seen.findIndex((one) => one.row === row && col >= one.from && (col < one.to || (one.isLast && col === one.to)));
  return at < 0 ? seen.length - 1 : at;
}

Object.assign(exports, { isMark, seenAt, seenLines, segmentsOf });
