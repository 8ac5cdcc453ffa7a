// Programs, run by the host: pi.exec and pi.execSync. node:child_process: worker/js/lazy/node.

/** Start *command* for *call* (null: the instance); a promise of how it ended. */
const execProgram = (call) => (command, args, options) => lazy("pi/exec").exec(call, command, args, options);
const execProgramSync = (call) => (command, args, options) => lazy("pi/exec").execSync(call, command, args, options);
