import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { script } from "../../../model/core/script";
import { lifecycleScript } from "../../../model/lifecycle/scripts";
import { downloadsFile } from "../../../model/node/downloads";
import { dropUnwanted, fileFunctions, putFile } from "../../../model/node/prelude";
import { packagesPhase, osCheck, osProfiles, osProfileOf } from "../../../model/node/os";
import type { OsFamily } from "../../../model/settings/resolved";
import { bash, machineOf, settingsOf, threeControlPlaneNodes, withBalancer, type Ran } from "./support";
import { hostsLines, hostsScriptFile, downloadsPhase } from "../../support/fromSettings";

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "node-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const begin = `set -euo pipefail
phase() { :; }
note() { echo "note: $1"; }
die() { echo "died: $1"; exit 1; }
${script("node/scripts/waiting.sh")}`;

/** Runs a part of setup with its absolute folders moved below a folder of this test. */
function run(script: string): Ran {
  const moved = script
    .replaceAll("/var/lib/pulumi-kubeadm", `${folder}/state`)
    .replaceAll("/opt/", `${folder}/opt/`)
    .replaceAll("/usr/local/bin", `${folder}/bin`)
    .replaceAll("/run/lock", `${folder}/lock`);
  return bash(begin + moved);
}

const blockBegin = "# BEGIN pulumi-kubeadm";
const blockEnd = "# END pulumi-kubeadm";

describe("files", () => {
  const file = (content: string, mode = "0644") => ({ path: `${folder}/etc/a.conf`, mode, content });
  const put = (content: string, after = "", mode = "0644"): Ran =>
    run(`${fileFunctions()}${putFile(file(content, mode), "a.service")}${after}`);
  const marks = () => fs.readdirSync(`${folder}/state/pending`);

  it("are written once, and mark their service until it was restarted", () => {
    expect(put("a\n").stdout).toBe(`wrote ${folder}/etc/a.conf\n`);
    expect(marks()).toEqual(["a.service"]);
    // The run was cut off before the restart: the next finds nothing to write, and the mark.
    expect(put("a\n").stdout).toBe("");
    expect(marks()).toEqual(["a.service"]);
    put("a\n", "unmark a.service\n");
    expect(marks()).toEqual([]);
    put("a\n");
    expect(marks()).toEqual([]);
    put("b\n");
    expect(marks()).toEqual(["a.service"]);
    expect(fs.readFileSync(`${folder}/etc/a.conf`, "utf8")).toBe("b\n");
  });

  it("get their mode, also when only that differs, and replace a link instead of writing through it", () => {
    put("a\n", "", "0600");
    expect(fs.statSync(`${folder}/etc/a.conf`).mode & 0o777).toBe(0o600);
    put("a\n", "", "0640");
    expect(fs.statSync(`${folder}/etc/a.conf`).mode & 0o777).toBe(0o640);
    fs.writeFileSync(`${folder}/other`, "other\n");
    fs.rmSync(`${folder}/etc/a.conf`);
    fs.symlinkSync(`${folder}/other`, `${folder}/etc/a.conf`);
    put("a\n");
    expect(fs.readFileSync(`${folder}/other`, "utf8")).toBe("other\n");
  });

  it("go when the settings no longer have them, and their service is marked", () => {
    put("a\n", "unmark a.service\n");
    const kept = run(`${fileFunctions()}${dropUnwanted([`${folder}/etc/a.conf`])}`);
    expect(kept.stdout).toBe("");
    const dropped = run(`${fileFunctions()}${dropUnwanted([`${folder}/etc/b.conf`])}`);
    expect(dropped.stdout).toBe(`removed ${folder}/etc/a.conf\n`);
    expect(fs.existsSync(`${folder}/etc/a.conf`)).toBe(false);
    expect(marks()).toEqual(["a.service"]);
    expect(fs.readFileSync(`${folder}/state/files`, "utf8")).toBe("");
  });
});

describe("downloads", () => {
  /** One download, a shell script named kubeadm, served from a file. */
  function phase(sha256: string, version = "1.36.4"): string {
    const settings = settingsOf();
    const url = `file://${folder}/served`;
    const files = { amd64: [{ name: "kubeadm" as const, version, url, sha256 }] };
    const text = downloadsPhase({ ...settings, downloads: { files } }, machineOf(settings, "w1"));
    return fileFunctions() + text.replaceAll("/etc/kubernetes/kubelet.conf", `${folder}/kubelet.conf`);
  }
  function serve(content: string): string {
    fs.writeFileSync(`${folder}/served`, content);
    return crypto.createHash("sha256").update(content).digest("hex");
  }
  const installed = (version = "1.36.4") => `${folder}/opt/pulumi-kubeadm/kubeadm/${version}/bin/kubeadm`;

  it("are verified, made executable and linked, and not fetched again", () => {
    const sum = serve("#!/bin/sh\n");
    expect(run(phase(sum)).status).toBe(0);
    expect(fs.statSync(installed()).mode & 0o777).toBe(0o755);
    expect(fs.readlinkSync(`${folder}/bin/kubeadm`)).toBe(installed());
    fs.rmSync(`${folder}/served`);
    const again = run(phase(sum));
    expect(again).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("with another checksum are refused, and nothing of them stays", () => {
    const got = serve("#!/bin/sh\necho evil\n");
    const expected = "0".repeat(64);
    const ran = run(phase(expected));
    expect(ran.status).toBe(1);
    expect(ran.stdout).toContain(
      `died: checksum of file://${folder}/served: expected ${expected}, got ${got}\n`,
    );
    expect(fs.existsSync(path.dirname(path.dirname(installed())))).toBe(false);
    expect(fs.readdirSync(`${folder}/opt/pulumi-kubeadm/.incoming`)).toEqual([]);
  });

  it("of one version with a new checksum replace the old ones", () => {
    run(phase(serve("one\n")));
    run(phase(serve("two\n")));
    expect(fs.readFileSync(installed(), "utf8")).toBe("two\n");
  });

  it("of a new version are put beside the old one on a node, whose node step switches them", () => {
    run(phase(serve("old\n")));
    fs.writeFileSync(`${folder}/kubelet.conf`, "");
    expect(run(phase(serve("new\n"), "1.36.5")).status).toBe(0);
    expect(fs.readFileSync(installed("1.36.5"), "utf8")).toBe("new\n");
    expect(fs.readlinkSync(`${folder}/bin/kubeadm`)).toBe(installed());
  });
});

