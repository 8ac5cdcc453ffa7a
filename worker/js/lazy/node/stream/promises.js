"use strict";

const { finished, pipeline } = require("node/stream").promises;

Object.assign(exports, { finished, pipeline });
