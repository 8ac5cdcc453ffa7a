"use strict";

const { Box, Container, Spacer, Text, TruncatedText } = require("pi/components");

module.exports = { Box, Container, Spacer, Text, TruncatedText, ...require("pi/text"), ...require("pi/keys"), ...require("pi/fuzzy") };
