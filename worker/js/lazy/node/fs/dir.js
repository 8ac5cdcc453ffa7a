// fs.opendir: a directory's entries, one at a time.

const { systemError, withCode } = require("node/fs/errors");
const { pathOf } = require("node/fs/values");
const { steps } = require("node/fs/steps");

class Dir {
  #entries;
  #at = 0;
  #closed = false;
  constructor(path, entries) {
    this.path = path;
    this.#entries = entries;
  }
  readSync() {
    if (this.#closed) throw withCode(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    return this.#at < this.#entries.length ? this.#entries[this.#at++] : null;
  }
  async read() { return this.readSync(); }
  closeSync() {
    if (this.#closed) throw withCode(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    this.#closed = true;
  }
  async close() { this.closeSync(); }
  async *[Symbol.asyncIterator]() {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      this.#closed = true;
    }
  }
}

function* opendir(value, options) {
  const path = pathOf(value);
  try {
    return new Dir(path, yield* steps.readdir(path, { ...options, withFileTypes: true }));
  } catch (error) {
    throw error.syscall === "scandir" ? systemError(error.code, "opendir", path) : error;
  }
}

module.exports = { opendir, Dir };
