/** Which workloads a rotation restarts, by the script of a control-plane node. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { workloadsScript } from "../../../model/rotation/scripts";
import { NodeHost } from "../lifecycle/support";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

const lines = (rows: readonly (readonly string[])[], separator: string): string =>
  rows.map((row) => row.join(separator)).join("\\n") + "\\n";

/** A cluster of these workloads, all with pods that have a token. */
function cluster(workloads: readonly (readonly string[])[], pods: readonly (readonly string[])[]): void {
  const of = (kind: string) =>
    lines(
      workloads.filter((row) => row[1] === kind),
      "|",
    );
  host.files.command(
    "kubectl",
    `case "$*" in
  "get pods "*) printf '${lines(pods, "\\t")}' ;;
  "get replicasets "*) printf 'shop/web-1\\tDeployment\\tweb\\n' ;;
  "get deployments "*) printf '${of("Deployment")}' ;;
  "get daemonsets "*) printf '${of("DaemonSet")}' ;;
  "get statefulsets "*) printf '${of("StatefulSet")}' ;;
  *"rollout status"*ill*) exit 1 ;;
esac`,
  );
}

const run = () => host.run(workloadsScript("0123456789abcdef0123"));
const restarted = () =>
  host.files
    .calls()
    .flatMap((line) => /--namespace (\S+) patch (\S+) (\S+) /.exec(line)?.slice(1).join("/") ?? []);

const pods = [
  ["shop", "ReplicaSet", "web-1", "web-1-abc"],
  ["shop", "DaemonSet", "agent", "agent-x"],
  ["shop", "StatefulSet", "db", "db-0"],
];

describe("workloads at a rotation", () => {
  it("restart once, the Deployment by its ReplicaSet, and not what has no pod with a token", () => {
    cluster(
      [
        ["shop", "Deployment", "web", "", "", "2 2", ""],
        ["shop", "Deployment", "quiet", "", "", "1 1", ""],
        ["shop", "DaemonSet", "agent", "marked", "", "3 3", "RollingUpdate"],
        ["shop", "StatefulSet", "db", "", "", "1 1", "RollingUpdate"],
      ],
      pods,
    );
    const { status, output } = run();
    expect(status, output).toBe(0);
    expect(restarted()).toEqual(["shop/Deployment/web", "shop/StatefulSet/db"]);
  });

  it("keep running by their annotation, and where their pods are only replaced by hand", () => {
    cluster(
      [
        ["shop", "Deployment", "web", "", "keep", "2 2", ""],
        ["shop", "DaemonSet", "agent", "", "", "3 3", "OnDelete"],
      ],
      pods,
    );
    const { status, output } = run();
    expect(status, output).toBe(0);
    expect(restarted()).toEqual([]);
    expect(output).toMatch(/Deployment shop\/web keeps running, because its annotation/);
    expect(output).toMatch(/DaemonSet shop\/agent keeps running, because its update strategy is OnDelete/);
  });

  it("that are not ready afterwards stop the rotation, where they were before", () => {
    cluster(
      [["shop", "StatefulSet", "ill", "", "", "2 2", "RollingUpdate"]],
      [["shop", "StatefulSet", "ill", "ill-0"]],
    );
    expect(run().output).toContain("##error StatefulSet shop/ill is not ready 900 s after its restart");
    cluster(
      [["shop", "StatefulSet", "ill", "", "", "2 1", "RollingUpdate"]],
      [["shop", "StatefulSet", "ill", "ill-0"]],
    );
    const { status, output } = run();
    expect(status, output).toBe(0);
    expect(output).toContain("StatefulSet shop/ill was not ready before its restart either");
  });

  it("names a pod that nothing would create again", () => {
    cluster([], [["shop", "", "", "alone"]]);
    expect(run().output).toContain("pod shop/alone keeps running");
  });
});
