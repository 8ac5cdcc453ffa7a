"use strict";

const { Box, Container, Spacer, Text, TruncatedText } = require("pi/components");
const { drawn } = require("pi/drawn");

module.exports = {
  Box, Container, Spacer, Text, TruncatedText,
  ...require("pi/text"),
  ...require("pi/keys"),
  ...require("pi/fuzzy"),
  ...drawn("pi-tui", ["CancellableLoader", "Editor", "Image", "Input", "Loader", "Markdown", "SelectList", "SettingsList", "TUI"]),
};
