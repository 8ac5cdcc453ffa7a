"use strict";

exports.process = require("node/process");
