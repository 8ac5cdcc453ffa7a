// Exports that come from several parts, each evaluated when the first of its names is asked for.
"use strict";

/** An object with the names that *parts* lists: {part: [name, ...]}. */
function fromParts(parts) {
  const exported = {};
  for (const [part, names] of Object.entries(parts)) {
    for (const name of names) Object.defineProperty(exported, name, { get: () => require(part)[name], enumerable: true });
  }
  return exported;
}

exports.fromParts = fromParts;
