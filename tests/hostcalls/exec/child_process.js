// What the cases use. In Node and in a worker ``cp`` is node:child_process.
const all = (child) => new Promise((resolve) => {
  const seen = [];
  let out = "";
  child.on("spawn", () => seen.push(`spawn ${typeof child.pid}`));
  child.on("error", (error) => seen.push(`error ${error.code}`));
  child.on("exit", (code, signal) => seen.push(`exit ${code} ${signal}`));
  child.on("close", (code, signal) => resolve([...seen, `close ${code} ${signal}`, out]));
  if (child.stdout) child.stdout.on("data", (data) => { out += data; });
});
const back = (start) => new Promise((resolve) => start((error, stdout, stderr) => resolve([error, stdout, stderr])));
const told = (error) => error && {
  name: error.name, message: error.message, code: error.code, errno: error.errno, syscall: error.syscall, path: error.path,
  spawnargs: error.spawnargs, killed: error.killed, signal: error.signal, status: error.status, cmd: error.cmd,
};
const caught = (fn) => { try { return fn(); } catch (error) { return told(error); } };
const text = (value) => (value === null ? null : value.toString());
const sync = (result) => [result.status, result.signal, text(result.stdout), text(result.stderr), told(result.error)];
const promisify = (fn) => fn[Symbol.for("nodejs.util.promisify.custom")];
// cases
await all(cp.spawn("echo", ["a b"]))
await all(cp.spawn("sh", ["-c", "exit 3"]))
await all(cp.spawn("sh", ["-c", "kill -9 $$"]))
await all(cp.spawn("no-such-program", ["x"])).then((seen) => seen.filter((one) => one.startsWith("error")))
await all(cp.spawn("echo", ["x"], { cwd: "/no-such-directory" })).then((seen) => seen[0])
await all(cp.spawn("echo $((1 + 1))", { shell: true }))
await all(cp.spawn("echo", ["$HOME;", "x"], { shell: "/bin/sh", env: { HOME: "/h", PATH: "/usr/bin:/bin" } }))
await all(cp.spawn("sleep", ["100"], { timeout: 200 })).then((seen) => seen.slice(1))
new Promise((resolve) => cp.spawn("no-such-program", ["x", "y"]).on("error", (error) => resolve(told(error))))
new Promise((resolve) => { const child = cp.spawn("cat"); let out = ""; child.stdout.on("data", (d) => { out += d; }); child.on("close", () => resolve(out)); child.stdin.write("one "); child.stdin.end("two"); })
new Promise((resolve) => { const child = cp.spawn("echo", ["\u00e9"]); child.stdout.setEncoding("utf8"); child.stdout.on("data", resolve); })
(async () => { const child = cp.spawn("sh", ["-c", "echo a; echo b"]); let out = ""; for await (const chunk of child.stdout) out += chunk; return out; })()
(async () => { const child = cp.spawn("sleep", ["100"]); const end = all(child); await new Promise((r) => child.once("spawn", r)); return [child.kill(), child.killed, (await end).slice(1), child.kill(), child.signalCode, child.exitCode]; })()
(async () => { const child = cp.spawn("sleep", ["100"]); const end = all(child); await new Promise((r) => child.once("spawn", r)); child.kill("SIGKILL"); return (await end).slice(1); })()
(async () => { const child = cp.spawn("sleep", ["100"]); const end = all(child); await new Promise((r) => child.once("spawn", r)); child.kill(1); return (await end).slice(1); })()
caught(() => cp.spawn("cat").kill("SIGNOPE"))
(async () => { const stop = new AbortController(); const child = cp.spawn("sleep", ["100"], { signal: stop.signal }); const end = all(child); await new Promise((r) => child.once("spawn", r)); stop.abort(); return (await end).slice(1); })()
(() => { const child = cp.spawn("echo", ["x"], { stdio: "ignore" }); child.on("error", () => 0); return [child.stdin, child.stdout, child.stderr, child.spawnfile, child.spawnargs, child.connected]; })()
(() => { const child = cp.spawn("echo", ["x"], { stdio: ["ignore", "pipe", "ignore"] }); return [child.stdin, child.stdout !== null, child.stderr]; })()
await all(cp.spawn("echo", ["quiet"], { stdio: "ignore" })).then((seen) => seen.slice(1))
new Promise((resolve) => { const child = cp.spawn("sh", ["-c", "echo unread; exit 2"]); child.on("close", (code) => resolve(code)); })
back((done) => cp.exec("echo a; echo b >&2", done))
back((done) => cp.exec("echo a; echo b >&2; exit 4", done)).then(([error, ...rest]) => [told(error), rest])
back((done) => cp.exec("no-such-program", done)).then(([error]) => [error.code, error.cmd])
back((done) => cp.exec("cat", done).stdin.end("in"))
back((done) => cp.exec("echo $X", { env: { X: "set", PATH: "/usr/bin:/bin" } }, done))
back((done) => cp.exec("sleep 100", { timeout: 200 }, done)).then(([error]) => [error.killed, error.signal, error.code])
back((done) => cp.exec("yes", { maxBuffer: 10 }, done)).then(([error, out]) => [error.name, error.code, error.message, out])
back((done) => cp.exec("printf x", { encoding: "buffer" }, done)).then(([, out]) => [out.length, out[0]])
back((done) => cp.execFile("echo", ["a", "$X"], done))
back((done) => cp.execFile("echo", done))
back((done) => cp.execFile("sh", ["-c", "exit 7"], done)).then(([error]) => told(error))
back((done) => cp.execFile("no-such-program", ["x"], done)).then(([error, out]) => [told(error), out])
back((done) => cp.execFile("echo a", [], { shell: true }, done))
promisify(cp.exec)("echo hi")
promisify(cp.execFile)("sh", ["-c", "echo o; exit 5"]).catch((error) => [error.code, error.stdout, error.stderr])
typeof promisify(cp.exec)("echo hi").child.on
cp.execSync("echo hi").toString()
cp.execSync("echo hi", { encoding: "utf8" })
cp.execSync("cat", { input: "in", encoding: "utf8" })
cp.execSync("cat", { input: new Uint8Array([104, 105]), encoding: "utf8" })
cp.execSync("pwd", { cwd: "/", encoding: "utf8" })
cp.execSync("echo quiet", { stdio: "ignore" })
caught(() => cp.execSync("echo o; echo e >&2; exit 3", { stdio: "pipe" }))
(() => { try { cp.execSync("echo o; echo e >&2; exit 3", { stdio: "pipe" }); } catch (error) { return [error.stdout.toString(), error.stderr.toString(), error.output.length, typeof error.pid]; } })()
caught(() => cp.execSync("sleep 100", { timeout: 200 }))
caught(() => cp.execFileSync("no-such-program", ["x"]))
caught(() => cp.execFileSync("sh", ["-c", "exit 9"]))
cp.execFileSync("echo", ["a;", "$(id)"], { encoding: "utf8" })
cp.execFileSync("echo", { encoding: "utf8" })
caught(() => cp.execFileSync("sh", ["-c", "kill -TERM $$"]))
sync(cp.spawnSync("echo", ["x"]))
sync(cp.spawnSync("sh", ["-c", "echo e >&2; exit 2"]))
sync(cp.spawnSync("no-such-program", ["x"]))
sync(cp.spawnSync("echo", ["x"], { cwd: "/no-such-directory" }))
sync(cp.spawnSync("sleep", ["100"], { timeout: 200 }))
sync(cp.spawnSync("cat", { input: "a\nb" }))
sync(cp.spawnSync("echo x; exit 1", { shell: true }))
cp.spawnSync("head", ["-c", "3", "/dev/zero"]).stdout.length
cp.spawnSync("sh", ["-c", "yes | head -c 5000"], { maxBuffer: 100 }).error.code
cp.spawnSync("echo", ["x"], { encoding: "utf8" }).output
caught(() => cp.spawn(""))
caught(() => cp.spawn(1))
caught(() => cp.spawn("echo", 1))
caught(() => cp.exec(1))
caught(() => cp.spawn("a\0b")).code
caught(() => cp.spawn("echo", ["a\0b"])).code
