// Answers each message `{ folder, words }` with what `npm run plan` says there: one process, because loading the SDKs takes
// longer than most of what it is asked.
"use strict";
require("../../../plan/preload.cjs");
const { main } = require("../../../plan/main.ts");

process.on("message", async ({ folder, words }) => {
  process.chdir(folder);
  const said = { stdout: "", stderr: "" };
  for (const name of Object.keys(said)) process[name].write = (text) => Boolean((said[name] += text));
  const status = await main(words).catch((error) => {
    said.stderr += error.stack;
    return 1;
  });
  process.send({ status, ...said });
});