describe("kubeadm of a version that the control plane goes through", () => {
  const served = "#!/bin/sh\n";
  const sha256 = crypto.createHash("sha256").update(served).digest("hex");

  /** What a control-plane node does for it; by its setup, downloads come from a folder of this test. */
  function fetched(role: "cp1" | "w1"): Ran {
    fs.writeFileSync(`${folder}/kubeadm`, served);
    fs.writeFileSync(`${folder}/document`, "kubernetesVersion: v1.34.4\nclusterName: one\n");
    const settings = settingsOf();
    const files = {
      amd64: [{ name: "kubeadm" as const, version: "1.36.4", url: `file://${folder}/kubeadm`, sha256 }],
    };
    const downloads = { files, mirror: `file://${folder}` };
    const file = { path: "kubeadm", sha256 };
    return run(
      [
        fileFunctions(),
        downloadsPhase({ ...settings, downloads }, machineOf(settings, role)),
        lifecycleScript("hop-fetch", {
          kubernetes_version: "1.35.8",
          kubeadm_folder: `${folder}/kubeadm-1.35.8`,
          paths: { amd64: file.path, arm64: file.path },
          checksums: { amd64: file.sha256, arm64: file.sha256 },
          downloads_file: downloadsFile,
        }),
        lifecycleScript("hop-begin", {
          kubernetes_version: "1.35.8",
          living_document: `${folder}/document`,
          hop_document: `${folder}/hop`,
        }),
      ]
        .join("")
        .replaceAll(downloadsFile, `${folder}/downloads-from`),
    );
  }

  it("comes from where setup's downloads come from", () => {
    const { status, stdout } = fetched("cp1");
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(fs.readFileSync(`${folder}/kubeadm-1.35.8/bin/kubeadm`, "utf8")).toBe(served);
    expect(fs.readFileSync(`${folder}/hop`, "utf8")).toBe("kubernetesVersion: v1.35.8\nclusterName: one\n");
    expect(fs.readFileSync(`${folder}/downloads-from`, "utf8")).toBe(`file://${folder}/\n`);
  });

  it("is not looked for on a host whose setup says nothing of it", () => {
    const { status, stdout } = fetched("w1");
    expect(status).toBe(1);
    expect(stdout).toContain(`died: setup of this host did not finish: it has no ${folder}/downloads-from`);
  });
});

