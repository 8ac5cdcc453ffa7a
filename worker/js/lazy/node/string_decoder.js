"use strict";

exports.StringDecoder = require("vendor/string_decoder").StringDecoder;
