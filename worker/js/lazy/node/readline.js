// node:readline: lines of a stream. There is no terminal, so there is nothing to edit.
"use strict";

const EventEmitter = require("node/events");
const { StringDecoder } = require("node/string_decoder");

class Interface extends EventEmitter {
  #decoder = new StringDecoder("utf8");
  #kept = "";
  #questions = [];
  #prompt = "> ";
  #onData = (data) => this.#take(typeof data === "string" ? data : this.#decoder.write(data));
  #onEnd = () => {
    const rest = this.#kept + this.#decoder.end();
    this.#kept = "";
    if (rest !== "") this.#line(rest);
    this.close();
  };

  constructor(input, output) {
    super();
    const options = typeof input?.on === "function" ? { input, output } : input;
    if (typeof options?.input?.on !== "function") throw new TypeError("createInterface needs an input: a stream");
    this.input = options.input;
    this.output = options.output;
    this.terminal = false;
    this.closed = false;
    this.line = "";
    if (typeof options.prompt === "string") this.#prompt = options.prompt;
    this.input.on("data", this.#onData);
    this.input.on("end", this.#onEnd);
    options.signal?.addEventListener("abort", () => this.close());
    this.input.resume?.();
  }

  #take(text) {
    this.#kept += text;
    // "\r" at the very end may be half of "\r\n"
    const parts = this.#kept.split(/\r\n|\n|\r(?!$)/);
    this.#kept = parts.pop();
    for (const part of parts) this.#line(part);
  }

  #line(text) {
    const line = text.endsWith("\r") ? text.slice(0, -1) : text;
    const question = this.#questions.shift();
    if (question === undefined) this.emit("line", line);
    else question(line);
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.input.removeListener("data", this.#onData);
    this.input.removeListener("end", this.#onEnd);
    this.input.pause?.();
    this.emit("close");
  }

  pause() {
    this.input.pause?.();
    this.emit("pause");
    return this;
  }

  resume() {
    this.input.resume?.();
    this.emit("resume");
    return this;
  }

  setPrompt(text) {
    this.#prompt = text;
  }

  getPrompt() {
    return this.#prompt;
  }

  prompt() {
    this.output?.write(this.#prompt);
  }

  write() {
    // types into the terminal, and there is none
  }

  question(query, options, callback) {
    const answer = typeof options === "function" ? options : callback;
    this.output?.write(query);
    this.#questions.push(answer);
  }

  async *[Symbol.asyncIterator]() {
    const lines = [];
    let wake = () => undefined;
    const onLine = (line) => {
      lines.push(line);
      wake();
    };
    const onClose = () => wake();
    this.on("line", onLine);
    this.on("close", onClose);
    try {
      for (;;) {
        while (lines.length > 0) yield lines.shift();
        if (this.closed) return;
        await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      this.removeListener("line", onLine);
      this.removeListener("close", onClose);
      this.close();
    }
  }
}

function escape(sequence) {
  return (stream, ...args) => {
    const callback = args.find((argument) => typeof argument === "function");
    if (stream !== null && stream !== undefined) return stream.write(sequence(...args), callback);
    if (callback !== undefined) queueMicrotask(() => callback(null));
    return true;
  };
}

Object.assign(exports, {
  Interface,
  clearLine: escape((direction) => (direction < 0 ? "\x1b[1K" : direction > 0 ? "\x1b[0K" : "\x1b[2K")),
  clearScreenDown: escape(() => "\x1b[0J"),
  createInterface: (input, output) => new Interface(input, output),
  cursorTo: escape((x, y) => (typeof y === "number" ? `\x1b[${y + 1};${x + 1}H` : `\x1b[${x + 1}G`)),
  emitKeypressEvents: () => undefined,
  moveCursor: escape((dx, dy) => (
    `${dx < 0 ? `\x1b[${-dx}D` : dx > 0 ? `\x1b[${dx}C` : ""}${dy < 0 ? `\x1b[${-dy}A` : dy > 0 ? `\x1b[${dy}B` : ""}`
  )),
});
Object.defineProperty(exports, "promises", { get: () => require("node/readline/promises"), enumerable: true });
