import { describe, expect, it } from "vitest";
import {
  metallbAdvertisements,
  metallbManifests,
  metallbNamespaceManifest,
  isWithoutWorkers,
  metallbValues,
} from "../../../model/addons/metallb/manifests";
import { flowsOf } from "../../../model/flows";
import type { MetallbSettings } from "../../../model/addons/settings";
import { smallAws, REGION } from "../../support/awsInput";
import { readCluster } from "../../../model/settings/parse";
import { bareMetal } from "../../support/bareMetal";

const pools = { lan: { addresses: ["10.40.0.240 - 10.40.0.250"] } };
const peer = {
  name: "rack1",
  address: "10.40.0.1",
  peerASN: 64512,
  myASN: 64513,
  password: "operator",
};

function metallbOf(input: object): MetallbSettings {
  const { metallb } = bareMetal({ metallb: input }).addons;
  if (metallb === undefined) throw new Error("no MetalLB");
  return metallb;
}

const kinds = (metallb: MetallbSettings) =>
  [...metallbManifests(metallb), ...metallbAdvertisements(metallb)].map((one) => one.kind);

describe("MetalLB", () => {
  it("answers by ARP for all pools when nothing else is said, without a BGP daemon", () => {
    const metallb = metallbOf({ pools });
    expect(kinds(metallb)).toEqual(["IPAddressPool", "L2Advertisement"]);
    expect(metallbAdvertisements(metallb)[0].spec).toEqual({ ipAddressPools: ["lan"] });
    expect(metallbValues(metallb, { onlyControlPlane: isWithoutWorkers(bareMetal()) })).toMatchObject({
      frrk8s: { enabled: false },
      speaker: { frr: { enabled: false } },
    });
  });

  it("speaks BGP alone when BGP alone is written, with frr-k8s unless told otherwise", () => {
    const metallb = metallbOf({ pools, bgp: { peers: [peer] } });
    expect(kinds(metallb)).toEqual(["IPAddressPool", "BGPPeer", "BGPAdvertisement"]);
    expect(metallbValues(metallb, { onlyControlPlane: isWithoutWorkers(bareMetal()) })).toMatchObject({
      frrk8s: { enabled: true },
    });
    const native = metallbOf({ pools, bgp: { backend: "native", peers: [peer] } });
    expect(metallbValues(native, { onlyControlPlane: isWithoutWorkers(bareMetal()) })).toMatchObject({
      frrk8s: { enabled: false },
    });
  });

  it("lets API servers reach frr-k8s' webhook, which has the host's network, by the hosts' own rules too", () => {
    const webhook = (backend: string) => {
      const settings = bareMetal({ metallb: { pools, bgp: { backend, peers: [peer] } } });
      return flowsOf(settings).filter(({ ports }) => ports[0]?.from === 19443);
    };
    expect(webhook("frr-k8s")).toMatchObject([{ from: "controlPlane", to: "node", protocol: "tcp" }]);
    expect(webhook("native")).toEqual([]);
  });

  it("names the Secret of a peer's password, and not the password", () => {
    const [, made] = metallbManifests(metallbOf({ pools, bgp: { peers: [peer] } }));
    expect(made.spec).toMatchObject({
      peerPort: 179,
      passwordSecret: { name: "bgp-peer-rack1", namespace: "metallb-system" },
    });
    expect(made.spec).not.toHaveProperty("password");
  });

  it("takes its ranges without spaces, which its webhook would refuse", () => {
    expect(metallbManifests(metallbOf({ pools }))[0].spec).toMatchObject({
      addresses: ["10.40.0.240-10.40.0.250"],
    });
  });

  it("announces from control-plane nodes where there are no workers, which kubeadm's label would keep it from", () => {
    const { machines } = bareMetal();
    const controlPlaneNodes = {
      ...bareMetal(),
      machines: machines.filter((one) => one.role === "controlPlane"),
    };
    expect(
      metallbValues(metallbOf({ pools }), { onlyControlPlane: isWithoutWorkers(controlPlaneNodes) }),
    ).toMatchObject({
      speaker: { ignoreExcludeLB: true },
    });
    expect(
      metallbValues(metallbOf({ pools }), { onlyControlPlane: isWithoutWorkers(bareMetal()) }),
    ).toMatchObject({
      speaker: { ignoreExcludeLB: false },
    });
  });

  it("serves only those that ask for it on AWS, where the cloud's controller serves the others", () => {
    const settings = readCluster(
      { ...smallAws(), metallb: { pools: { lan: { addresses: ["10.9.0.0/28"] } }, onAws: true } },
      { environment: "dev", region: REGION },
    );
    const { metallb } = settings.addons;
    expect(metallb && metallbValues(metallb, { onlyControlPlane: isWithoutWorkers(settings) })).toMatchObject(
      {
        loadBalancerClass: "metallb.io/metallb",
      },
    );
    expect(settings.advisories.join("\n")).toMatch(/metallb on AWS: a VPC answers no ARP/);
  });

  it("says on AWS which pool lies where EC2 hands addresses out", () => {
    const advisories = (addresses: string[]) =>
      readCluster(
        { ...smallAws(), metallb: { pools: { lan: { addresses } }, onAws: true } },
        { environment: "dev", region: REGION },
      ).advisories.join("\n");
    expect(advisories(["10.0.130.0/28"])).toMatch(/metallb\.pools\.lan lies in subnet 10\.0\.128\.0\/20/);
    expect(advisories(["10.0.200.0/28"])).not.toMatch(/metallb\.pools\.lan/);
  });

  it("lets speakers be privileged, and hear one another between nodes", () => {
    expect(metallbNamespaceManifest().metadata.labels).toEqual({
      "pod-security.kubernetes.io/enforce": "privileged",
    });
    const flows = flowsOf(bareMetal({ metallb: { pools } })).filter((flow) =>
      flow.reason.includes("MetalLB"),
    );
    expect(flows.map(({ from, to, protocol, ports }) => [from, to, protocol, ports[0]?.from])).toEqual([
      ["node", "node", "tcp", 7946],
      ["node", "node", "udp", 7946],
    ]);
    expect(flowsOf(bareMetal()).some((flow) => flow.reason.includes("MetalLB"))).toBe(false);
  });
});
