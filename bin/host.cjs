#!/usr/bin/env node
// Resolved as `pulumi-kubeadm/host`. A published package carries the compiled program; a clone runs its source.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const compiled = path.join(__dirname, "..", "dist", "host", "main.js");
const source = path.join(__dirname, "..", "host", "main.ts");
if (fs.existsSync(source)) {
  require("tsx/cjs");
  module.exports = require(source);
} else {
  module.exports = require(compiled);
}
if (require.main === module) module.exports.main(process.argv[2]);
