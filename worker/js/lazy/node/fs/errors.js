// Errors as node makes them: from the codes of hostcalls, and of wrong arguments.

const KNOWN = {
  __proto__: null,
  EPERM: [1, "operation not permitted"],
  ENOENT: [2, "no such file or directory"],
  EIO: [5, "i/o error"],
  EBADF: [9, "bad file descriptor"],
  EACCES: [13, "permission denied"],
  EBUSY: [16, "resource busy or locked"],
  EEXIST: [17, "file already exists"],
  EXDEV: [18, "cross-device link not permitted"],
  ENOTDIR: [20, "not a directory"],
  EISDIR: [21, "illegal operation on a directory"],
  EINVAL: [22, "invalid argument"],
  EMFILE: [24, "too many open files"],
  ETXTBSY: [26, "text file is busy"],
  EFBIG: [27, "file too large"],
  ENOSPC: [28, "no space left on device"],
  EROFS: [30, "read-only file system"],
  EMLINK: [31, "too many links"],
  ENAMETOOLONG: [36, "name too long"],
  ENOTEMPTY: [39, "directory not empty"],
  ELOOP: [40, "too many symbolic links encountered"],
  EDQUOT: [122, "disk quota exceeded"],
};

const SPECIAL = { __proto__: null, E_DENIED: "EACCES", E_NOT_FOUND: "ENOENT", E_TOO_LARGE: "EFBIG", E_QUOTA: "EDQUOT" };
const UNCHANGED = ["E_CANCELLED", "E_UNKNOWN", "E_INTERNAL", "E_TIMEOUT"];

/** The error of *syscall* with *code*; *why* says more than node would, where the host knows more. */
function systemError(code, syscall, path, dest, why) {
  const known = KNOWN[code] ?? [5, "i/o error"];
  let message = `${code}: ${known[1]}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  if (why !== undefined) message += ` (${why})`;
  const error = new Error(message);
  error.errno = -known[0];
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

/** What the hostcall error *thrown* is in node. */
function fromHost(thrown, syscall, path, dest) {
  const code = thrown !== null && typeof thrown === "object" ? thrown.code : undefined;
  if (typeof code !== "string" || !code.startsWith("E_") || UNCHANGED.includes(code)) return thrown;
  const told = SPECIAL[code] ?? `E${code.slice(2)}`;
  const tellsWhy = code === "E_DENIED" || code === "E_QUOTA" || code === "E_INVALID" || code === "E_MLINK";
  return systemError(told, syscall, path, dest, tellsWhy ? thrown.message : undefined);
}

function withCode(Type, code, message) {
  const error = new Type(message);
  error.code = code;
  return error;
}

function received(value) {
  if (value === undefined || value === null) return `Received ${value}`;
  if (typeof value === "function") return `Received function ${value.name}`;
  if (typeof value === "object") {
    const name = value.constructor?.name;
    return name ? `Received an instance of ${name}` : "Received an object";
  }
  const shown = typeof value === "string" ? `'${value.length > 25 ? `${value.slice(0, 25)}...` : value}'` : String(value);
  return `Received type ${typeof value} (${shown})`;
}

const wrongType = (name, expected, value) =>
  withCode(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be ${expected}. ${received(value)}`);
const wrongValue = (name, why, shown) =>
  withCode(TypeError, "ERR_INVALID_ARG_VALUE", `The argument '${name}' ${why}. Received ${shown}`);
const outOfRange = (name, range, value) =>
  withCode(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${value}`);

module.exports = { systemError, fromHost, withCode, wrongType, wrongValue, outOfRange };
