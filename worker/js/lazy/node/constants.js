"use strict";

Object.assign(exports, require("node/os").constants.signals, require("node/os").constants.errno);
