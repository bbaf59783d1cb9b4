// `npm run plan`. TypeScript is run as it is, without a look at its types; `npm test` checks them.
// What is JavaScript already is loaded before the hook is there, which would look at each of its thousand files.
const words = process.argv.slice(2);
if (words.length > 0 && !words.includes("--help")) {
  for (const name of [
    "@pulumi/pulumi",
    "@pulumi/kubernetes",
    "@pulumi/tls",
    "@pulumi/command",
    "zod",
    "yaml",
    "ipaddr.js",
    "cli-table3",
  ])
    require(name);
}
require("tsx/cjs");
require("./main.ts").start();
