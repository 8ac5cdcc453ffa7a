// Files: pi.fs, ctx.fs (worker/js/lazy/pi/fs.js) and node:fs (worker/js/lazy/node/fs.js), evaluated at first use.

internals.limits = limits;
internals.exceedsBytes = exceedsBytes; // (text, limit)

defineLazyModule("node:fs", "node/fs");
defineLazyModule("node:fs/promises", "node/fs/promises");
