// console.table: rows and columns in a frame.
"use strict";

const { inspectWithin } = internals;

const MAX_ROWS = 1000;
const MAX_COLUMNS = 100;
const isObject = (value) => typeof value === "object" && value !== null;
const width = (text) => [...text].length;

/** The text of *data* as a table, of *columns* alone if they are given. */
function table(data, columns) {
  if (data instanceof Map) {
    const rows = [...data].slice(0, MAX_ROWS);
    return frame(["(iteration index)", "Key", "Values"], rows.map(([key, value], at) => [`${at}`, inspectWithin(key), inspectWithin(value)]));
  }
  if (data instanceof Set) {
    const rows = [...data].slice(0, MAX_ROWS);
    return frame(["(iteration index)", "Values"], rows.map((value, at) => [`${at}`, inspectWithin(value)]));
  }
  const keys = Object.keys(data).slice(0, MAX_ROWS);
  const found = new Set();
  let hasValues = false;
  for (const key of keys) {
    if (isObject(data[key])) for (const name of Object.keys(data[key]).slice(0, MAX_COLUMNS)) found.add(name);
    else hasValues = true;
  }
  const names = columns === undefined ? [...found].slice(0, MAX_COLUMNS) : Array.from(columns, String);
  const rows = keys.map((key) => {
    const row = data[key];
    const cells = names.map((name) => (isObject(row) && Object.hasOwn(row, name) ? inspectWithin(row[name]) : ""));
    return [key, ...cells, ...(hasValues ? [isObject(row) ? "" : inspectWithin(row)] : [])];
  });
  return frame(["(index)", ...names, ...(hasValues ? ["Values"] : [])], rows);
}

function frame(head, rows) {
  const widths = head.map((name, at) => Math.max(width(name), ...rows.map((row) => width(row[at]))) + 2);
  const rule = (left, middle, right) => left + widths.map((count) => "─".repeat(count)).join(middle) + right;
  const line = (cells) => `│${cells.map((cell, at) => ` ${cell}${" ".repeat(widths[at] - width(cell) - 1)}`).join("│")}│`;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")].join("\n");
}

module.exports = { table };
