// `npm run check` and `npm test`: format, lint and types, with `--tests` also the unit level, all side by side.
// Prints what each part took, and the output of a part that failed. Words after `--tests` go to the test runner.
import { spawn } from "node:child_process";

const parts = {
  // Prettier's own parser of TypeScript takes a third longer for the same output.
  format: ["prettier", ["--check", "--log-level=warn", "--plugin=@prettier/plugin-oxc", "."]],
  lint: ["eslint", ["."]],
  // Rules that need types, and the compiler's own errors (`typeCheck` in .oxlintrc.json), from one program.
  types: ["oxlint", []],
};
// CI starts without caches.
if (process.env.CI === undefined)
  for (const [command, words] of [parts.format, parts.lint])
    words.push("--cache", `--cache-location=out/cache/${command}`);

const began = performance.now();
const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`.padStart(6);

/** @returns {Promise<string>} the part's line of the summary; the output of a part that fails is printed at once */
function run(name, [command, words], stdio) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: ["ignore", stdio, stdio] });
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    const finish = (passed) => {
      if (!passed) process.exitCode = 1;
      if (!passed && stdio === "pipe")
        process.stdout.write(`\n=== ${name} failed\n${Buffer.concat(output)}\n`);
      resolve(`${name.padEnd(8)}${seconds()}  ${passed ? "passed" : "FAILED"}`);
    };
    child.on("error", (error) => {
      output.push(Buffer.from(`${command}: ${error.message}\n`));
      finish(false);
    });
    child.on("close", (status) => finish(status === 0));
  });
}

const runs = Object.entries(parts).map(([name, part]) => run(name, part, "pipe"));
const tests = process.argv.indexOf("--tests");
if (tests !== -1)
  runs.push(run("tests", ["vitest", ["run", "--project=unit", ...process.argv.slice(tests + 1)]], "inherit"));
console.log((await Promise.all(runs)).join("\n"));
