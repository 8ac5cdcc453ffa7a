// What a plugin asks of its host, so often in a row as it is told; the answer says how much was really done.
export default function (pi) {
  const command = (name, work) =>
    pi.registerCommand(name, { handler: async (args) => ({ output: await work(Number(args)) }) });

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
  command("timers", (times) => new Promise((resolve) => {
    let fired = 0;
    for (let i = 0; i < times; i++) setTimeout(() => ++fired === times && resolve(fired), 0);
  }));
}
