// node:child_process: programs through the host, with node's results, streams and errors.
//
// Different   pid is known when "spawn" is emitted, not before. Output of "inherit" goes nowhere: there is no terminal.
//             Everything ends with the plugin, "detached" or not. fork throws: there is no node to fork.
"use strict";

const { hostcall, hostcallSync } = internals;
const { toWire, addData, bytesOf } = require("pi/exec");
const EventEmitter = require("node/events");
const { Readable, Writable } = require("node/stream");
const { Buffer } = require("node/buffer");

const MAX_BUFFER = 1024 * 1024;
const ERRNO = {
  E2BIG: -7, ENOEXEC: -8, EAGAIN: -11, ENOMEM: -12, EACCES: -13, EPERM: -1, ENOENT: -2, ENOTDIR: -20, EMFILE: -24, ELOOP: -40,
  ENAMETOOLONG: -36, ENOBUFS: -105, ETIMEDOUT: -110, ESRCH: -3, EINVAL: -22, EIO: -5,
};
const SIGNALS = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11,
  SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21,
  SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPWR: 30, SIGSYS: 31,
};
const OF_HOST = { E_DENIED: "EACCES", E_QUOTA: "EAGAIN", E_FAILED: "EAGAIN" };

function invalid(name, expected, value) {
  const given = value === null || value === undefined ? `${value}`
    : typeof value === "function" ? `function ${value.name}`
    : typeof value === "object" ? `an instance of ${value.constructor?.name ?? "Object"}`
    : `type ${typeof value} (${typeof value === "string" ? `'${value}'` : String(value)})`;
  const error = new TypeError(`The "${name}" argument must be ${expected}. Received ${given}`);
  error.code = "ERR_INVALID_ARG_TYPE";
  return error;
}

function signalName(signal) {
  if (signal === undefined || signal === null) return "SIGTERM";
  const name = typeof signal === "number" ? Object.keys(SIGNALS).find((key) => SIGNALS[key] === signal) : String(signal).toUpperCase();
  if (name !== undefined && Object.hasOwn(SIGNALS, name)) return name;
  const error = new TypeError(`Unknown signal: ${signal}`);
  error.code = "ERR_UNKNOWN_SIGNAL";
  throw error;
}

/** An error as libuv's, for *plan*; *why* is said when it was us who refused. */
function spawnError(call, plan, code, why) {
  const error = new Error(`${call} ${plan.file} ${code}${why === undefined ? "" : `: ${why}`}`);
  return Object.assign(error, { errno: ERRNO[code], code, syscall: `${call} ${plan.file}`, path: plan.file, spawnargs: plan.args.slice(1) });
}

/** What the host's refusal is in node's words; what has none stays what it is. */
function refusal(call, plan, error) {
  const code = OF_HOST[error.code];
  return code === undefined ? error : spawnError(call, plan, code, error.message);
}

function abortError(signal) {
  const error = new Error("The operation was aborted", signal.reason === undefined ? undefined : { cause: signal.reason });
  error.name = "AbortError";
  error.code = "ABORT_ERR";
  return error;
}

/** file, args and options as node's normalizeSpawnArguments takes them, and what the host gets. */
function plan(file, args, options) {
  if (typeof file !== "string") throw invalid("file", "of type string", file);
  if (file === "") {
    const error = new TypeError("The argument 'file' cannot be empty. Received ''");
    error.code = "ERR_INVALID_ARG_VALUE";
    throw error;
  }
  let list = args;
  let chosen = options;
  if (list !== undefined && list !== null && !Array.isArray(list)) {
    if (typeof list !== "object") throw invalid("args", "of type object", list);
    chosen = list;
    list = [];
  }
  chosen = { ...(chosen ?? {}) };
  list = Array.from(list ?? [], String);
  for (const text of [file, ...list]) {
    if (text.includes("\0")) {
      const error = new TypeError(`The argument must be a string without null bytes. Received ${JSON.stringify(text)}`);
      error.code = "ERR_INVALID_ARG_VALUE";
      throw error;
    }
  }
  const shell = chosen.shell === true ? "/bin/sh" : chosen.shell;
  const line = [file, ...list].join(" ");
  const wire = { cwd: chosen.cwd, env: chosen.env, timeout: chosen.timeout };
  if (!shell) return { file, args: [file, ...list], options: chosen, line, wire: (more) => toWire(file, list, { ...wire, ...more }) };
  const start = chosen.shell === true
    ? (more) => toWire(line, null, { ...wire, ...more })
    : (more) => toWire(shell, ["-c", line], { ...wire, ...more });
  return { file: shell, args: [shell, "-c", line], options: chosen, line, wire: start };
}

