// Journal: counts sessions and remembers when each began.
//
// Shows: the module-scope style. There is no function to export: the global `jcode` is there from the first line, and
// what is exported is metadata. Settings and the key-value store answer at once; only writing is asynchronous.

const prefix = jcode.getConfig("prefix") || "session";
const id = jcode.uuid(); // of this worker: a new one after every restart

jcode.on("SessionStart", async function (event) {
  const count = (jcode.kv.get("count") || 0) + 1;
  const entry = { number: count, session: event.sessionId, project: event.projectDir, worker: id };
  await jcode.kv.set("count", count);
  await jcode.kv.set(prefix + ":" + event.sessionId, entry);
  jcode.logger.info("session " + event.sessionId + " is number " + count);
});

jcode.on("SessionEnd", function (event) {
  jcode.logger.info("session " + event.sessionId + " took " + event.durationSeconds + " s");
});

jcode.registerCommand("journal", {
  description: "List the sessions of this project",
  handler: function () {
    return jcode.kv.list(prefix + ":").map(function (key) {
      return jcode.kv.get(key);
    });
  },
});

// A name and a description are enough for a tool to be listed. Without a handler its calls answer with an error.
jcode.registerTool({
  name: "journal_export",
  description: "Write the journal to a file (not implemented yet)",
});

export default {
  manifest: {
    name: "journal",
    version: "1.0.0",
    description: "Counts sessions and remembers when each began",
    tier: "read",
  },
};
