// Loaded before `plan/main.ts`: lets Node run TypeScript as it is, without a look at its types; `npm test` checks them.
// What is JavaScript already comes first, before the hook is there that would look at each of its thousand files.
const packages = [
  "@pulumi/pulumi",
  "@pulumi/kubernetes",
  "@pulumi/aws",
  "@pulumi/tls",
  "@pulumi/command",
  "zod",
  "yaml",
];
function load(name) {
  try {
    require(name);
  } catch (error) {
    // The plan says itself what it needs.
    if (error.code !== "MODULE_NOT_FOUND") throw error;
  }
}
if (!process.argv.includes("--help")) packages.forEach(load);
require("tsx/cjs");
// Pulumi reads the stack at each resource to tell where it was made; a plan does not show it, and maps make that slow.
process.setSourceMapsEnabled(false);
