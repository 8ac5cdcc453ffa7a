// Components that lie over others: how wide they are, where, and the lines of both together.
"use strict";

const { restFrom, sliceColumns, visibleWidth } = require("pi/text");


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

/** What is kept free around an overlay: a number for all sides, or one for each. */
function marginOf(options) {
  const given = typeof options.margin === "number" ? Object.fromEntries(["top", "right", "bottom", "left"].map((side) => [side, options.margin])) : options.margin;
  const side = (name) => Math.max(0, Number(given?.[name]) || 0);
  return { top: side("top"), right: side("right"), bottom: side("bottom"), left: side("left") };
}

/** How many columns an overlay takes of *columns*. */
function widthOf(options, columns) {
  const margin = marginOf(options);
  const room = Math.max(1, columns - margin.left - margin.right);
  const wanted = Math.max(sizeOf(options.width, columns) ?? Math.min(80, room), sizeOf(options.minWidth, columns) ?? 1);
  return Math.max(1, Math.min(wanted, room));
}

/** How many lines it may take of *rows*. */
function heightOf(options, rows) {
  const margin = marginOf(options);
  const room = Math.max(1, rows - margin.top - margin.bottom);
  return Math.max(1, Math.min(sizeOf(options.maxHeight, rows) ?? room, room));
}

/** The first cell of *size* ones between *before* and *after* free ones of *whole*: at *wish*, or at *share* of what is left. */
function placeAt(wish, share, offset, size, whole, before, after) {
  const left = whole - before - after - size;
  const at = typeof wish === "number" ? wish : before + (sizeOf(wish, Math.max(0, left)) ?? Math.floor(left * share));
  return Math.max(before, Math.min(at + (Number(offset) || 0), whole - after - size));
}

/** The first row and column of an overlay of *height* and *width*. */
function placeOf(options, height, width, rows, columns) {
  const anchor = String(options.anchor ?? "center");
  const margin = marginOf(options);
  const down = anchor.startsWith("top") ? 0 : anchor.startsWith("bottom") ? 1 : 0.5;
  const across = /left$|^left/.test(anchor) ? 0 : /right$|^right/.test(anchor) ? 1 : 0.5;
  return [
    placeAt(options.row, down, options.offsetY, height, rows, margin.top, margin.bottom),
    placeAt(options.col, across, options.offsetX, width, columns, margin.left, margin.right),
  ];
}

const padded = (line, width) => line + " ".repeat(Math.max(0, width - visibleWidth(line)));

/** The lines of *base* with *overlays* ({component, options}) over it, for an interface of *columns* and *rows*. */
function layOver(base, overlays, columns, rows) {
  const lines = [...base];
  for (const overlay of overlays) {
    const options = optionsOf(overlay.options);
    const width = widthOf(options, columns);
    const drawn = overlay.component.render(width).slice(0, heightOf(options, rows));
    // What is below may be lower than the interface: then it is what the overlay lies over that counts.
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
