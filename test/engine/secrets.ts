/** Looking for secrets in what the engine said and wrote. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";

export interface Written {
  readonly where: string;
  readonly text: string;
}

export interface Leak {
  readonly secret: string;
  readonly where: string;
  readonly form: string;
}

/** Shortest run of a secret's characters that counts as a part of it: chance finds are out of the question. */
const shortestPart = 16;

/**
 * Where a secret stands, whole or in part: as it is, as JSON or YAML escape it, in base64, or a single line of it.
 * `secrets` are by name, so that a report does not repeat what must not be told. Lines that also are in one of
 * `publicTexts` do not count: a private key's PEM holds its public key, and a line of both can be the same.
 */
export function findLeaks(
  secrets: Readonly<Record<string, string>>,
  written: readonly Written[],
  publicTexts: readonly string[] = [],
): Leak[] {
  return Object.entries(secrets).flatMap(([secret, value]) =>
    Object.entries(formsOf(value, publicTexts)).flatMap(([form, text]) =>
      written
        .filter((place) => place.text.includes(text))
        .map((place) => ({ secret, where: place.where, form })),
    ),
  );
}

function formsOf(value: string, publicTexts: readonly string[]): Record<string, string> {
  if (value.length < 4) throw new Error("a secret of under four characters cannot be told from other text");
  const lines = value
    .split("\n")
    .filter((line) => line.length >= shortestPart && !line.startsWith("-----"))
    .filter((line) => !publicTexts.some((text) => text.includes(line)));
  return {
    plain: value,
    json: JSON.stringify(value).slice(1, -1),
    base64: Buffer.from(value).toString("base64").replace(/=+$/, ""),
    ...Object.fromEntries(lines.map((line, index) => [`line ${index + 1}`, line])),
  };
}

/** Text of the files below a folder, compressed ones unpacked. */
export function textFiles(
  folder: string,
  wanted: (file: string) => boolean = () => true,
  recursive = true,
): Written[] {
  return readdirSync(folder, { recursive })
    .map((name) => path.join(folder, String(name)))
    .filter((file) => wanted(file) && statSync(file).isFile())
    .map((file) => {
      const bytes = readFileSync(file);
      return { where: file, text: (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8") };
    });
}
