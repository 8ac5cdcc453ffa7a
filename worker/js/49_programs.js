// Programs, run by the host: pi.exec, pi.execSync and node:child_process.

/** Start *command* for *call* (null: the instance); a promise of how it ended. */
const execProgram = (call) => (command, args, options) => lazy("pi/exec").exec(call, command, args, options);
const execProgramSync = (call) => (command, args, options) => lazy("pi/exec").execSync(call, command, args, options);

defineLazyModule("node:child_process", "node/child_process");
