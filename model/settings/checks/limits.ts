import { surelyFits, USER_DATA_LIMIT } from "../../aws/boot/userData";
import { egressRules } from "../../aws/egress";
import { RULES_PER_GROUP, groupName, groupRules, type GroupRule } from "../../aws/firewall";
import { poolUserData } from "../pools";
import type { Path, Problems } from "../problems";
import type { ClusterSettings } from "../resolved";

type Resolved = Omit<ClusterSettings, "advisories">;

/** What can be counted only once everything is decided: the rules of a group and the bytes that an instance boots with. */
export function validateLimits(settings: Resolved, problems: Problems): void {
  const whole: ClusterSettings = { ...settings, advisories: [] };
  validateRuleCounts(whole, problems);
  for (const pool of whole.aws?.pools ?? []) {
    if (pool.platform !== "windows" && surelyFits(whole, pool)) continue;
    const bytes = poolUserData(whole, pool).length;
    if (bytes <= USER_DATA_LIMIT) continue;
    problems.add(
      ["workers", pool.name],
      bytes,
      pool.platform === "windows"
        ? "bytes of user data exceed EC2's limit: a Windows pool carries its whole configuration in user data"
        : "bytes of compressed user data exceed EC2's limit",
      { allowed: `at most ${USER_DATA_LIMIT} (kubelet.config, images.mirrors, labels)` },
    );
  }
}

/** One rule for each range and port: it is the lists of ranges, resolvers and mirrors that multiply. */
function validateRuleCounts(settings: ClusterSettings, problems: Problems): void {
  const [into, coming] = fullest(groupRules(settings));
  if (coming > RULES_PER_GROUP) {
    const [path, list] = longest(settings);
    problems.add(path, list.length, `ranges make ${coming} rules in the security group of ${into}`, {
      allowed: `${QUOTA}: ${coming - RULES_PER_GROUP} fewer, or wider ranges`,
    });
  }
  const [outOf, going] = fullest(egressRules(settings));
  if (going <= RULES_PER_GROUP) return;
  problems.add(
    ["egress"],
    settings.aws?.egress,
    `makes ${going} outgoing rules in the security group of ${outOf}`,
    {
      allowed: `${QUOTA}: ${going - RULES_PER_GROUP} fewer (coredns.stubDomains, coredns.upstreamServers, ports of images.mirrors), or open`,
    },
  );
}

const QUOTA = `at most ${RULES_PER_GROUP} rules a group and direction (EC2's quota)`;

/** The group with the most of these rules, and how many. */
function fullest(rules: readonly GroupRule[]): [string, number] {
  const counts = new Map<string, number>();
  for (const { group } of rules) {
    const name = groupName(group);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0] ?? ["", 0];
}

function longest({ aws }: ClusterSettings): [Path, readonly string[]] {
  const lists = (["api", "ssh", "nodePorts"] as const).map((key): [Path, readonly string[]] => [
    ["access", key],
    aws?.access[key] ?? [],
  ]);
  return lists.reduce((a, b) => (b[1].length > a[1].length ? b : a));
}
