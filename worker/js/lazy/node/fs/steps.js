// Every call of node:fs on paths, as steps (see pi/files): arguments checked, hostcalls made, answers in node's shapes.

const { fromHost, systemError, withCode, wrongType } = require("node/fs/errors");
const {
  constants, pathOf, located, optionsOf, encoded, bytesOf, modeOf, flagsOf, Stats, Dirent, Buffer,
} = require("node/fs/values");
const { readBytes, readText, writeWhole } = require("pi/files");
const handles = require("node/fs/handles");

/** One hostcall whose errors are *syscall*'s. */
function* ask(syscall, path, name, args, dest) {
  try {
    return yield [name, args];
  } catch (error) {
    throw fromHost(error, syscall, path, dest);
  }
}

/** Do *inner* steps, with errors of *syscall*. */
function* within(syscall, path, inner) {
  try {
    return yield* inner;
  } catch (error) {
    throw fromHost(error, syscall, path);
  }
}

/** How fs.write is to write; null for over what is there. */
function howOf(flags) {
  if (!flags.write) throw systemError("EBADF", "write");
  if (flags.exclusive) return "create";
  if (flags.append) return "append";
  return flags.create ? "replace" : null;
}

function* stat(syscall, call, value, options) {
  const path = pathOf(value);
  const { bigint, throwIfNoEntry } = optionsOf(options, { bigint: false, throwIfNoEntry: true });
  try {
    return new Stats(yield* ask(syscall, path, call, { path: located(path, syscall) }), bigint);
  } catch (error) {
    if (throwIfNoEntry === false && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}

function* listed(path, options, prefix, out) {
  const answer = yield* ask("scandir", path, "fs.list", { path: located(path, "scandir") });
  for (const [name, type] of answer.entries) {
    if (options.withFileTypes) out.push(new Dirent(options.encoding === "buffer" ? Buffer.from(name) : name, path, type));
    else out.push(options.encoding === "buffer" ? Buffer.from(prefix + name) : prefix + name);
    if (options.recursive && type === "directory") {
      yield* listed(`${path.replace(/\/+$/, "")}/${name}`, options, `${prefix}${name}/`, out);
    }
  }
  return out;
}

const isHandle = (value) => typeof value === "number" && Number.isInteger(value) && value >= 0;

function* write(value, data, options, flag) {
  const { encoding, mode, flag: own } = optionsOf(options, { encoding: "utf8", mode: 0o666, flag });
  const content = typeof data === "string" && /^utf-?8$/i.test(encoding ?? "utf8") ? data : bytesOf(data, encoding);
  if (isHandle(value)) {
    yield* handles.writeAll(value, typeof content === "string" ? Buffer.from(content.toWellFormed(), "utf8") : content);
    return;
  }
  if (value instanceof handles.FileHandle) {
    yield* write(value.fd, data, options, flag);
    return;
  }
  const path = pathOf(value);
  const where = located(path, "open");
  const flags = flagsOf(own, flag);
  const how = howOf(flags);
  if (how === null) { // "r+"
    yield* ask("open", path, "fs.open", { path: where, write: true });
    yield* within("write", undefined, overwrite(where, bytesOf(content, encoding)));
    return;
  }
  yield* within("open", path, writeWhole(where, content, how, modeOf(mode, 0o666)));
}

function* overwrite(path, bytes) {
  for (let at = 0; at < bytes.length || at === 0; at += 1 << 20) {
    yield ["fs.write", { path, how: "at", offset: at, data: bytes.subarray(at, at + (1 << 20)).toBase64() }];
  }
}

function* copyTree(from, to, options, depth) {
  const info = yield* ask("lstat", from, options.dereference ? "fs.stat" : "fs.lstat", { path: located(from, "lstat") });
  if (typeof options.filter === "function" && !options.filter(from, to)) return;
  if (info.type === "directory") {
    if (!options.recursive) {
      throw withCode(Error, "ERR_FS_EISDIR", `Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${from} is a directory (not copied)) ${from}`);
    }
    if (`${located(to, "cp")}/`.startsWith(`${located(from, "cp")}/`)) {
      throw withCode(Error, "ERR_FS_CP_EINVAL", `Invalid src or dest: cp returned EINVAL (cannot copy ${from} to a subdirectory of self ${to}) ${to}`);
    }
    yield* ask("mkdir", to, "fs.mkdir", { path: located(to, "mkdir"), recursive: true });
    const answer = yield* ask("scandir", from, "fs.list", { path: located(from, "scandir") });
    for (const [name] of answer.entries) yield* copyTree(`${from}/${name}`, `${to}/${name}`, options, depth + 1);
  } else if (info.type === "link") {
    const { target } = yield* ask("readlink", from, "fs.readlink", { path: located(from, "readlink") });
    yield* ask("symlink", target, "fs.symlink", { target, path: located(to, "symlink") }, to);
  } else {
    try {
      const exclusive = options.force === false;
      yield* ask("cp", from, "fs.copy", { from: located(from, "cp"), to: located(to, "cp"), exclusive }, to);
    } catch (error) {
      if (error.code !== "EEXIST" || options.errorOnExist) throw error;
    }
  }
}

const milliseconds = (time, name) => {
  if (time instanceof Date) return time.getTime();
  const seconds = typeof time === "string" ? Number(time) : time;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) throw wrongType(name, "an instance of Date or a number of seconds", time);
  return Math.max(Math.round(seconds * 1000), 0);
};

const steps = {
  * access(value, mode) {
    const path = pathOf(value);
    yield* ask("access", path, "fs.access", { path: located(path, "access"), mode: mode ?? constants.F_OK });
  },
  * appendFile(value, data, options) {
    yield* write(value, data, options, "a");
  },
  * chmod(value, mode) {
    const path = pathOf(value);
    yield* ask("chmod", path, "fs.chmod", { path: located(path, "chmod"), mode: modeOf(mode, 0) });
  },
  * copyFile(source, destination, mode) {
    const from = pathOf(source, "src");
    const to = pathOf(destination, "dest");
    const exclusive = ((mode ?? 0) & constants.COPYFILE_EXCL) !== 0;
    yield* ask("copyfile", from, "fs.copy", { from: located(from, "copyfile"), to: located(to, "copyfile"), exclusive }, to);
  },
  * cp(source, destination, options) {
    yield* copyTree(pathOf(source, "src"), pathOf(destination, "dest"), { force: true, ...options }, 0);
  },
  * lstat(value, options) {
    return yield* stat("lstat", "fs.lstat", value, options);
  },
  * mkdir(value, options) {
    const path = pathOf(value);
    const given = typeof options === "object" && options !== null ? options : { mode: options };
    const recursive = given.recursive === true;
    const args = { path: located(path, "mkdir"), recursive, mode: modeOf(given.mode, 0o777) };
    const { made } = yield* ask("mkdir", path, "fs.mkdir", args);
    return recursive && made !== null ? made : undefined;
  },
  * mkdtemp(value, options) {
    const prefix = pathOf(value, "prefix");
    optionsOf(options, {});
    const { suffix } = yield* ask("mkdtemp", `${prefix}XXXXXX`, "fs.mkdtemp", { prefix: located(prefix, "mkdtemp") });
    return prefix + suffix;
  },
  * open(value, flags, mode) {
    return yield* handles.open(value, flags, mode);
  },
  * readFile(value, options) {
    const { encoding, flag } = optionsOf(options, { encoding: null, flag: "r" });
    if (isHandle(value)) return encoded(yield* handles.readAll(value), encoding);
    if (value instanceof handles.FileHandle) return encoded(yield* handles.readAll(value.fd), encoding);
    const path = pathOf(value);
    const where = located(path, "open");
    const flags = flagsOf(flag);
    if (flags.create) yield* ask("open", path, "fs.open", { path: where, ...flags });
    try {
      if (typeof encoding === "string" && /^utf-?8$/i.test(encoding)) {
        return yield* readText(where);
      }
      return encoded(yield* readBytes(where), encoding);
    } catch (error) {
      if (error?.code === "E_ISDIR") throw systemError("EISDIR", "read");
      throw fromHost(error, "open", path);
    }
  },
  * readdir(value, options) {
    const path = pathOf(value);
    return yield* listed(path, optionsOf(options, { encoding: "utf8", withFileTypes: false, recursive: false }), "", []);
  },
  * readlink(value, options) {
    const path = pathOf(value);
    const { encoding } = optionsOf(options, { encoding: "utf8" });
    const { target } = yield* ask("readlink", path, "fs.readlink", { path: located(path, "readlink") });
    return encoding === "buffer" ? Buffer.from(target) : target;
  },
  * realpath(value, options) {
    const path = pathOf(value);
    const { encoding } = optionsOf(options, { encoding: "utf8" });
    const found = yield* ask("realpath", path, "fs.realpath", { path: located(path, "realpath") });
    return encoding === "buffer" ? Buffer.from(found.path) : found.path;
  },
  * rename(source, destination) {
    const from = pathOf(source, "oldPath");
    const to = pathOf(destination, "newPath");
    yield* ask("rename", from, "fs.rename", { from: located(from, "rename"), to: located(to, "rename") }, to);
  },
  * rm(value, options) {
    const path = pathOf(value);
    const { force, recursive } = optionsOf(options, { force: false, recursive: false });
    try {
      yield* ask("rm", path, "fs.remove", { path: located(path, "lstat"), recursive: recursive === true });
    } catch (error) {
      if (error.code === "ENOENT") {
        if (force) return;
        throw systemError("ENOENT", "lstat", path);
      }
      if (error.code !== "EISDIR") throw error;
      const refused = withCode(Error, "ERR_FS_EISDIR", `Path is a directory: rm returned EISDIR (is a directory) ${path}`);
      refused.name = "SystemError";
      throw Object.assign(refused, { errno: 21, syscall: "rm", path });
    }
  },
  * rmdir(value, options) {
    const path = pathOf(value);
    const { recursive } = optionsOf(options, { recursive: false });
    yield* ask("rmdir", path, "fs.remove", { path: located(path, "rmdir"), what: "directory", recursive: recursive === true });
  },
  * stat(value, options) {
    return yield* stat("stat", "fs.stat", value, options);
  },
  * symlink(target, value) {
    const to = pathOf(target, "target");
    const path = pathOf(value);
    yield* ask("symlink", to, "fs.symlink", { target: to, path: located(path, "symlink") }, path);
  },
  * truncate(value, length) {
    const path = pathOf(value);
    const size = Math.max(length ?? 0, 0);
    yield* ask("open", path, "fs.truncate", { path: located(path, "open"), size });
  },
  * unlink(value) {
    const path = pathOf(value);
    yield* ask("unlink", path, "fs.remove", { path: located(path, "unlink"), what: "file" });
  },
  * utimes(value, atime, mtime) {
    const path = pathOf(value);
    const times = { atime: milliseconds(atime, "atime"), mtime: milliseconds(mtime, "mtime") };
    yield* ask("utime", path, "fs.utimes", { path: located(path, "utime"), ...times });
  },
  * writeFile(value, data, options) {
    yield* write(value, data, options, "w");
  },
};

module.exports = { steps };
