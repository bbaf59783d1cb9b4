import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const NAMES = ["ca", "etcd/ca", "front-proxy-ca"];
export const PKI = "/etc/kubernetes/pki";

/** Makes CAs and a service-account key in a folder, as the stack does; gives them as files of a control-plane node. */
export function makeAuthorities(folder: string, name: string): { path: string; content: string }[] {
  fs.mkdirSync(path.join(folder, "etcd"), { recursive: true });
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "pipe" });
  for (const ca of NAMES)
    openssl(
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "10",
      ],
      ...["-subj", `/CN=${ca.replace("/", "-")} ${name}`],
      ...["-keyout", `${folder}/${ca}.key`, "-out", `${folder}/${ca}.crt`],
    );
  openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", `${folder}/sa.key`);
  openssl("pkey", "-in", `${folder}/sa.key`, "-pubout", "-out", `${folder}/sa.pub`);
  return [...NAMES.flatMap((ca) => [`${ca}.crt`, `${ca}.key`]), "sa.pub", "sa.key"].map((file) => ({
    path: `${PKI}/${file}`,
    content: fs.readFileSync(path.join(folder, file), "utf8"),
  }));
}