/** "pipe" or "ignore" for each of the three; what is inherited is not seen. */
function stdioOf(stdio) {
  const given = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  const found = [];
  for (let at = 0; at < 3; at++) {
    const one = given[at];
    found.push(one === undefined || one === null || one === "pipe" || one === "overlapped" ? "pipe" : "ignore");
  }
  return found;
}

class ChildProcess extends EventEmitter {
  #id = null;
  #over = false;
  #started;
  #open = 0;
  #unread = [];

  constructor(planned) {
    super();
    this.pid = undefined;
    this.exitCode = null;
    this.signalCode = null;
    this.killed = false;
    this.connected = false;
    this.spawnfile = planned.file;
    this.spawnargs = planned.args;
    const { options } = planned;
    const stdio = stdioOf(options.stdio);
    this.#started = hostcall(null, "exec.start", planned.wire({ input: undefined })).then((answer) => {
      if (answer.failed !== undefined) throw spawnError("spawn", planned, answer.failed.code);
      this.#id = answer.id;
      this.pid = answer.pid;
      this.emit("spawn");
      return answer.id;
    }, (error) => {
      throw refusal("spawn", planned, error);
    });
    this.stdin = stdio[0] === "pipe" ? this.#makeStdin() : null;
    if (this.stdin === null) this.#started.then((id) => hostcall(null, "exec.close_stdin", { id })).catch(() => undefined);
    this.stdout = this.#makeOutput("stdout", stdio[1]);
    this.stderr = this.#makeOutput("stderr", stdio[2]);
    this.stdio = [this.stdin, this.stdout, this.stderr];
    this.#started.then((id) => hostcall(null, "exec.wait", { id })).then(
      (how) => this.#onExit(how),
      (error) => this.#onError(error),
    );
    this.#listen(options.signal, options.killSignal);
  }

  #makeStdin() {
    const stdin = new Writable({
      decodeStrings: true,
      write: (chunk, _encoding, done) => {
        const data = {};
        addData(data, "data", chunk);
        this.#started.then((id) => hostcall(null, "exec.write", { id, ...data })).then(() => done(), (error) => {
          // It ended, or never began: the child tells of that.
          if (this.#over || this.#id === null || error.code === "E_NOT_FOUND") done();
          else done(error);
        });
      },
      final: (done) => {
        this.#started.then((id) => hostcall(null, "exec.close_stdin", { id })).then(() => done(), () => done());
      },
    });
    return stdin;
  }

  #makeOutput(stream, how) {
    this.#open += 1;
    const next = () => this.#started.then((id) => hostcall(null, "exec.read", { id, stream }));
    if (how !== "pipe") {
      const drop = () => next().then((answer) => (answer.done ? this.#onClosed() : drop()), () => this.#onClosed());
      drop();
      return null;
    }
    const output = new Readable({
      read: () => {
        next().then((answer) => {
          if (answer.data !== "") output.push(Buffer.from(answer.data, "base64"));
          if (answer.done) output.push(null);
        }, () => output.push(null)); // it never began, or is gone: the child tells of that
      },
    });
    output.on("close", () => this.#onClosed());
    this.#unread.push(output);
    return output;
  }

  #listen(signal, killSignal) {
    if (signal === undefined || signal === null) return;
    const abort = () => {
      if (this.#over) return;
      if (this.kill(killSignal)) this.emit("error", abortError(signal));
    };
    if (signal.aborted) queueMicrotask(abort);
    else {
      signal.addEventListener("abort", abort, { once: true });
      this.once("exit", () => signal.removeEventListener("abort", abort));
    }
  }

  #onExit(how) {
    this.#over = true;
    this.timedOut = how.timed_out;
    this.exitCode = how.code;
    this.signalCode = how.signal;
    if (this.stdin !== null) this.stdin.destroy();
    this.emit("exit", this.exitCode, this.signalCode);
    // What nobody reads is read to its end, or "close" would never come.
    for (const output of this.#unread) {
      if (output.readableFlowing === null && output.listenerCount("readable") === 0) output.resume();
    }
    this.#onClosed();
  }

  #onError(error) {
    this.#over = true;
    this.exitCode = ERRNO[error.code] ?? -1;
    if (this.stdin !== null) this.stdin.destroy();
    this.emit("error", error);
    for (const output of this.#unread) output.resume();
    this.#onClosed();
  }

  /** One of the two streams, or the program itself, is over; after all three comes "close". */
  #onClosed() {
    this.#open -= 1;
    if (this.#open === -1) this.emit("close", this.exitCode, this.signalCode);
  }

  kill(signal) {
    if (signal === 0) return !this.#over;
    const name = signalName(signal);
    if (this.#over) return false;
    this.killed = true;
    this.#started.then((id) => hostcall(null, "exec.kill", { id, signal: name })).catch(() => undefined);
    return true;
  }

  ref() {}

  unref() {}

  [Symbol.dispose]() {
    this.kill();
  }
}

function spawn(file, args, options) {
  return new ChildProcess(plan(file, args, options));
}

/** The output of *stream*, bounded: text in *encoding*, or a Buffer. */
function collector(child, stream, encoding, limit, overflow) {
  const chunks = [];
  let size = 0;
  const output = child[stream];
  if (output !== null) {
    output.on("data", (chunk) => {
      const room = limit - size;
      if (chunk.length > room) {
        if (room > 0) chunks.push(chunk.subarray(0, room));
        size = limit;
        overflow(stream);
      } else {
        chunks.push(chunk);
        size += chunk.length;
      }
    });
  }
  return () => {
    const bytes = Buffer.concat(chunks);
    return encoding === null ? bytes : bytes.toString(encoding);
  };
}

function encodingOf(encoding, fallback) {
  if (encoding === undefined) return fallback;
  return encoding === null || encoding === "buffer" ? null : encoding;
}

function execFile(file, ...rest) {
  let args;
  let options;
  let callback;
  for (const one of rest) {
    if (typeof one === "function") callback = one;
    else if (Array.isArray(one)) args = one;
    else if (one !== undefined && one !== null) options = one;
  }
  return collect(plan(file, args, options), callback);
}

function collect(planned, callback) {
  const { options } = planned;
  const child = new ChildProcess({ ...planned, options: { ...options, stdio: "pipe" } });
  const encoding = encodingOf(options.encoding, "utf8");
  const limit = options.maxBuffer ?? MAX_BUFFER;
  let failure = null;
  let wasKilled = false;
  const overflow = (stream) => {
    if (failure === null) {
      failure = new RangeError(`${stream} maxBuffer length exceeded`);
      failure.code = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
    }
    wasKilled = true;
    child.kill("SIGKILL"); // all of it: whoever holds the pipe would write for ever
    for (const output of [child.stdout, child.stderr]) if (output !== null) output.destroy();
  };
  const stdout = collector(child, "stdout", encoding, limit, overflow);
  const stderr = collector(child, "stderr", encoding, limit, overflow);
  let isDone = false;
  const finish = (code, signal) => {
    if (isDone) return;
    isDone = true;
    const out = stdout();
    const err = stderr();
    let error = failure;
    if (error === null && (code !== 0 || signal !== null)) {
      error = new Error(`Command failed: ${planned.line}\n${err}`);
      error.code = code;
      error.killed = child.killed || wasKilled || child.timedOut === true;
      error.signal = signal;
    }
    if (error !== null) error.cmd = planned.line;
    if (callback === undefined) return;
    callback(error === null ? null : Object.assign(error, { stdout: out, stderr: err }), out, err);
  };
  child.on("error", (error) => {
    failure = error;
    finish(null, null);
  });
  child.on("close", finish);
  return child;
}

function exec(command, options, callback) {
  if (typeof command !== "string") throw invalid("command", "of type string", command);
  const done = typeof options === "function" ? options : callback;
  const chosen = typeof options === "function" ? {} : options ?? {};
  return collect(plan(command, [], { ...chosen, shell: chosen.shell || true }), done);
}

/** What util.promisify makes of exec and execFile: {stdout, stderr}, and the child on the promise. */
function promised(original) {
  return (...args) => {
    let child;
    const promise = new Promise((resolve, reject) => {
      child = original(...args, (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(error);
      });
    });
    promise.child = child;
    return promise;
  };
}
const custom = Symbol.for("nodejs.util.promisify.custom");
Object.defineProperty(exec, custom, { value: promised(exec) });
Object.defineProperty(execFile, custom, { value: promised(execFile) });

function runSync(planned) {
  const { options } = planned;
  const limit = options.maxBuffer ?? MAX_BUFFER;
  let answer;
  const nothing = { pid: 0, output: null, stdout: null, stderr: null, status: null, signal: null };
  try {
    // One byte more than is wanted tells the full from the overfull.
    answer = hostcallSync(null, "exec.run", planned.wire({ input: options.input, maxBytes: Math.min(limit, 2 ** 31) }));
  } catch (error) {
    const told = refusal("spawnSync", planned, error);
    if (told === error) throw error;
    return { ...nothing, error: told };
  }
  if (answer.failed !== undefined) return { ...nothing, error: spawnError("spawnSync", planned, answer.failed.code) };
  const stdio = stdioOf(options.stdio);
  const encoding = encodingOf(options.encoding, null);
  const streams = ["stdout", "stderr"].map((stream, at) => {
    if (stdio[at + 1] !== "pipe") return null;
    const bytes = bytesOf(answer, stream);
    return encoding === null ? bytes : bytes.toString(encoding);
  });
  const result = {
    pid: answer.pid, output: [null, ...streams], stdout: streams[0], stderr: streams[1], status: answer.code, signal: answer.signal,
  };
  if (answer.timed_out) result.error = spawnError("spawnSync", planned, "ETIMEDOUT");
  else if (answer.truncated) result.error = spawnError("spawnSync", planned, "ENOBUFS");
  return result;
}

function spawnSync(file, args, options) {
  return runSync(plan(file, args, options));
}

/** The output, or the error that a failure is. */
function checked(planned, result) {
  if (result.error !== undefined) throw Object.assign(result.error, result);
  if (result.status === 0) return result.stdout;
  const told = result.stderr !== null && result.stderr.length > 0 ? `\n${result.stderr.toString()}` : "";
  throw Object.assign(new Error(`Command failed: ${planned.line}${told}`), result);
}

function execFileSync(file, args, options) {
  const planned = plan(file, args, options);
  return checked(planned, runSync(planned));
}

function execSync(command, options) {
  if (typeof command !== "string") throw invalid("command", "of type string", command);
  const planned = plan(command, [], { ...(options ?? {}), shell: options?.shell || true });
  return checked(planned, runSync(planned));
}

function fork() {
  const error = new Error("child_process.fork: a plugin has no node to fork; spawn a program instead");
  error.code = "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM";
  throw error;
}

module.exports = { ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
