// node:fs: each call in three forms, made from the same steps: fooSync, foo(..., callback), promises.foo.

const { run, runSync } = require("pi/files");
const { constants, Stats, Dirent, callbackOf, pathOf } = require("node/fs/values");
const { steps } = require("node/fs/steps");
const handles = require("node/fs/handles");
const promises = require("node/fs/promises");
const { opendir, Dir } = require("node/fs/dir");
const { never } = require("node/fs/never");
const { reportUnhandled } = internals;

const fs = {};
const named = (name, fn) => Object.defineProperty(fn, "name", { value: name });

/** Do *made* and tell *callback*; wrong arguments are thrown at once, as in node. */
function later(made, callback, tell) {
  let first;
  try {
    first = made.next();
  } catch (error) {
    if (typeof error?.code === "string" && error.code.startsWith("ERR_INVALID")) throw error;
    run(null, failing(error)).catch((thrown) => callback(thrown)).catch(reportUnhandled);
    return;
  }
  run(null, made, undefined, first).then(tell, callback).catch(reportUnhandled);
}

function* failing(error) {
  throw error;
}

const extras = { read: 2, write: 2 }; // whose callbacks get the buffer, too
for (const [name, make] of Object.entries({ ...steps, ...handles.steps, opendir })) {
  fs[`${name}Sync`] = named(`${name}Sync`, (...args) => runSync(null, make(...args)));
  fs[name] = named(name, (...args) => {
    const callback = callbackOf(args);
    const own = args.slice(0, -1);
    later(make(...own), callback, (value) => {
      if (extras[name] !== undefined) callback(null, value, own[1]);
      else if (value === undefined) callback(null);
      else callback(null, value);
    });
  });
}
for (const name of ["realpath", "realpathSync"]) fs[name].native = fs[name];

/** Whether *error* says something of the file. A quota or a cancellation does not, and "no" could cost somebody a file. */
const isAnswer = (error) => typeof error?.code === "string" && error.code !== "EDQUOT" && !error.code.startsWith("E_");

fs.existsSync = named("existsSync", (path) => {
  try {
    fs.accessSync(path);
    return true;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return false;
  }
});
fs.exists = named("exists", (path, callback) => {
  callbackOf([callback]);
  fs.access(path, (error) => callback(!error));
});

// What util.promisify gives for the callbacks that are not (error, value).
const promisified = (fn, promise) => Object.defineProperty(fn, Symbol.for("nodejs.util.promisify.custom"), { value: promise });
promisified(fs.exists, (path) => new Promise((resolve) => fs.exists(path, resolve)));
for (const [name, count] of [["read", "bytesRead"], ["write", "bytesWritten"]]) {
  promisified(fs[name], async (...args) => ({ [count]: await run(null, handles.steps[name](...args)), buffer: args[1] }));
}

const stream = (name) => named(name, (...args) => require("node/fs/streams")[name](...args));
fs.createReadStream = stream("createReadStream");
fs.createWriteStream = stream("createWriteStream");

for (const name of ["watch", "watchFile", "link", "chown"]) fs[name] = named(name, never(name));
fs.linkSync = named("linkSync", never("link"));
fs.chownSync = named("chownSync", never("chown"));
fs.unwatchFile = named("unwatchFile", (path) => void pathOf(path)); // nothing is watched

Object.assign(fs, { constants, promises, Stats, Dirent, Dir });
Object.assign(fs, { F_OK: constants.F_OK, R_OK: constants.R_OK, W_OK: constants.W_OK, X_OK: constants.X_OK });

module.exports = fs;
