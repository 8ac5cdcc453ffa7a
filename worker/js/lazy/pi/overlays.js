// Components that lie over others: how wide they are, where, and the lines of both together.
"use strict";

const { restFrom, sliceColumns, visibleWidth } = require("pi/text");

const ROWS = { top: 0, center: 0.5, bottom: 1 };

/** A size in cells: a number, or a share of *whole* such as "50%"; undefined for anything else. */
function sizeOf(value, whole) {
  if (typeof value === "number" && Number.isFinite(value)) return Math.floor(value);
  const share = typeof value === "string" ? /^(\d+(?:\.\d+)?)%$/.exec(value) : null;
  return share === null ? undefined : Math.floor((Number(share[1]) * whole) / 100);
}

/** The options of an overlay, which may be a function that gives them. */
function optionsOf(given) {
  const options = typeof given === "function" ? given() : given;
  return typeof options === "object" && options !== null ? options : {};
}

/** How many columns an overlay takes of *columns*. */
function widthOf(options, columns) {
  const wanted = Math.max(sizeOf(options.width, columns) ?? Math.min(80, columns), sizeOf(options.minWidth, columns) ?? 1);
  return Math.max(1, Math.min(wanted, columns));
}

/** How many lines it may take of *rows*. */
function heightOf(options, rows) {
  return Math.max(1, Math.min(sizeOf(options.maxHeight, rows) ?? rows, rows));
}

/** The first row and column of a box of *height* and *width*. */
function placeOf(options, height, width, rows, columns) {
  const anchor = String(options.anchor ?? "center");
  const vertical = anchor.startsWith("top") ? "top" : anchor.startsWith("bottom") ? "bottom" : "center";
  const horizontal = anchor.endsWith("left") ? 0 : anchor.endsWith("right") ? 1 : 0.5;
  const row = sizeOf(options.row, rows - height) ?? Math.floor((rows - height) * ROWS[vertical]) + (Number(options.offsetY) || 0);
  const column = sizeOf(options.col, columns - width) ?? Math.floor((columns - width) * horizontal) + (Number(options.offsetX) || 0);
  return [Math.max(0, Math.min(row, rows - height)), Math.max(0, Math.min(column, columns - width))];
}

const padded = (line, width) => line + " ".repeat(Math.max(0, width - visibleWidth(line)));

/** The lines of *base* with *overlays* ({component, options}) over it, for an interface of *columns* and *rows*. */
function layOver(base, overlays, columns, rows) {
  const lines = [...base];
  for (const overlay of overlays) {
    const options = optionsOf(overlay.options);
    const width = widthOf(options, columns);
    const drawn = overlay.component.render(width).slice(0, heightOf(options, rows));
    const height = Math.max(lines.length, Math.min(rows, drawn.length));
    const [row, column] = placeOf(options, drawn.length, width, height, columns);
    while (lines.length < row + drawn.length) lines.push("");
    drawn.forEach((line, at) => {
      const under = lines[row + at];
      const left = padded(sliceColumns(under, 0, column), column);
      const over = padded(sliceColumns(line, 0, width), width);
      const right = restFrom(under, column + width);
      lines[row + at] = `${left}\x1b[0m${over}\x1b[0m${right}`;
    });
  }
  return lines;
}

Object.assign(exports, { heightOf, layOver, optionsOf, widthOf });
