/**
 * What network load balancers do beside passing packets on: which targets are healthy seen from which node, which are on
 * their way out, what their names lead to ("Health checks", "Register targets" and "Load balancer DNS name" in the User
 * Guide for Network Load Balancers).
 *
 * - Each node looks for itself, each interval, and thresholds decide. Without one healthy target a node sends to all of them.
 * - A target that turned unhealthy loses its connections. One that is taken out gets no new ones, and loses those it has once the delay
 *   is over if the group says so.
 * - A name leads to the nodes that have a healthy target. Without cross-zone balancing only targets of their own zone count.
 *
 * Not simulated: application and gateway balancers, TLS listeners, targets by address, weights, stickiness, the minutes that AWS takes to
 * open a balancer and to register a target, idle timeouts, proxy protocol, PrivateLink.
 */
import type { AccountData } from "../../../engine/providers/aws/account";
import type { Port } from "../packets";
import { answers } from "./health";
import type { BalancerFlow } from "./rules";
import { balancersOf, keyOf, type Balancer, type BalancerNode, type Target, type TargetGroup } from "./shape";

type Condition = "initial" | "healthy" | "unhealthy";

/** What a node knows of a target. */
interface Seen {
  condition: Condition;
  /** Answers in a row that speak against the condition. */
  against: number;
  /** Milliseconds since 1970 of the next look. */
  next: number;
  looking: boolean;
}

interface Leaving {
  readonly target: Target;
  readonly group: TargetGroup;
  /** Milliseconds since 1970 at which the delay is over. */
  readonly over: number;
}

/** Milliseconds for which connections of what is gone are refused. */
const REFUSED = 60_000;

export type TargetState = Condition | "draining" | "unused";

export class Balancers {
  private all: readonly Balancer[] = [];
  private readonly seen = new Map<string, Seen>();
  private readonly leaving = new Map<string, Leaving>();
  private ports = new Map<string, Port>();

  constructor(
    private readonly region: string,
    private readonly note: (line: string) => void,
    private readonly ask: typeof answers = answers,
  ) {}

  /** One look at the account; checks that are due are on their way when it returns. */
  turn(account: AccountData, ports: readonly Port[]): void {
    this.ports = new Map(ports.map((port) => [port.instance.id, port]));
    this.see(account);
    const wanted = new Set<string>();
    for (const balancer of this.all)
      for (const { group } of balancer.listeners)
        for (const node of balancer.nodes)
          for (const target of group.targets) wanted.add(this.look(balancer, node, group, target));
    for (const key of this.seen.keys()) if (!wanted.has(key)) this.seen.delete(key);
  }

  /** Notes at once what was registered or taken out. */
  see(account: AccountData): void {
    const before = this.all;
    this.all = balancersOf(account, this.region);
    this.follow(before);
  }

  private follow(before: readonly Balancer[]): void {
    const now = new Map(
      this.all.flatMap(({ listeners }) =>
        listeners.map(({ group }) => [group.arn, new Set(group.targets.map(keyOf))] as const),
      ),
    );
    for (const { name, listeners } of before)
      for (const { group } of listeners)
        for (const target of group.targets) {
          const key = `${group.arn} ${keyOf(target)}`;
          if (now.get(group.arn)?.has(keyOf(target)) !== false || this.leaving.has(key)) continue;
          this.note(`${name}: ${keyOf(target)} leaves, for ${group.deregistrationDelay} s`);
          this.leaving.set(key, { target, group, over: Date.now() + group.deregistrationDelay * 1000 });
        }
    for (const [key, { target, group, over }] of this.leaving)
      if (now.get(group.arn)?.has(keyOf(target)) !== false || over + REFUSED < Date.now())
        this.leaving.delete(key);
  }

  private look(balancer: Balancer, node: BalancerNode, group: TargetGroup, target: Target): string {
    const key = seenKey(node, group, target);
    let seen = this.seen.get(key);
    if (seen === undefined) {
      seen = { condition: "initial", against: 0, next: 0, looking: false };
      this.seen.set(key, seen);
    }
    const port = this.ports.get(target.instance);
    if (port === undefined || seen.looking || seen.next > Date.now()) return key;
    const { check } = group;
    const number = check.port === "traffic-port" ? target.port : Number(check.port);
    const state = seen;
    state.looking = true;
    state.next = Date.now() + check.interval * 1000;
    void this.ask(check, node.address, port.instance.address, number).then((well) => {
      state.looking = false;
      this.learn(state, well, group, `${balancer.name} ${node.zone}: ${keyOf(target)}`);
    });
    return key;
  }

