import { USER_DATA_LIMIT } from "../../../aws/boot/userData";
import { RULES_PER_GROUP, groupName, groupRules } from "../../../aws/firewall";
import { poolUserData } from "../../../aws/poolUserData";
import type { Path, Problems } from "../../problems";
import type { ClusterSettings } from "../../resolved";

const WINDOWS_TOO_LONG =
  "bytes of user data, which Windows takes uncompressed, are more than EC2 takes: what nodes are configured by is too long";

type Resolved = Omit<ClusterSettings, "advisories">;

/** What can be counted only once everything is decided: the rules of a group and the bytes that an instance boots with. */
export function limitsHold(settings: Resolved, problems: Problems): void {
  const whole: ClusterSettings = { ...settings, advisories: [] };
  rulesFit(whole, problems);
  for (const pool of whole.aws?.pools ?? []) {
    const bytes = poolUserData(whole, pool).length;
    if (bytes <= USER_DATA_LIMIT) continue;
    problems.add(
      ["workers", pool.name],
      bytes,
      pool.platform === "windows"
        ? WINDOWS_TOO_LONG
        : "bytes of user data, compressed, are more than EC2 takes: what hosts are configured by is too long",
      { allowed: `at most ${USER_DATA_LIMIT} (containerd.dropIn, kubelet.config, images.mirrors, labels)` },
    );
  }
}

/** One rule for each range and port: it is the lists of ranges that multiply. */
function rulesFit(settings: ClusterSettings, problems: Problems): void {
  const counts = new Map<string, number>();
  for (const { group } of groupRules(settings)) {
    const name = groupName(group);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [name, most] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? ["", 0];
  if (most <= RULES_PER_GROUP) return;
  const [path, list] = longest(settings);
  const over = most - RULES_PER_GROUP;
  problems.add(path, list.length, `ranges make ${most} rules in the security group of ${name}`, {
    allowed: `at most ${RULES_PER_GROUP} rules a group (EC2's quota): ${over} fewer, or wider ranges`,
  });
}

function longest({ aws }: ClusterSettings): [Path, readonly string[]] {
  const lists = (["api", "ssh", "nodePorts"] as const).map((key): [Path, readonly string[]] => [
    ["access", key],
    aws?.access[key] ?? [],
  ]);
  return lists.reduce((a, b) => (b[1].length > a[1].length ? b : a));
}
