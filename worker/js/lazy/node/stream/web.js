// node:stream/web: the web's streams; the globals where they are, so that both are the same classes.
"use strict";

const vendored = require("vendor/streams");

for (const name of Object.keys(vendored)) exports[name] = globalThis[name] ?? vendored[name];
for (const name of ["TextEncoderStream", "TextDecoderStream"]) if (globalThis[name] !== undefined) exports[name] = globalThis[name];
