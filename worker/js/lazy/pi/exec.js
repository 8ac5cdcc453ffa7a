// pi.exec and pi.execSync: a program, its output and how it ended. What node:child_process is made of, too.
//
// Promises    A program that fails, or cannot be executed, is a result, not an error: code is 1 and stderr says why. What
//             the host refuses is an error with ``code``: E_DENIED, E_QUOTA, E_INVALID, E_CANCELLED.
"use strict";

const { hostcall, hostcallSync, makeError } = internals;

const base64 = (bytes) => require("node/buffer").Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** Put text or bytes into *wire* as *name*. */
function addData(wire, name, data) {
  if (data === undefined || data === null) return;
  if (typeof data === "string") wire[name] = data.toWellFormed();
  else if (ArrayBuffer.isView(data)) wire[`${name}_base64`] = base64(data);
  else if (data instanceof ArrayBuffer) wire[`${name}_base64`] = base64(new Uint8Array(data));
  else throw makeError("E_INVALID", `${name} is text or bytes`);
}

/** The arguments of exec.run and exec.start. Without *args*, *command* is for a shell. */
function toWire(command, args, options) {
  if (typeof command !== "string" || command === "") throw makeError("E_INVALID", "exec takes the name of a program");
  const wire = { command: command.toWellFormed() };
  if (args !== null) {
    if (!Array.isArray(args)) throw makeError("E_INVALID", "exec takes its arguments as an array of strings");
    wire.args = Array.from(args, (arg) => String(arg).toWellFormed());
  }
  const cwd = options.cwd;
  if (cwd !== undefined && cwd !== null) wire.cwd = pathOf(cwd);
  if (options.env !== undefined && options.env !== null) {
    wire.env = {};
    for (const [name, value] of Object.entries(options.env)) {
      if (value !== undefined) wire.env[name] = String(value).toWellFormed();
    }
  }
  addData(wire, "input", options.input);
  if (options.timeout > 0) wire.timeout_ms = Number(options.timeout);
  if (options.maxBytes !== undefined) wire.max_bytes = Number(options.maxBytes);
  return wire;
}

/** A path, or a file: URL as node takes it. */
function pathOf(value) {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value.protocol === "file:") return decodeURIComponent(value.pathname);
  throw makeError("E_INVALID", "cwd is a path");
}

/** A stream of an answer as bytes (a Buffer), or as text. */
function bytesOf(answer, stream) {
  const { Buffer } = require("node/buffer");
  return Buffer.from(answer[stream], answer.base64.includes(stream) ? "base64" : "utf8");
}

function textOf(answer, stream) {
  return answer.base64.includes(stream) ? bytesOf(answer, stream).toString("utf8") : answer[stream];
}

function resultOf(answer) {
  if (answer.failed !== undefined) return { stdout: "", stderr: answer.failed.message, code: 1, killed: false };
  return {
    stdout: textOf(answer, "stdout"),
    stderr: textOf(answer, "stderr"),
    code: answer.code ?? 1,
    killed: answer.killed,
    signal: answer.signal,
    truncated: answer.truncated,
  };
}

function commandOf(command, args, options) {
  const given = Array.isArray(args) || args === undefined || args === null;
  const chosen = (given ? options : args) ?? {};
  const list = given ? args ?? [] : [];
  if (!chosen.shell) return { wire: toWire(command, list, chosen), options: chosen };
  return { wire: toWire([command, ...list].join(" "), null, chosen), options: chosen };
}

/** exec(command, args?, {cwd, env, input, timeout, maxBytes, signal, shell}?) -> {stdout, stderr, code, killed, signal, truncated} */
async function exec(call, command, args, options) {
  const prepared = commandOf(command, args, options);
  const signal = prepared.options.signal ?? undefined;
  try {
    return resultOf(await hostcall(call, "exec.run", prepared.wire, signal));
  } catch (error) {
    // As pi has it: who aborts knows, and gets a result.
    if (signal !== undefined && signal.aborted) return { stdout: "", stderr: "", code: 1, killed: true, signal: "SIGTERM", truncated: false };
    throw error;
  }
}

/** The same at once: for load time, and for what cannot wait. */
function execSync(call, command, args, options) {
  return resultOf(hostcallSync(call, "exec.run", commandOf(command, args, options).wire));
}

module.exports = { exec, execSync, toWire, addData, bytesOf };
