import { describe, expect, it } from "vitest";
import { quotaUse } from "../../../model/aws/quotas";
import { watchItems } from "../../../plan/watch";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

type Settings = ReturnType<typeof awsSettings>;

const use = (settings: Settings) =>
  Object.fromEntries(
    quotaUse(settings.aws ?? expect.fail("no AWS")).map(({ name, from, to }) => [name, [from, to]]),
  );
const DEMAND = "vCPUs of running On-Demand Standard instances";
const SPOT = "vCPUs of Standard Spot instances";
const ADDRESSES = "elastic addresses";

describe("quotas of an account", () => {
  it("count the vCPUs of a small cluster, with one node more while its pool rolls", () => {
    const settings = awsSettings(smallAws);
    const [pool] = settings.aws?.pools ?? [];
    // t3.medium, and t3.large for each worker: two vCPUs each.
    expect(use(settings)[DEMAND]).toEqual([2 + 2 * (pool?.min ?? 0), 2 + 2 * ((pool?.max ?? 0) + 1)]);
    expect(use(settings)[ADDRESSES]).toEqual([1, 1]);
    expect(use(settings)[SPOT]).toBeUndefined();
  });

  it("tell spot from on demand, and count gateways and the bastion", () => {
    const settings = awsSettings(largeAws, (raw) => {
      raw.workers = {
        burst: {
          min: 1,
          max: 10,
          instanceType: "m7i.xlarge",
          spot: { onDemandBase: 2, onDemandPercent: 50 },
          maxUnavailable: "10%",
        },
      };
    });
    const controlPlaneNodes = 3 * 2 + 2;
    // Of ten two are on demand, and half of the other eight.
    expect(use(settings)[DEMAND]).toEqual([controlPlaneNodes + 4, controlPlaneNodes + 4 * 6]);
    expect(use(settings)[SPOT]).toEqual([0, 4 * 4]);
    expect(use(settings)[ADDRESSES]).toEqual([4, 4]);
  });

  it("leave families out that have their own quotas", () => {
    const settings = awsSettings(smallAws, (raw) => {
      raw.workers = { gpu: { count: 4, instanceType: "g5.xlarge" } };
    });
    expect(use(settings)[DEMAND]).toEqual([2, 2]);
  });

  it("are in the plan, with what a new account has where that is less", () => {
    const config = { environment: "cloud" } as Parameters<typeof watchItems>[0];
    const texts = watchItems(config, { settings: awsSettings(smallAws) }, [], [], {
      flows: [],
      unused: [],
    }).map((item) => item.text);
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Quota of vCPUs of running On-Demand.* a new account has 5, so request more first$/,
        ),
        expect.stringMatching(/^Quota of elastic addresses: 1, on top of everything else in eu-central-1$/),
        expect.stringContaining("ask AWS whether the account has eu-central-1a"),
      ]),
    );
  });
});
