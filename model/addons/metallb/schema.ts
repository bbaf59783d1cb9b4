import { z } from "zod";

import { addressRangeProblem } from "../../network/addressRanges";
import { address, dnsLabel, matching, port, secretName, text } from "../../settings/schema/primitives";
import { labels } from "../primitives";

const addressRange = text((value) => {
  const problem = addressRangeProblem(value);
  return problem === undefined
    ? undefined
    : { message: problem, allowed: "a range such as 10.40.0.240-10.40.0.250 or 10.40.1.0/28" };
});
// RFC 6793: AS numbers have 32 bits, 0 is reserved (RFC 7607), and the last is (RFC 7300).
const asNumber = z
  .number()
  .int()
  .min(1)
  .max(2 ** 32 - 2);

// RFC 1997: two numbers of 16 bits; RFC 8092: three of 32 bits, which MetalLB writes with `large:` before them.
const community = text((value) => {
  const [, large, numbers = ""] = /^(large:)?(\d+(?::\d+)+)$/.exec(value) ?? [];
  const parts = numbers.split(":").map(Number);
  const [count, most] = large === undefined ? [2, 2 ** 16 - 1] : [3, 2 ** 32 - 1];
  return parts.length === count && parts.every((part) => part <= most)
    ? undefined
    : {
        message: "is not a valid BGP community",
        allowed: "two numbers up to 65535, such as 64512:100, or a large community, such as large:64512:1:2",
      };
});

const bgpPeer = z.strictObject({
  name: dnsLabel,
  address,
  port: port.optional(),
  peerASN: asNumber,
  myASN: asNumber,
  /** Name in `kubeadm:secrets` of the session's password (TCP MD5, RFC 2385). */
  password: secretName.optional(),
  /** Labels of the nodes that speak with this peer; default all. */
  nodes: labels.optional(),
  multiHop: z.boolean().optional(),
  /** Seconds. */
  holdTime: z.number().int().min(3).max(65535).optional(),
});

export const metallbSchema = z.strictObject({
  pools: z.record(
    z.string(),
    z.strictObject({
      addresses: z.array(addressRange).min(1),
      autoAssign: z.boolean().optional(),
      avoidBuggyAddresses: z.boolean().optional(),
      namespaces: z.array(dnsLabel).min(1).optional(),
    }),
  ),
  l2: z
    .strictObject({
      pools: z.array(dnsLabel).min(1).optional(),
      interfaces: z
        .array(matching(/^[A-Za-z0-9_.-]{1,15}$/, "the name of an interface, such as eth1"))
        .optional(),
      nodes: labels.optional(),
    })
    .optional(),
  bgp: z
    .strictObject({
      backend: z.enum(["frr-k8s", "native"]).optional(),
      peers: z.array(bgpPeer).min(1),
      pools: z.array(dnsLabel).min(1).optional(),
      aggregationLength: z.number().int().min(1).max(32).optional(),
      localPreference: z.number().int().min(0).max(4294967295).optional(),
      communities: z.array(community).min(1).optional(),
    })
    .optional(),
  onAws: z.boolean().optional(),
});
