"use strict";

module.exports = { DynamicBorder: require("pi/components").DynamicBorder, ...require("pi/output") };
