// The part of `npm run build` that TypeScript leaves out: scripts for hosts, which the compiled code reads from beside itself.
import { cpSync, statSync } from "node:fs";

const wanted = (file) => statSync(file).isDirectory() || /\.(sh|py|ps1)$/.test(file);
cpSync("model", "dist/model", { recursive: true, filter: wanted });
