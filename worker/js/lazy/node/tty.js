// node:tty: there is no terminal.
"use strict";

exports.isatty = function isatty() {
  return false;
};