describe("hosts file", () => {
  it("has the endpoint where the endpoint is, the control-plane nodes and the machine itself", () => {
    const lines = (raw: Record<string, unknown>, name: string): string[] => {
      const settings = settingsOf(raw);
      return hostsLines(settings, machineOf(settings, name));
    };
    const controlPlaneNodes = ["192.0.2.11 cp1", "192.0.2.12 cp2", "192.0.2.13 cp3"];
    expect(lines({}, "cp1")).toEqual(["192.0.2.11 api.metal.internal", "192.0.2.11 cp1"]);
    const local = { machines: threeControlPlaneNodes, endpoint: { kind: "nodeLocal" } };
    expect(lines(local, "w1")).toEqual([
      "127.0.0.1 api.metal.internal",
      ...controlPlaneNodes,
      "192.0.2.21 w1",
    ]);
    const balanced = { machines: withBalancer, endpoint: { kind: "loadBalancer", machine: "lb1" } };
    expect(lines(balanced, "cp2")).toEqual(["192.0.2.5 api.metal.internal", ...controlPlaneNodes]);
    const given = {
      machines: threeControlPlaneNodes,
      endpoint: { kind: "address", host: "api.example.com" },
    };
    expect(lines(given, "cp2")).toEqual(controlPlaneNodes);
  });

  it("keeps every other line, and one block", () => {
    const settings = settingsOf();
    const hosts = `${folder}/hosts`;
    fs.writeFileSync(`${folder}/script`, hostsScriptFile(settings, machineOf(settings, "w1")).content);
    fs.writeFileSync(hosts, `127.0.0.1 localhost\n${blockBegin}\n10.9.9.9 old\n${blockEnd}\n# mine\n`);
    const apply = () => bash(`bash ${folder}/script ${hosts}`);
    expect(apply().stdout).toBe(`wrote ${hosts}\n`);
    const block = [blockBegin, "192.0.2.11 api.metal.internal", "192.0.2.11 cp1", "192.0.2.21 w1", blockEnd];
    expect(fs.readFileSync(hosts, "utf8").trimEnd().split("\n")).toEqual([
      "127.0.0.1 localhost",
      "# mine",
      ...block,
    ]);
    expect(apply().stdout).toBe("");
  });
});

