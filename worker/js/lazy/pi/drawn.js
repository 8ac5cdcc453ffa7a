// What pi draws on its terminal: classes that a plugin may name and extend while it loads, and that are refused when one is made.
"use strict";

exports.drawn = (origin, names) => Object.fromEntries(names.map((name) => [
  name,
  internals.refusedValue(name, (shown) => internals.makeError("E_NEVER", `${origin}: ${shown} is never available to plugins: there is no terminal to draw on`)),
]));
