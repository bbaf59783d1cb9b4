// Resolved as `pulumi-kubeadm/smoke`. A published package carries the compiled program; a clone runs its source.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const compiled = path.join(__dirname, "..", "dist", "smoke", "main.js");
const source = path.join(__dirname, "..", "smoke", "main.ts");
if (fs.existsSync(source)) {
  require("tsx/cjs");
  module.exports = require(source);
} else {
  module.exports = require(compiled);
}
