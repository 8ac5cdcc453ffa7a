// node:perf_hooks: the clock. There are no entries to observe.
"use strict";

exports.performance = globalThis.performance;
