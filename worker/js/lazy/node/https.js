// node:https: as node:http, over TLS that the host verifies. Options that would weaken that have no effect.
"use strict";

module.exports = require("node/http").moduleOf("https:", "node:https");
