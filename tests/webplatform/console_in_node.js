// Writes, as JSON, what each of the given calls of console writes in Node; warnings of Node's own are none of it.
const { Console } = require("console");
const { Writable } = require("stream");

const calls = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.removeAllListeners("warning");
const shown = calls.map((call) => {
  const written = [];
  const stream = new Writable({ write(chunk, encoding, done) { written.push(`${chunk}`.replace(/\n$/, "")); done(); } });
  new Function("console", call)(new Console({ stdout: stream, stderr: stream, colorMode: false }));
  return written.join("\n");
});
process.stdout.write(JSON.stringify(shown));
