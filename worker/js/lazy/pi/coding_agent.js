"use strict";

const { drawn } = require("pi/drawn");

module.exports = {
  DynamicBorder: require("pi/components").DynamicBorder,
  ...require("pi/output"),
  ...drawn("pi-coding-agent", [
    "AssistantMessageComponent", "BorderedLoader", "CustomEditor", "ToolExecutionComponent", "UserMessageComponent",
  ]),
};
