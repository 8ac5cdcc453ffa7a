// node:stream.
"use strict";

const stream = require("vendor/node_stream").default;

module.exports = stream.Stream;
