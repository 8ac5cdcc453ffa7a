// fs.createReadStream and createWriteStream, over node:stream.

const { run } = require("pi/files");
const { steps } = require("node/fs/steps");
const handles = require("node/fs/handles");
const { pathOf, optionsOf, Buffer } = require("node/fs/values");
const { Readable, Writable } = require("node/stream");

const done = (promise, callback) => {
  promise.then((value) => callback(null, value), callback);
};

function createReadStream(value, options) {
  const given = optionsOf(options, { flags: "r", highWaterMark: 65536, start: 0, end: Infinity, autoClose: true });
  const path = given.fd === undefined || given.fd === null ? pathOf(value) : undefined;
  let fd = path === undefined ? (given.fd.fd ?? given.fd) : -1;
  let at = given.start;
  const stream = new Readable({
    highWaterMark: given.highWaterMark,
    encoding: given.encoding,
    construct(callback) {
      if (fd >= 0) {
        callback();
        return;
      }
      done(run(null, steps.open(path, given.flags, given.mode)), (error, opened) => {
        if (error) {
          callback(error);
          return;
        }
        fd = opened;
        stream.fd = fd;
        callback();
        stream.emit("open", fd);
        stream.emit("ready");
      });
    },
    read(size) {
      const count = Math.min(size, given.highWaterMark, given.end - at + 1);
      if (count <= 0) {
        this.push(null);
        return;
      }
      const buffer = Buffer.alloc(count);
      done(run(null, handles.steps.read(fd, buffer, 0, count, at)), (error, got) => {
        if (error) {
          this.destroy(error);
          return;
        }
        at += got;
        stream.bytesRead += got;
        this.push(got === 0 ? null : buffer.subarray(0, got));
      });
    },
    destroy: closing(() => fd, () => { fd = -1; }),
  });
  stream.path = path;
  stream.bytesRead = 0;
  return stream;
}

function createWriteStream(value, options) {
  const given = optionsOf(options, { flags: "w", encoding: "utf8", start: undefined });
  const path = given.fd === undefined || given.fd === null ? pathOf(value) : undefined;
  let fd = path === undefined ? (given.fd.fd ?? given.fd) : -1;
  let at = given.start;
  const stream = new Writable({
    decodeStrings: true,
    defaultEncoding: given.encoding ?? "utf8",
    highWaterMark: given.highWaterMark ?? 16384,
    construct(callback) {
      if (fd >= 0) {
        callback();
        return;
      }
      done(run(null, steps.open(path, given.flags, given.mode)), (error, opened) => {
        if (error) {
          callback(error);
          return;
        }
        fd = opened;
        stream.fd = fd;
        callback();
        stream.emit("open", fd);
        stream.emit("ready");
      });
    },
    write(chunk, _encoding, callback) {
      done(run(null, handles.steps.write(fd, chunk, 0, chunk.length, at)), (error, count) => {
        if (error) {
          callback(error);
          return;
        }
        if (at !== undefined) at += count;
        stream.bytesWritten += count;
        callback();
      });
    },
    destroy: closing(() => fd, () => { fd = -1; }),
  });
  stream.path = path;
  stream.bytesWritten = 0;
  return stream;
}

function closing(current, forget) {
  return (error, callback) => {
    if (current() >= 0) {
      try {
        handles.close(current());
      } catch {
        // closed by its owner
      }
      forget();
    }
    callback(error);
  };
}

module.exports = { createReadStream, createWriteStream };