describe("operating system", () => {
  const families = Object.keys(osProfiles) as OsFamily[];
  const found = (id: string, version: string, wanted?: OsFamily): Ran => {
    const settings = settingsOf();
    const release = `${folder}/os-release`;
    fs.writeFileSync(release, `ID="${id}"\nVERSION_ID="${version}"\n`);
    const text = osCheck(machineOf(settings, "w1", wanted)).replaceAll("/etc/os-release", release);
    return run(
      `uname() { echo x86_64; }\n${text}${osProfileOf(machineOf(settings, "w1", wanted))}echo "$os_family $package_manager"\n`,
    );
  };

  it.each([
    ["ubuntu", "22.04", "ubuntu-22.04 apt"],
    ["ubuntu", "24.04", "ubuntu-24.04 apt"],
    ["debian", "12", "debian-12 apt"],
    ["debian", "13", "debian-13 apt"],
    ["rhel", "9.6", "rhel-9 dnf"],
    ["rocky", "9.5", "rhel-9 dnf"],
    ["almalinux", "9.4", "rhel-9 dnf"],
    ["centos", "9", "rhel-9 dnf"],
    ["ol", "9.6", "rhel-9 dnf"],
  ])("%s %s is %s", (id, version, expected) => {
    expect(found(id, version).stdout.trim().split("\n").at(-1)).toBe(expected);
  });

  it("refuses others, and says which it takes", () => {
    expect(found("ubuntu", "20.04").stdout).toBe(
      `died: ubuntu 20.04 is not a supported operating system; supported: ${families.join(", ")}\n`,
    );
    expect(found("rocky", "8.10").status).toBe(1);
  });

  it("refuses a host that is not what the settings say", () => {
    expect(found("debian", "12", "ubuntu-24.04").stdout).toBe(
      "died: the settings say ubuntu-24.04, the host runs debian-12\n",
    );
  });
});

describe("packages", () => {
  /** Installs into a list: what is in it is there. */
  const host = (
    present: string,
    family: "apt" | "dnf",
    needs: readonly ("tc" | "ip" | "nginx" | "nginx-stream")[],
    more: readonly string[] = [],
  ) => {
    const facts = osProfiles[family === "apt" ? "debian-12" : "rhel-9"].packages;
    const text = packagesPhase(needs, more);
    const calls = `command() { case " $present " in *" $2 "*) return 0 ;; esac; return 1; }
nginx() { :; }
systemctl() { echo "systemctl $*"; }
installed() { local all=$*; echo "$1 \${all##*install }"; present+=" tc ip nginx"; mkdir -p "$nginx_modules"; : >"$nginx_modules/ngx_stream_module.so"; }
apt-get() { case " $* " in *" install "*) installed apt "$@" ;; *) echo "apt update" ;; esac; }
dnf() { installed dnf "$@"; }
dpkg-query() { case " $present " in *" \${!#} "*) echo installed ;; *) return 1 ;; esac; }
rpm() { case " $present " in *" \${!#} "*) ;; *) return 1 ;; esac; }
`;
    const variables = `present='${present}' package_manager=${family} nginx_modules='${folder}/modules'
declare -A package_of=(${Object.entries(facts)
      .map(([need, name]) => `[${need}]=${name}`)
      .join(" ")})\n`;
    return run(fileFunctions() + variables + calls + text);
  };

  it("asks no package manager when nothing is missing", () => {
    expect(host("tc ip", "apt", ["ip", "tc"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("installs each missing package once, by the family's name", () => {
    expect(host("", "apt", ["ip", "tc"]).stdout).toBe("installing: iproute2\napt update\napt iproute2\n");
    expect(host("ip", "dnf", ["ip", "tc"]).stdout).toBe("installing: iproute-tc\ndnf iproute-tc\n");
  });

  it("installs people's own packages that are not there, and asks nobody where they are", () => {
    const more = ["nfs-common", "open-iscsi"];
    expect(host("ip nfs-common", "apt", ["ip"], more).stdout).toBe(
      "installing: open-iscsi\napt update\napt open-iscsi\n",
    );
    expect(host("ip nfs-utils", "dnf", ["ip"], ["nfs-utils"]).stdout).toBe("");
    expect(host("ip", "dnf", ["ip"], ["nfs-utils"]).stdout).toBe("installing: nfs-utils\ndnf nfs-utils\n");
  });

  it("keeps the package's own nginx from starting", () => {
    expect(host("ip", "apt", ["ip", "nginx", "nginx-stream"]).stdout.split("\n")).toEqual([
      "systemctl mask --quiet nginx.service",
      "installing: libnginx-mod-stream nginx",
      "apt update",
      "apt libnginx-mod-stream nginx",
      "systemctl unmask --quiet nginx.service",
      "systemctl disable --quiet nginx.service",
      "",
    ]);
  });
});
