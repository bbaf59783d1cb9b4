#!/usr/bin/env node
// `npx pulumi-kubeadm`. A published package carries the compiled programs; a clone runs their source.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const COMMANDS = {
  plan: "show what an environment would create, without account, engine or passphrase",
  doctor: "compare a living cluster with its settings, and name what cures each difference",
  rehearse: "restore a snapshot of etcd on this machine, and read everything in it",
  smoke: "test a running cluster the way people use it",
  cis: "print the script that checks a host against the CIS benchmark",
};
const USAGE = `Usage: pulumi-kubeadm <command> [...]

${Object.entries(COMMANDS)
  .map(([name, what]) => `  ${name.padEnd(8)} ${what}`)
  .join("\n")}

pulumi-kubeadm <command> --help says more, pulumi-kubeadm --version which version this is.
`;

const given = process.argv.slice(2);
// `help plan` is `plan --help`.
const [name, ...words] =
  given[0] === "help" && Object.hasOwn(COMMANDS, given[1] ?? "") ? [given[1], "--help"] : given;
if (name === undefined || ["--help", "-h", "help"].includes(name)) {
  process.stdout.write(USAGE);
} else if (["--version", "-v", "version"].includes(name)) {
  process.stdout.write(`${require("../package.json").version}\n`);
} else if (!Object.hasOwn(COMMANDS, name)) {
  const { closest, distance } = require("fastest-levenshtein");
  const near = closest(name, Object.keys(COMMANDS));
  const meant = distance(name, near) <= near.length / 3 ? `; did you mean ${near}?` : "";
  process.stderr.write(`error: unknown command ${name}${meant}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const source = path.join(__dirname, "..", name, "main.ts");
  if (fs.existsSync(source)) require(name === "plan" ? "../plan/preload.cjs" : "tsx/cjs");
  const program = fs.existsSync(source) ? source : path.join(__dirname, "..", "dist", name, "main.js");
  require(program)
    .main(words)
    .then(
      (status) => {
        process.exitCode = status;
        // The client of the API keeps connections open.
        if (name === "smoke" || name === "rehearse") process.exit();
      },
      (error) => {
        console.error(error);
        process.exitCode = 1;
      },
    );
}
