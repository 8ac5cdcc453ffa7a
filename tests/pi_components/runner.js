// Runs the cases of one file with the components of one implementation: pi's own under node, or the worker's.

/** *line* as it is seen: [[text, styles], ...]. The cursor's marker is a text of its own. */
function spans(line) {
  const OFF = { 22: [1, 2], 23: [3], 24: [4], 27: [7], 29: [9] };
  const on = new Map();
  const found = [];
  const add = (text) => {
    if (text === "") return;
    const style = [...on.values()].sort().join(",");
    if (found.length > 0 && found.at(-1)[1] === style) found.at(-1)[0] += text;
    else found.push([text, style]);
  };
  let from = 0;
  for (const match of line.matchAll(/\x1b\[([\d;]*)m|\x1b[\]_][^\x07\x1b]*(?:\x07|\x1b\\)/g)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] === undefined) {
      if (match[0] === "\x1b_pi:c\x07") add("<cursor>");
      continue;
    }
    const codes = (match[1] || "0").split(";").map(Number);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code === 0) on.clear();
      else if (code <= 9) on.set(code, String(code));
      else if (OFF[code]) OFF[code].forEach((ended) => on.delete(ended));
      else if (code === 39 || code === 49) on.delete(code - 1);
      else if (code === 38 || code === 48) {
        const count = codes[i + 1] === 2 ? 4 : 2;
        on.set(code, codes.slice(i, i + 1 + count).join("."));
        i += count;
      } else on.set(code >= 40 && code < 90 ? 48 : 38, String(code));
    }
  }
  add(line.slice(from));
  return found;
}

const seen = (lines) => lines.map(spans);

/** The same numbers in both: from *seed*, each 0 to below *below*. */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

const mark = (open, close = open) => (text) => `${open}${text}${close}`;
const sgr = (on, off) => (text) => `\x1b[${on}m${text}\x1b[${off}m`;
const WIDTHS = [20, 40, 80];
const KEYS = {
  enter: "\r", escape: "\x1b", tab: "\t", up: "\x1b[A", down: "\x1b[B", right: "\x1b[C", left: "\x1b[D", home: "\x1b[H", end: "\x1b[F", delete: "\x1b[3~",
  pageUp: "\x1b[5~", pageDown: "\x1b[6~", backspace: "\x7f", shiftEnter: "\x1b[13;2u", altEnter: "\x1b\r", altB: "\x1bb", altF: "\x1bf", altD: "\x1bd",
  altY: "\x1by", altBackspace: "\x1b\x7f", ctrlLeft: "\x1b[1;5D", ctrlRight: "\x1b[1;5C", undo: "\x1f", jump: "\x1d", jumpBack: "\x1b\x1d",
};
const ctrl = (letter) => String.fromCharCode(letter.charCodeAt(0) & 31);
const paste = (text) => `\x1b[200~${text}\x1b[201~`;

/** Keys of a line such as "hello <ctrl+a> <left>": what is in angle brackets is one key, the rest is typed letter by letter. */
function keysOf(script) {
  const found = [];
  for (const [whole, name] of script.matchAll(/<([\w+]+)>|[^]/gu)) {
    if (name === undefined) found.push(whole);
    else if (name.startsWith("ctrl+")) found.push(ctrl(name.slice(5)));
    else found.push(KEYS[name]);
  }
  return found;
}

/** Wait for *isTrue*: a few turns of the timers, up to two seconds. */
async function until(isTrue) {
  for (let turn = 0; turn < 400 && !isTrue(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

const helpers = { KEYS, WIDTHS, ctrl, keysOf, mark, numbers, paste, seen, sgr, spans, until };

async function runCases(cases, pi) {
  const out = {};
  for (const [name, run] of Object.entries(cases)) {
    try {
      out[name] = await run({ pi, ...helpers });
    } catch (error) {
      out[name] = `threw ${error && error.stack}`;
    }
  }
  return out;
}
