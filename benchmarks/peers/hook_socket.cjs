// A hook in JavaScript that asks the same daemon: the event on stdin, one line to the socket, one line back.
// CommonJS and no more than it takes, so that it starts as fast as it can.
const { readFileSync, writeSync } = require("node:fs");
const { connect } = require("node:net");

const params = { agent: "claude", input: JSON.parse(readFileSync(0, "utf8")) };
const request = { id: 1, method: "hook", params, deadline_ms: 55000, cwd: process.cwd(), env: {}, switches: {} };
const socket = connect(process.argv[2], () => socket.write(JSON.stringify(request) + "\n"));
let text = "";
socket.setEncoding("utf8");
socket.on("error", () => process.exit(1));
socket.on("data", (part) => {
  text += part;
  if (!text.endsWith("\n")) return;
  const { result } = JSON.parse(text);
  if (!result) process.exit(1);
  if (result.stdout) writeSync(1, result.stdout);
  if (result.stderr) writeSync(2, result.stderr);
  process.exit(result.code);
});
