/** The order in which a control plane goes through versions, and where it goes on after a run that was cut off. */
import { beforeEach, describe, expect, it } from "vitest";
import { hop, hopsOf, isFarBehind, type HopContext } from "../../../host/steps/hops";
import { HostProblem } from "../../../host/problem";
import { hopsTo } from "../../../model/versions";
import type { ClusterMachine } from "../../../model/machine";

const machine = (name: string): ClusterMachine => ({
  name,
  nodeName: name,
  role: "controlPlane",
  pool: "",
  nodeAddress: "10.40.0.11",
  revision: 1,
  removal: "safe",
});
const nodes = ["cp1", "cp2", "cp3"].map(machine);

let versions: Record<string, string>;
let configuration: string;
let done: string[];
/** Fails once, where it is reached. */
let failing: string;

function contextOf(wanted: string, hops = hopsTo(wanted)): HopContext {
  return {
    hosts: {
      query: (name) =>
        Promise.resolve(`##api-server v${versions[name]}\n##configuration\n${configuration}\n`),
      job: (name, { name: job }) => {
        const line = `${name}: ${job}`;
        if (line === failing) {
          failing = "";
          return Promise.reject(new HostProblem(name, job));
        }
        done.push(line);
        const to = /^bringing the control plane to (.*)$/.exec(job)?.[1];
        if (to !== undefined) versions[name] = to;
        return Promise.resolve();
      },
    },
    say: () => undefined,
    hops,
    spec: { kubernetesVersion: wanted, node: { ignorePreflightErrors: [] }, machines: nodes },
  };
}

beforeEach(() => {
  versions = { cp1: "1.34.4", cp2: "1.34.4", cp3: "1.34.4" };
  configuration = "apiServer: {}";
  done = [];
  failing = "";
});

const gates = (of: string) => nodes.map(({ name }) => `${name}: checking the control plane${of}`);
const steps = (to: string) => nodes.map(({ name }) => `${name}: bringing the control plane to ${to}`);

describe("a control plane two minor versions behind the one before the last", () => {
  it("goes through each on all nodes, and is looked at before, between and after", async () => {
    await hop(contextOf("1.37.1"), nodes);
    expect(done).toEqual([
      ...gates(""),
      ...steps("1.35.8"),
      ...gates(" of 1.35.8"),
      ...steps("1.36.4"),
      ...gates(" of 1.36.4"),
    ]);
  });

  it.each([
    "cp2: bringing the control plane to 1.35.8",
    "cp3: checking the control plane of 1.35.8",
    "cp1: bringing the control plane to 1.36.4",
  ])("goes on where it was, cut off at %s, and no node goes ahead of another by two", async (moment) => {
    failing = moment;
    const context = contextOf("1.37.1");
    await expect(hop(context, nodes)).rejects.toThrow(HostProblem);
    const ran = [...done];
    expect(ran.filter((line) => line.includes("1.36.4"))).toEqual([]);
    done = [];
    await hop(context, nodes);
    const brought = [...ran, ...done].filter((line) => line.includes("bringing"));
    expect(brought).toEqual([...steps("1.35.8"), ...steps("1.36.4")]);
  });

  it("is not begun where it is not well", async () => {
    failing = "cp3: checking the control plane";
    await expect(hop(contextOf("1.37.1"), nodes)).rejects.toThrow(HostProblem);
    expect(done.filter((line) => line.includes("bringing"))).toEqual([]);
  });
});

describe("a control plane one minor version behind", () => {
  it("goes through nothing, and nothing is asked of it", async () => {
    await hop(contextOf("1.35.8"), nodes);
    expect(done).toEqual([]);
    expect(isFarBehind("1.34.4", "1.35.8")).toBe(false);
    expect(isFarBehind("1.34.4", "1.36.4")).toBe(true);
  });
});

describe("no way", () => {
  it("is a minor version of which nothing is known", async () => {
    await expect(hopsOf(contextOf("1.36.4", []), nodes)).rejects.toThrow(/goes through 1\.35 to 1\.36\.4/);
  });

  it.each([
    [
      "a feature gate that a version between does not have",
      "apiServer:\n  extraArgs:\n  - name: feature-gates\n    value: PodIndexLabel=true,SidecarContainers=true\n",
      /apiServer\.extraArgs\.feature-gates: PodIndexLabel=true of the living cluster does not fit kube-apiserver 1\.35, which the upgrade goes through: take it out/,
    ],
    [
      "a gate that is locked from it on",
      "controllerManager:\n  extraArgs:\n  - name: feature-gates\n    value: JobManagedBy=false\n",
      /controllerManager\.extraArgs\.feature-gates: JobManagedBy=false/,
    ],
  ])("is %s", async (_, document, why) => {
    configuration = document;
    await expect(hopsOf(contextOf("1.36.4"), nodes)).rejects.toThrow(why);
    await expect(hopsOf(contextOf("1.35.8"), nodes)).resolves.toEqual([]);
  });
});
