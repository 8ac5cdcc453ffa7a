// What a plugin asks of its host, so often in a row as it is told; the answer says how much was really done.
export default function (pi) {
  const command = (name, work) =>
    pi.registerCommand(name, { handler: async (args) => ({ output: await work(Number(args.split(" ")[0]), args) }) });

  command("in-place", (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) found += pi.env.get("PATH") !== undefined;
    return found;
  });
  command("later", async (times) => {
    let answered = 0;
    for (let i = 0; i < times; i++) answered += (await pi.events.emit("nobody", i)).delivered === 0;
    return answered;
  });
  command("kv-get", (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) found += pi.kv.get("key").n === 1;
    return found;
  });
  command("kv-set", async (times) => {
    for (let i = 0; i < times; i++) await pi.kv.set("key", { n: 1 });
    return times;
  });
  command("fs-make", async (times) => {
    await pi.fs.writeText(`${pi.dataDir}/1k`, "x".repeat(1024));
    await pi.fs.writeText(`${pi.dataDir}/1m`, "x".repeat(1024 * 1024));
    return times;
  });
  const reading = (name, size) => command(`fs-read-${name}`, async (times) => {
    let read = 0;
    for (let i = 0; i < times; i++) read += (await pi.fs.readText(`${pi.dataDir}/${name}`)).length === size;
    return read;
  });
  reading("1k", 1024);
  reading("1m", 1024 * 1024);
  command("fetch", async (times, args) => {
    let read = 0;
    for (let i = 0; i < times; i++) read += (await (await fetch(`http://127.0.0.1:${args.split(" ")[1]}/`)).text()).length === 1024;
    return read;
  });
  const running = (name, program, args) => command(name, async (times) => {
    let ended = 0;
    for (let i = 0; i < times; i++) ended += (await pi.exec(program, args)).code === 0;
    return ended;
  });
  running("exec-true", "true", []);
  running("exec-git", "git", ["--version"]);
  command("timers", (times) => new Promise((resolve) => {
    let fired = 0;
    for (let i = 0; i < times; i++) setTimeout(() => ++fired === times && resolve(fired), 0);
  }));
}