  private learn(seen: Seen, well: boolean, { check }: TargetGroup, who: string): void {
    const speaksAgainst = well ? seen.condition !== "healthy" : seen.condition !== "unhealthy";
    seen.against = speaksAgainst ? seen.against + 1 : 0;
    if (seen.against < (well ? check.healthy : check.unhealthy)) return;
    seen.condition = well ? "healthy" : "unhealthy";
    seen.against = 0;
    this.note(`${who} is ${seen.condition}`);
  }

  private conditionOf(node: BalancerNode, group: TargetGroup, target: Target): TargetState {
    if (!this.ports.has(target.instance)) return "unused";
    return this.seen.get(seenKey(node, group, target))?.condition ?? "initial";
  }

  /** Targets that a node may send to at all. */
  private reach(node: BalancerNode, group: TargetGroup): Target[] {
    return group.targets.filter(({ instance }) => {
      const port = this.ports.get(instance);
      return port !== undefined && (group.crossZone || port.instance.zone === node.zone);
    });
  }

  private healthyOf(node: BalancerNode, group: TargetGroup): Target[] {
    return this.reach(node, group).filter((target) => this.conditionOf(node, group, target) === "healthy");
  }

  /** Where each listener of each node sends new connections, and whose connections it ends. */
  flows(): BalancerFlow[] {
    return this.all.flatMap((balancer) =>
      balancer.listeners.flatMap((listener) =>
        balancer.nodes.map((node) => {
          const { group } = listener;
          const healthy = this.healthyOf(node, group);
          const chosen = healthy.length > 0 ? healthy : this.reach(node, group);
          const unhealthy = group.targets.filter(
            (target) => healthy.length > 0 && this.conditionOf(node, group, target) === "unhealthy",
          );
          return {
            balancer,
            node,
            listener,
            targets: chosen.flatMap((target) => {
              const port = this.ports.get(target.instance);
              return port === undefined ? [] : [{ port, number: target.port }];
            }),
            ended: [...unhealthy, ...this.overdue(group)].flatMap(({ instance }) => {
              const port = this.ports.get(instance);
              return port === undefined ? [] : [port.instance.address];
            }),
          };
        }),
      ),
    );
  }

  private overdue(group: TargetGroup): Target[] {
    return [...this.leaving.values()]
      .filter((one) => one.group.arn === group.arn && one.group.terminates && one.over < Date.now())
      .map(({ target }) => target);
  }

  /** Addresses of nodes, which the router answers for. */
  addresses(): string[] {
    return this.all.flatMap(({ nodes }) => nodes.map(({ address }) => address)).sort();
  }

  /**
   * Each balancer's name and where it leads.
   * @param cutOff zones that cannot be reached
   */
  names(cutOff: readonly string[]): { readonly name: string; readonly addresses: string[] }[] {
    return this.all.map((balancer) => {
      const well = balancer.nodes.filter(
        (node) =>
          !cutOff.includes(node.zone) &&
          balancer.listeners.some(({ group }) => this.healthyOf(node, group).length > 0),
      );
      const nodes = well.length > 0 ? well : balancer.nodes;
      return {
        name: balancer.dnsName,
        addresses: nodes.map((node) => (balancer.internal ? node.address : node.publicAddress)),
      };
    });
  }

  /** The state that DescribeTargetHealth tells, of all that a group has or lets go. */
  health(group: TargetGroup): { readonly target: Target; readonly state: TargetState }[] {
    const nodes = this.all
      .filter(({ listeners }) => listeners.some((one) => one.group.arn === group.arn))
      .flatMap(({ nodes: own }) => own);
    const registered = group.targets.map((target) => {
      const states = nodes.map((node) => this.conditionOf(node, group, target));
      const state = states.find((one) => one === "healthy") ?? states[0] ?? "unused";
      return { target, state };
    });
    const leaving = [...this.leaving.values()]
      .filter((one) => one.group.arn === group.arn && one.over > Date.now())
      .map(({ target }) => ({ target, state: "draining" as const }));
    return [...registered, ...leaving];
  }
}

function seenKey(node: BalancerNode, group: TargetGroup, target: Target): string {
  return `${node.id} ${group.arn} ${keyOf(target)}`;
}
