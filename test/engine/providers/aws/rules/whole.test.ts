/** One thing in the account is seen by another. */
import { describe, expect, it } from "vitest";
import { isSecret, unknown } from "../../shared/values";
import { account, arm, instance, network, role, template, trust } from "./account";

describe("the account is one whole", () => {
  it("automatic addresses leave reservations alone, explicit ones may lie in them", () => {
    const { a } = network();
    account.make("ec2.SubnetCidrReservation", {
      subnetId: a.id,
      cidrBlock: "10.0.0.0/28",
      reservationType: "explicit",
    });
    expect(instance(a).outputs["privateIp"]).toBe("10.0.0.16");
    expect(instance(a, { privateIp: "10.0.0.5" }).outputs["privateIp"]).toBe("10.0.0.5");
  });

  it("a stop changes an address out of Amazon's pool, and no elastic one", () => {
    const { a } = network();
    const [pooled, elastic] = [instance(a, { associatePublicIpAddress: true }), instance(a)];
    const eip = account.make("ec2.Eip", { domain: "vpc", instance: elastic.id });
    expect(account.read(elastic).properties["publicIp"]).toBe(eip.outputs["publicIp"]);
    const after = [pooled, elastic].map(
      (made) => account.update(made, { instanceType: "t3.large" }).outputs["publicIp"],
    );
    expect(after[0]).not.toBe(pooled.outputs["publicIp"]);
    expect(after[1]).toBe(eip.outputs["publicIp"]);
  });

  it("a changed template is one version more, also in the plan; changed tags are none", () => {
    const made = template();
    expect(account.plan(made, { instanceType: "t3.large" })["latestVersion"]).toBe(unknown);
    const second = account.update(made, { instanceType: "t3.large" });
    expect(second.outputs["latestVersion"]).toBe(2);
    expect(account.plan(second, { tags: { a: "b" } })["latestVersion"]).toBe(unknown);
    expect(account.update(second, { tags: { a: "b" } }).outputs["latestVersion"]).toBe(2);
  });

  it("a role leaves its instance profile by itself, and a protected instance goes with forceDestroy", () => {
    const made = role();
    const profile = account.make("iam.InstanceProfile", { role: made.id });
    account.remove(made);
    expect(account.read(profile).properties["role"]).toBe("");
    const kept = instance(network().a, { disableApiTermination: true, forceDestroy: true });
    account.remove(kept);
    expect(account.read(kept).id).toBe("");
  });

  it("what the schema calls sensitive is secret, whatever came in", () => {
    const made = account.make("ssm.Parameter", { name: "/a", type: "SecureString", value: "a" });
    expect(isSecret(made.outputs["value"])).toBe(true);
    const found = account.provider.invoke("aws:ssm/getParameter:getParameter", { name: "/a" });
    expect([isSecret(found["value"]), found["insecureValue"]]).toEqual([true, ""]);
  });

  it("default tags are under one's own, and both in tagsAll", () => {
    account.provider.configure({
      region: "eu-central-1",
      defaultTags: JSON.stringify({ tags: { a: "1", b: "1" } }),
    });
    const { outputs } = account.make("ec2.Vpc", { cidrBlock: "10.0.0.0/16", tags: { b: "2" } });
    expect([outputs["tags"], outputs["tagsAll"]]).toEqual([{ b: "2" }, { a: "1", b: "2" }]);
  });

  it("names that nobody gave are kept", () => {
    const { inputs } = account.check("iam.Role", { assumeRolePolicy: trust });
    expect(inputs["name"]).toMatch(/^thing-[0-9a-f]{7}$/);
    expect(account.check("iam.Role", { assumeRolePolicy: trust }, inputs).inputs["name"]).toBe(
      inputs["name"],
    );
  });

  it("publishers' parameters name images of the right architecture, until a test has it otherwise", () => {
    const { a } = network();
    expect(() => instance(a, { ami: account.image(arm), instanceType: "t4g.micro" })).not.toThrow();
    account.control({ parameters: { [arm]: "ami-0123456789abcdef0" } });
    expect(account.image(arm)).toBe("ami-0123456789abcdef0");
    expect(() => instance(a, { ami: "ami-0123456789abcdef0", instanceType: "t4g.micro" })).not.toThrow();
  });
});
