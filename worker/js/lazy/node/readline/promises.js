"use strict";

const readline = require("node/readline");

class Interface extends readline.Interface {
  question(query) {
    return new Promise((resolve) => super.question(query, resolve));
  }
}

Object.assign(exports, { Interface, createInterface: (input, output) => new Interface(input, output) });
