// pi-coding-agent: its components, its themes for them, and its helpers for what a tool gives back.
"use strict";

const { fromParts } = require("pi/parts");

module.exports = fromParts({
  "pi/agent_components": ["BorderedLoader", "CustomEditor", "DynamicBorder", "keyHint", "keyText", "rawKeyHint"],
  "pi/messages": ["AssistantMessageComponent", "ToolExecutionComponent", "UserMessageComponent"],
  "pi/output": [
    "DEFAULT_MAX_BYTES", "DEFAULT_MAX_LINES", "formatSize", "getAgentDir", "getLanguageFromPath", "parseFrontmatter", "stripFrontmatter",
    "truncateHead", "truncateTail", "withFileMutationQueue",
  ],
  "pi/themes": ["getMarkdownTheme", "getSelectListTheme", "getSettingsListTheme", "highlightCode"],
});
