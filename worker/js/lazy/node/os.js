// node:os, as far as it tells nothing that was not granted.
//
// What differs  homedir() and tmpdir() are HOME and TMPDIR where the plugin may read those, else the plugin's own data
//               directory, where it may write. There is one processor; memory, load and interfaces are not told.
"use strict";

const { env } = require("node/env");
const { instance } = internals;

const ARCHES = { x86_64: "x64", aarch64: "arm64", i686: "ia32", armv7l: "arm" };
const machine = internals.machine;
const started = internals.performanceNow();

// fixed by the kernel's interface
const signals = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11,
  SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22,
  SIGWINCH: 28,
};
const errno = {
  EPERM: 1, ENOENT: 2, EINTR: 4, EIO: 5, EBADF: 9, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EEXIST: 17, EXDEV: 18, ENOTDIR: 20, EISDIR: 21,
  EINVAL: 22, EMFILE: 24, EFBIG: 27, ENOSPC: 28, EROFS: 30, EPIPE: 32, ENAMETOOLONG: 36, ENOSYS: 38, ENOTEMPTY: 39, ELOOP: 40,
  ECONNRESET: 104, ETIMEDOUT: 110, ECONNREFUSED: 111,
};

const own = () => instance.dataDir || instance.cwd || "/";
const homedir = () => env.HOME || own();
const plain = (path) => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);

Object.assign(exports, {
  EOL: "\n",
  devNull: "/dev/null",
  constants: { signals, errno, priority: {}, dlopen: {} },
  arch: () => ARCHES[machine] ?? machine,
  availableParallelism: () => 1,
  cpus: () => [{ model: "", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  endianness: () => (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? "LE" : "BE"),
  homedir,
  hostname: () => "localhost",
  loadavg: () => [0, 0, 0],
  machine: () => machine,
  networkInterfaces: () => ({}),
  platform: () => "linux",
  release: () => "",
  tmpdir: () => plain(env.TMPDIR || own()),
  type: () => "Linux",
  uptime: () => (internals.performanceNow() - started) / 1000,
  userInfo: () => ({ uid: -1, gid: -1, username: env.USER || "plugin", homedir: homedir(), shell: null }),
  version: () => "",
});
