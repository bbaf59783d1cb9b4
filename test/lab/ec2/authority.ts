/**
 * Who vouches for the simulated region's endpoints: one certificate authority for all labs, which hosts' images and the
 * image of the cloud controller manager trust as those of a private cloud would. Real AWS has public ones.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { cachedFolder } from "../../support/cache";
import { run } from "../../support/run";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Folder with `ca.crt` and `ca.key`, made once. */
export function ensureAuthority(): Promise<string> {
  return cachedFolder("ec2", "authority", { schema: 1 }, async (folder) => {
    const files = ["-keyout", "ca.key", "-out", "ca.crt"];
    await run(["openssl", "req", "-x509", ...KEY, ...files, "-days", "3650", "-subj", "/CN=lab aws"], {
      cwd: folder,
    });
  });
}

/** A serving certificate and its key for names of the region's endpoints. */
export async function serverCertificate(
  folder: string,
  names: readonly string[],
): Promise<{ key: string; certificate: string }> {
  fs.mkdirSync(folder, { recursive: true });
  const authority = await ensureAuthority();
  const openssl = (...words: string[]): Promise<unknown> => run(["openssl", ...words], { cwd: folder });
  await openssl("req", ...KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=aws");
  fs.writeFileSync(
    path.join(folder, "names"),
    `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}\n`,
  );
  const ca = ["-CA", path.join(authority, "ca.crt"), "-CAkey", path.join(authority, "ca.key")];
  const serial = ["-CAserial", path.join(folder, "serial"), "-CAcreateserial"];
  const signing = [...ca, ...serial, "-extfile", "names", "-days", "30"];
  await openssl("x509", "-req", "-in", "server.csr", ...signing, "-out", "server.crt");
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");
  return { key: read("server.key"), certificate: read("server.crt") };
}
