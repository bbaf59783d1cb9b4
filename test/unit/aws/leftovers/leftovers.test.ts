import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { leftoversProgram, readLeftovers, type Leftovers } from "../../../../model/aws/leftovers/program";
import type { LeftoversSpec } from "../../../../model/aws/leftovers/settings";
import { have } from "../../../support/have";
import { HANGS_AFTER } from "../../../support/patience";

const spec: LeftoversSpec = {
  cluster: "shop",
  aws: { region: "eu-central-1", partition: "aws" },
  proxy: [],
  storage: true,
  controller: false,
  loadBalancers: "delete",
  volumes: "keep",
  roles: { balancers: "arn:cloud-controller", volumes: "arn:storage" },
};

interface Ran {
  /** What each look and each round printed. */
  readonly seen: readonly Leftovers[];
  /** Calls and deletions, in order. */
  readonly did: readonly string[];
  readonly left: Readonly<
    Record<"balancers" | "targets" | "classics" | "groups" | "volumes" | "pods", string[]>
  >;
  readonly applied: Readonly<Record<string, { readonly spec: Readonly<Record<string, unknown>> }>>;
}

/** Runs the rendered program, step by step, in an account and a cluster in memory (`account.py`). */
function play(given: Partial<LeftoversSpec>, lines: string): Ran {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leftovers-"));
  try {
    fs.writeFileSync(path.join(folder, "aws.py"), leftoversProgram({ ...spec, ...given }));
    const account = fs.readFileSync(path.join(__dirname, "account.py"), "utf8");
    const text = `import sys
sys.path.insert(0, ${JSON.stringify(folder)})
import aws
${account}
${lines}
print("##ran " + json.dumps({"did": did, "applied": applied, "left": {"balancers": sorted(balancers), "targets": sorted(targets), "classics": sorted(classics), "groups": sorted(groups), "volumes": sorted(volumes), "pods": sorted(pods)}}))
`;
    const ran = spawnSync("python3", ["-I", "-"], { input: text, encoding: "utf8", timeout: HANGS_AFTER });
    expect(ran.stderr).toBe("");
    const printed = ran.stdout.split("\n");
    const seen = printed.filter((line) => line.startsWith("##leftovers ")).map(readLeftovers);
    const last = printed.find((line) => line.startsWith("##ran "))?.slice("##ran ".length) ?? "";
    return { seen, ...(JSON.parse(last) as Omit<Ran, "seen">) };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!have("python3"))("what controllers left", () => {
  it("is found by its tags, as the controllers themselves, and nobody else's", () => {
    const { seen, did } = play({}, "add_orphan()\naws.look()");
    expect(seen).toEqual([
      {
        balanced: ["Service shop/web"],
        claims: ["shop/data"],
        account: [
          { kind: "classic load balancer", id: "aclassic", of: "" },
          { kind: "load balancer", id: "arn:orphan", of: "" },
          { kind: "load balancer", id: "arn:web", of: "Service shop/web" },
          { kind: "security group", id: "sg-elb", of: "k8s-elb-aclassic" },
          { kind: "security group", id: "sg-web", of: "Service shop/web" },
          { kind: "target group", id: "arn:tg-orphan", of: "" },
          { kind: "target group", id: "arn:tg-web", of: "Service shop/web" },
          { kind: "volume", id: "vol-data", of: "claim shop/data", gib: 10 },
          { kind: "volume", id: "vol-keep", of: "claim shop/kept", gib: 20 },
        ],
      },
    ]);
    expect(did).toEqual([]);
  });

  it("names all load balancers that use a security group, also those that say nothing of themselves", () => {
    const { seen } = play(
      {},
      'balancers["arn:orphan"] = {"VpcId": HOME, "tags": OWN, "groups": ["sg-web"]}\naws.look()',
    );
    expect(seen[0]?.account.find(({ id }) => id === "sg-web")?.of).toBe("Service shop/web, something else");
  });

  it("goes in rounds: Services first, by their controller, then what has no Service", () => {
    const rounds = "add_orphan()\nfor number in range(4):\n    aws.remove()\n    controllers()";
    const { seen, did, left } = play({}, rounds);
    expect(seen.map(({ balanced }) => balanced)).toEqual([["Service shop/web"], [], [], []]);
    expect(did).toEqual([
      "kubectl delete service shop/web",
      "key-of-balancers DeleteLoadBalancer",
      "key-of-balancers DeleteLoadBalancer",
      "key-of-balancers DeleteTargetGroup",
      "key-of-balancers RevokeSecurityGroupIngress",
      "key-of-balancers DeleteSecurityGroup",
    ]);
    expect(left).toMatchObject({
      balancers: ["arn:api", "arn:far", "arn:foreign"],
      targets: [],
      classics: [],
      groups: ["sg-foreign", "sg-workers"],
      volumes: ["vol-data", "vol-keep", "vol-root"],
      pods: ["shop/db-0", "shop/web-0"],
    });
  });

  it("takes claims with their pods where the settings say so, but no volume that is retained", () => {
    const rounds = "for number in range(3):\n    aws.remove()\n    controllers()";
    const { seen, did, left } = play({ volumes: "delete" }, rounds);
    expect(did).toContain("kubectl delete persistentvolumeclaim shop/data");
    expect(did).toContain("kubectl delete pod shop/db-0");
    expect(left).toMatchObject({ volumes: ["vol-keep", "vol-root"], pods: ["shop/web-0"] });
    expect(seen.at(-1)?.claims).toEqual([]);
    expect(seen.at(-1)?.account).toEqual([
      { kind: "volume", id: "vol-keep", of: "claim shop/kept", gib: 20 },
    ]);
  });

  it("of AWS Load Balancer Controller goes by its own role, and is only listed once nobody has the role", () => {
    const rounds = "add_of_controller()\nfor number in range(3):\n    aws.remove()\n    controllers()";
    const roles = { ...spec.roles, controller: "arn:controller" };
    const there = play({ controller: true, roles }, rounds);
    expect(there.did).toContain("key-of-controller DeleteLoadBalancer");
    expect(there.left.balancers).toEqual(["arn:alb-of-another", "arn:api", "arn:far", "arn:foreign"]);
    const gone = play({}, rounds);
    expect(gone.left.balancers).toContain("arn:alb");
    expect(gone.seen.at(-1)?.account).toContainEqual({
      kind: "load balancer",
      id: "arn:alb",
      of: "Ingress shop/site",
      foreign: true,
    });
  });

  it("is not made again meanwhile: new load balancers are refused, and claims only where they are deleted", () => {
    const resources = ({ applied }: Ran) =>
      (
        applied["ValidatingAdmissionPolicy"]?.spec["matchConstraints"] as {
          resourceRules: { resources: string[] }[];
        }
      ).resourceRules
        .flatMap((rule) => rule.resources)
        .sort();
    expect(resources(play({}, "aws.remove()"))).toEqual(["ingresses", "services"]);
    expect(resources(play({ loadBalancers: "refuse", volumes: "delete" }, "aws.remove()"))).toEqual([
      "persistentvolumeclaims",
    ]);
    expect(play({}, "aws.remove()\naws.admit()").applied).toEqual({});
  });
});
