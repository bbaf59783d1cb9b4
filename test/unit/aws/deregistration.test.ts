import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { deregistrationProgram } from "../../../model/aws/node/deregistration";
import { nodeSpec } from "../../../model/settings/specs";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";
import { have } from "../../support/have";
import { HANGS_AFTER } from "../../support/patience";

const large = awsSettings(largeAws);
const small = awsSettings(smallAws);

/** The account in memory: what is registered where, and for how many looks a target drains. */
const ACCOUNT = `
import sys
text = sys.stdin.read()
program, _, rest = text.partition("\\n##then\\n")
exec(compile(program.replace('if __name__ == "__main__":', "if False:"), "program", "exec"))

class Clock:
    now = 0.0
    def monotonic(self):
        return self.now
    def sleep(self, seconds):
        self.now += seconds

time = Clock()
did, looks, drains = [], {}, 3
groups = {"cloud-api": "arn:api", "cloud-api-public": "arn:public"}
instances = {"10.16.0.4": "i-1"}

def call(service, action, params, patience=0):
    if action == "DescribeInstances":
        filters = {params["Filter.%d.Name" % number]: params["Filter.%d.Value.1" % number] for number in (1, 2, 3)}
        assert filters["tag:pulumi-kubeadm/cluster"] == "cloud" and filters["instance-state-name"] == "running", filters
        found = instances.get(filters["private-ip-address"])
        items = "<item><instancesSet><item><instanceId>%s</instanceId></item></instancesSet></item>" % found if found else ""
        return '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>%s</reservationSet></DescribeInstancesResponse>' % items
    assert service == "elasticloadbalancing", service
    if action == "DescribeTargetGroups":
        name = params["Names.member.1"]
        if name not in groups:
            raise Refused("elasticloadbalancing DescribeTargetGroups: TargetGroupNotFound: One or more target groups not found")
        return '<R xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><TargetGroups><member><TargetGroupArn>%s</TargetGroupArn></member></TargetGroups></R>' % groups[name]
    key = "%s %s" % (params["TargetGroupArn"], params["Targets.member.1.Id"])
    did.append("%s %s" % (action, key))
    if action != "DescribeTargetHealth":
        return "<R/>"
    looks[key] = looks.get(key, 0) + 1
    state = "draining" if looks[key] <= drains else "unused"
    return '<R xmlns="urn:elb"><M><TargetHealth><State>%s</State></TargetHealth></M></R>' % state

exec(rest)
print(json.dumps({"did": did, "seconds": time.now}))
`;

function play(lines: string): { readonly did: string[]; readonly seconds: number; readonly said: string } {
  const [machine] = large.machines;
  const { controlPlane } = nodeSpec(large, machine);
  const program = controlPlane === undefined ? "" : deregistrationProgram(controlPlane);
  const ran = spawnSync("python3", ["-I", "-c", ACCOUNT], {
    input: `${program}\n##then\n${lines}`,
    encoding: "utf8",
    timeout: HANGS_AFTER,
  });
  expect(ran.stderr).toBe("");
  const printed = ran.stdout.trim().split("\n");
  const last = JSON.parse(printed.pop() ?? "") as { did: string[]; seconds: number };
  return { ...last, said: printed.join("\n") };
}

describe.skipIf(!have("python3"))("a control-plane node that leaves", () => {
  it("is deregistered everywhere first, then waited for until no balancer drains it", () => {
    const { did, seconds, said } = play('deregister("10.16.0.4")');
    expect(did.slice(0, 2)).toEqual(["DeregisterTargets arn:api i-1", "DeregisterTargets arn:public i-1"]);
    expect(did.slice(2).filter((line) => line === "DescribeTargetHealth arn:api i-1").length).toBeGreaterThan(
      3,
    );
    expect(did.at(-1)).toBe("DescribeTargetHealth arn:public i-1");
    expect(seconds).toBeGreaterThan(0);
    expect(said).toBe("");
  });

  it("does not keep the removal for ever where a balancer goes on draining", () => {
    const { seconds, said } = play('drains = 10**6\nderegister("10.16.0.4")');
    expect(said).toBe("load balancers still close connections of 10.16.0.4 after 300 s; continuing");
    expect(seconds).toBeLessThan(310);
  });

  it("has nothing to leave where its instance is gone, or a target group is", () => {
    expect(play('deregister("10.16.0.99")').did).toEqual([]);
    const { did } = play('del groups["cloud-api"]\nderegister("10.16.0.4")');
    expect(did).not.toContain("DeregisterTargets arn:api i-1");
    expect(did).toContain("DeregisterTargets arn:public i-1");
  });

  it("is registered again when it stays", () => {
    expect(play('register("10.16.0.4")').did).toEqual([
      "RegisterTargets arn:api i-1",
      "RegisterTargets arn:public i-1",
    ]);
  });
});

it("a cluster without load balancers has no such program", () => {
  const { controlPlane } = nodeSpec(small, small.machines[0]);
  expect(controlPlane && deregistrationProgram(controlPlane)).toBe("");
});
