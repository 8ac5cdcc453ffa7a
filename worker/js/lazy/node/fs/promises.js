// node:fs/promises.

const { run } = require("pi/files");
const { constants } = require("node/fs/values");
const { steps } = require("node/fs/steps");
const handles = require("node/fs/handles");
const { opendir } = require("node/fs/dir");
const { never } = require("node/fs/never");

const promises = { constants };

for (const name of Object.keys(steps)) {
  if (name === "open") continue;
  const make = steps[name];
  promises[name] = { async [name](...args) {
    const signal = args.find((arg) => typeof arg === "object" && arg !== null && arg.signal !== undefined)?.signal;
    return await run(null, make(...args), signal);
  } }[name];
}
promises.open = async function open(path, flags, mode) {
  return new handles.FileHandle(await run(null, steps.open(path, flags, mode)));
};
promises.opendir = async function open(path, options) {
  return await run(null, opendir(path, options));
};
promises.watch = never("watch");

const { FileHandle } = handles;
const method = (name, fn) => Object.defineProperty(FileHandle.prototype, name, { value: fn, writable: true, configurable: true });
method("read", async function (buffer, offset, length, position) {
  let target = buffer;
  let options = offset;
  if (!ArrayBuffer.isView(buffer)) {
    options = buffer ?? {};
    target = options.buffer ?? require("node/fs/values").Buffer.alloc(16384);
  }
  const bytesRead = await run(null, handles.steps.read(this.fd, target, options, length, position));
  return { bytesRead, buffer: target };
});
method("write", async function (data, ...rest) {
  return { bytesWritten: await run(null, handles.steps.write(this.fd, data, ...rest)), buffer: data };
});
for (const name of ["readFile", "writeFile", "appendFile"]) {
  method(name, async function (...args) { return await run(null, steps[name](this, ...args)); });
}
for (const [name, step] of Object.entries({ stat: "fstat", truncate: "ftruncate", sync: "fsync", datasync: "fdatasync", chmod: "fchmod" })) {
  method(name, async function (...args) { return await run(null, handles.steps[step](this.fd, ...args)); });
}
method("close", async function () {
  if (this.fd < 0) return;
  handles.close(this.fd);
  handles.forget(this);
});
if (Symbol.asyncDispose !== undefined) method(Symbol.asyncDispose, async function () { await this.close(); });

module.exports = promises;
