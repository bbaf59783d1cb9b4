// Entry of the policy pack. A published package carries the compiled pack; a clone runs its source, as `bin/host.cjs` does.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const source = path.join(__dirname, "..", "pack.ts");
if (fs.existsSync(source)) {
  // The SDK's runner has put ts-node before each `.ts`, which would check the types of every file at each preview.
  delete require.extensions[".ts"];
  require("tsx/cjs");
  require(source);
} else {
  require(path.join(__dirname, "..", "..", "dist", "policy", "pack.js"));
}
