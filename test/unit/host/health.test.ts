import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { FORCE_VARIABLE } from "../../../host/insist";
import { HostProblem } from "../../../host/problem";
import type { HealthSpec, StepInput } from "../../../host/protocol";
import { scrubber } from "../../../host/secrets";
import { health } from "../../../host/steps/health";
import { controlPlaneTopology } from "../../../model/aws/topology";
import { renderKubeconfig } from "../../../model/kubeconfig";
import { awsSettings, largeAws } from "../../support/awsInput";
import { all, set, type Change } from "../settings/edit";

const base = set("protect", false);
const settings = awsSettings(largeAws, base);
const names = settings.machines.map(({ nodeName }) => nodeName);

interface Plane {
  /** Nodes by name, and whether they are Ready. */
  nodes: Record<string, boolean>;
  /** etcd's pods by node. */
  etcd: Record<string, boolean>;
  status: number;
  asked: string[];
}

const well = (): Plane => ({
  nodes: Object.fromEntries(names.map((name) => [name, true])),
  etcd: Object.fromEntries(names.map((name) => [name, true])),
  status: 200,
  asked: [],
});

let folder = "";
let server: https.Server;
let plane = well();
const pem = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");

/** An API server as far as these questions go: it lets in whom the cluster's CA has signed, and nobody else. */
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "health-"));
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=kubernetes",
  );
  fs.writeFileSync(path.join(folder, "names"), `subjectAltName=DNS:${settings.endpoint.host}\n`);
  for (const [name, subject] of [
    ["server", "/CN=kube-apiserver"],
    ["admin", "/O=kubeadm:cluster-admins/CN=kubernetes-admin"],
  ] as const) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    const signing = [
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.crt`);
  }
  server = https.createServer(
    { key: pem("server.key"), cert: pem("server.crt"), ca: pem("ca.crt"), requestCert: true },
    (request, response) => {
      const url = request.url ?? "";
      plane.asked.push(url);
      const authorized = (request.socket as TLSSocket).authorized;
      const [, node] = /^\/api\/v1\/nodes\/(.*)$/.exec(url) ?? [];
      const [, pod] = /^\/api\/v1\/namespaces\/kube-system\/pods\/etcd-(.*)$/.exec(url) ?? [];
      const ready = node === undefined ? plane.etcd[pod ?? ""] : plane.nodes[node];
      response.statusCode = !authorized
        ? 401
        : plane.status !== 200
          ? plane.status
          : ready === undefined
            ? 404
            : 200;
      const conditions = [
        { type: "MemoryPressure", status: "False" },
        ready === true
          ? { type: "Ready", status: "True", message: "kubelet is posting ready status" }
          : { type: "Ready", status: "Unknown", message: "Kubelet stopped posting node status." },
      ];
      response.end(response.statusCode === 200 ? JSON.stringify({ status: { conditions } }) : "no");
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  fs.rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  plane = well();
  delete process.env[FORCE_VARIABLE];
});

function inputOf(): StepInput {
  const credentials = { caCertificate: pem("ca.crt"), certificate: pem("admin.crt"), key: pem("admin.key") };
  const { port } = server.address() as AddressInfo;
  const access = { host: "127.0.0.1", port };
  const content = renderKubeconfig({ ...settings, access }, credentials);
  return { connections: {}, files: [{ path: "kubeconfig", content }] };
}

/** The step of a run with these settings after one with those of the base; what it failed with. */
async function after(change: Change, input = inputOf(), before: Change = base): Promise<string> {
  const living = controlPlaneTopology(awsSettings(largeAws, before));
  const spec: HealthSpec = {
    step: "health",
    topology: controlPlaneTopology(awsSettings(largeAws, all(before, change))),
  };
  try {
    const context = { spec, previous: { topology: living }, input, say: () => undefined };
    expect(await health(context, 1, 20)).toEqual({ topology: spec.topology });
    return "";
  } catch (error) {
    if (!(error instanceof HostProblem)) throw error;
    return error.report();
  }
}

const replaced = set("controlPlane.revisions", { "cp-2": 2 });
const retyped = set("controlPlane.instanceType", "m7i.xlarge");
const [first = "", second = "", third = ""] = names;

describe("a control-plane node may be away", () => {
  it("while all others are Ready, and their etcd is", async () => {
    expect(await after(replaced)).toBe("");
    expect(plane.asked).toHaveLength(4);
    expect(plane.asked.join()).not.toContain(second);
    expect(await after(retyped)).toBe("");
  });

  it("although it is dead itself", async () => {
    plane.nodes[second] = false;
    delete plane.etcd[second];
    expect(await after(replaced)).toBe("");
  });

  it.each<[string, () => void, RegExp]>([
    [
      "is not Ready",
      () => (plane.nodes[third] = false),
      /cp-3: its Node ip-\S+ is not Ready \(Kubelet stopped posting node status\)\. /,
    ],
    ["has no etcd", () => delete plane.etcd[first], /cp-1: its etcd is not Ready/],
    ["has an etcd that is not well", () => (plane.etcd[first] = false), /cp-1: its etcd is not Ready/],
    [
      "has left, and not joined again",
      () => delete plane.nodes[third],
      /cp-3 has left the cluster and not joined/,
    ],
    ["cannot be told of", () => (plane.status = 503), /the API at https:\S+ does not answer: .*503 no/],
  ])("and not while another one %s", async (_, fault, text) => {
    fault();
    const said = await after(replaced);
    expect(said).toMatch(/^control plane: cp-2 must stay up while another node is down: /);
    expect(said).toMatch(text);
    expect(said).toContain(`${FORCE_VARIABLE}=cp-2`);
    // Stopped for another type, all three have to be well.
    expect(await after(retyped)).toMatch(text);
  });

  it("after a moment, where another one is only late", async () => {
    plane.nodes[third] = false;
    const { asked } = plane;
    asked.push = (...urls: string[]) => {
      if (asked.length > 6) plane.nodes[third] = true;
      return Array.prototype.push.apply(asked, urls);
    };
    const living = controlPlaneTopology(settings);
    const spec: HealthSpec = {
      step: "health",
      topology: controlPlaneTopology(awsSettings(largeAws, all(base, replaced))),
    };
    const context = { spec, previous: { topology: living }, input: inputOf(), say: () => undefined };
    await expect(health(context, 1, 20_000)).resolves.toEqual({ topology: spec.topology });
  });

  it("where somebody insists by its name", async () => {
    plane.nodes[third] = false;
    process.env[FORCE_VARIABLE] = "cp-1";
    expect(await after(replaced)).not.toBe("");
    process.env[FORCE_VARIABLE] = "cp-2";
    expect(await after(replaced)).toBe("");
  });

  it("and is not asked about where no instance changes, or there is no other", async () => {
    plane.status = 503;
    expect(await after(set("controlPlane.deletable", ["cp-2"]))).toBe("");
    expect(await after(set("controlPlane.count", 5))).toBe("");
    expect(await after(retyped, inputOf(), all(base, set("controlPlane.count", 1)))).toBe("");
    expect(plane.asked).toEqual([]);
    const spec: HealthSpec = { step: "health", topology: controlPlaneTopology(settings) };
    const created = { spec, previous: undefined, input: inputOf(), say: () => undefined };
    expect(await health(created)).toEqual({ topology: spec.topology });
  });

  it("and nobody but the cluster's own API is believed", async () => {
    const input = inputOf();
    const [kubeconfig] = input.files;
    const stranger = Buffer.from(pem("server.crt")).toString("base64");
    const content = (kubeconfig?.content ?? "").replace(
      Buffer.from(pem("ca.crt")).toString("base64"),
      stranger,
    );
    expect(content).toContain(stranger);
    const said = await after(replaced, { ...input, files: [{ path: "kubeconfig", content }] });
    expect(said).toMatch(/does not answer: .*certificate/);
    expect(scrubber(input)(said)).toBe(said);
    expect(plane.asked).toEqual([]);
  });
});
