// What is switched on at one place of a text for a terminal: styles, colours and a link.
"use strict";

const OFF = { 21: [1], 22: [1, 2], 23: [3], 24: [4], 25: [5, 6], 27: [7], 28: [8], 29: [9] };
const ARGUMENTS = { 2: 3, 5: 1, 6: 1 }; // after 38 or 48: a colour by its parts, by its number, by its name

class Style {
  #on = new Map(); // what it is -> the code that switched it on
  #link = null; // [what opens it, what closes it]

  /** Take one escape sequence. */
  read(escape) {
    const link = /^\x1b\]8;[^;]*;(.*?)(\x07|\x1b\\)$/.exec(escape);
    if (link !== null) {
      this.#link = link[1] === "" ? null : [escape, `\x1b]8;;${link[2]}`];
      return;
    }
    const style = /^\x1b\[([\d;:]*)m$/.exec(escape);
    if (style === null) return;
    const codes = style[1].split(";");
    for (let i = 0; i < codes.length; i++) {
      const code = Number.parseInt(codes[i] || "0", 10);
      if (code === 38 || code === 48) {
        const count = codes[i].includes(":") ? 0 : 1 + (ARGUMENTS[codes[i + 1]] ?? 0);
        this.#on.set(code, codes.slice(i, i + 1 + count).join(";"));
        i += count;
      } else this.#take(code, codes[i]);
    }
  }

  #take(code, text) {
    if (code === 0) this.#on.clear();
    else if (code <= 9) this.#on.set(code, text);
    else if (OFF[code] !== undefined) for (const ended of OFF[code]) this.#on.delete(ended);
    else if (code === 39 || code === 49) this.#on.delete(code - 1);
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) this.#on.set(38, text);
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) this.#on.set(48, text);
  }

  /** What switches all of it on again. */
  get opening() {
    const codes = [...this.#on.values()];
    return (codes.length > 0 ? `\x1b[${codes.join(";")}m` : "") + (this.#link?.[0] ?? "");
  }

  /** What must not go on after the end of a line: neither may reach what fills the line up. */
  get lineEnd() {
    return (this.#on.has(4) ? "\x1b[24m" : "") + (this.#link?.[1] ?? "");
  }
}

exports.Style = Style;
