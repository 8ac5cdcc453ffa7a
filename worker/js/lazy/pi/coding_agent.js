"use strict";

const { drawn } = require("pi/drawn");
const { getMarkdownTheme, getSelectListTheme, getSettingsListTheme, highlightCode } = require("pi/themes");

module.exports = {
  DynamicBorder: require("pi/components").DynamicBorder,
  ...require("pi/output"),
  getMarkdownTheme, getSelectListTheme, getSettingsListTheme, highlightCode,
  ...drawn("pi-coding-agent", [
    "AssistantMessageComponent", "BorderedLoader", "CustomEditor", "ToolExecutionComponent", "UserMessageComponent",
  ]),
};
