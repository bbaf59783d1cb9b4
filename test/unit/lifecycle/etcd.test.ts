/** etcd in a change of a control-plane node, and on the way back: what serves, what it has, and what is lost. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyVariables } from "../../../model/lifecycle/copies";
import { ETCD_MANIFEST } from "../../../model/lifecycle/parts";
import { lifecycleScript } from "../../../model/lifecycle/scripts";
import { undoFolder } from "../../../model/node/undo";
import { prelude } from "../../../model/node/shell";
import { NodeHost } from "./support";

const SERVER = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const etcd = (version: string): string =>
  `- --name=cp1\n- --initial-advertise-peer-urls=https://10.40.0.11:2380\nimage: registry.k8s.io/etcd:${version}\n`;
const OLD = etcd("3.6.6-0");
const NEW = etcd("3.6.8-0");

let host: NodeHost;
const there = (path: string): boolean => fs.existsSync(host.files.root + path);
const read = (path: string): string => host.files.read(path);

/** Versions that serve with the data there is; a line `data=snapshot` is what a restored snapshot is. */
function world(serving: readonly string[], members: number, ends = true): void {
  host.files.write("/serving", serving.map((version) => `${version}\n`).join(""));
  host.files.write(ETCD_MANIFEST, OLD);
  host.files.write(SERVER, "server\n");
  host.files.write("/var/lib/etcd/member/data", "living");
  host.files.write("/started", "2026-01-01T00:00:00Z");
  // The kubelet, between two looks: it runs what the manifests say.
  host.files.command(
    "sleep",
    `version=$(sed -n 's/.*etcd://p' "$ROOT${ETCD_MANIFEST}" 2>/dev/null)
rm -f "$ROOT/running" "$ROOT/exited"
was=$(cat "$ROOT/of") now="$version $(stat -c %z "$ROOT${ETCD_MANIFEST}" 2>/dev/null)"
[ "$was" = "$now" ] || [ ! -e "$ROOT/server" ] || touch "$ROOT/beside"
echo "$now" >"$ROOT/of"
if [ -n "$version" ]; then
  if grep -qxF "$version $(cat "$ROOT/var/lib/etcd/member/data")" "$ROOT/serving"; then echo "$version" >"$ROOT/running"; [ "$was" = "$now" ] || date -u +%FT%TZ -d "2 seconds" >"$ROOT/started"
  elif [ -n "${ends ? "yes" : ""}" ]; then touch "$ROOT/exited"; else echo starting >"$ROOT/running"; fi
fi
if [ -e "$ROOT${SERVER}" ]; then touch "$ROOT/server"; else rm -f "$ROOT/server"; fi`,
  );
  host.files.write("/running", "3.6.6-0\n");
  const { stdout } = spawnSync("stat", ["-c", "%z", host.files.root + ETCD_MANIFEST], { encoding: "utf8" });
  host.files.write("/of", `3.6.6-0 ${stdout}`);
  host.files.write("/server", "");
  host.files.command(
    "crictl",
    `case "$*" in
*"--state Running --name ^etcd$"*) [ ! -s "$ROOT/running" ] || echo c1 ;;
*"--all --quiet --name ^etcd$"*) echo c0 ;;
*"--state Exited --name ^etcd$"*) [ ! -e "$ROOT/exited" ] || echo c0 ;;
*"--state Running --name ^kube-apiserver$"*) [ ! -e "$ROOT/server" ] || echo s1 ;;
*inspecti*) exit "$(cat "$ROOT/missing" 2>/dev/null || echo 0)" ;;
pull*) exit "$(cat "$ROOT/missing" 2>/dev/null || echo 0)" ;;
inspect*) cat "$ROOT/started" ;;
*"endpoint health"*) ! grep -q starting "$ROOT/running" ;;
*"member list"*) for i in $(seq ${members}); do echo "$i, started"; done ;;
*"snapshot save"*) [ ! -e "$ROOT/server" ] && echo snapshot >"$ROOT/var/lib/etcd/pulumi-kubeadm-undo.db" ;;
logs*) echo '{"level":"fatal","msg":"it will not"}' ;;
esac`,
  );
  host.files.command(
    "ctr",
    `case "$*" in
*" mount registry"*) for folder; do :; done
  folder=$folder$ROOT
  mkdir -p "$folder/usr/local/bin"
  printf '#!/bin/sh\\nwhile [ "$1" != --data-dir ]; do shift; done; mkdir -p "$2/member"; printf snapshot >"$2/member/data"\\n' >"$folder/usr/local/bin/etcdutl"
  chmod 755 "$folder/usr/local/bin/etcdutl" ;;
*unmount*) for folder; do :; done; rm -rf "$folder"/* ;;
esac`,
  );
  fs.mkdirSync(`${host.files.root}${undoFolder}`, { recursive: true });
}

beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

const variables = { etcd_manifest: ETCD_MANIFEST, etcd_within: 2 };

describe("a change of etcd", () => {
  function change(wanted: string): ReturnType<NodeHost["run"]> {
    host.files.write("/wanted", wanted);
    host.files.command("kubeadm", 'cp "$ROOT/wanted" "$KUBEADM_INIT_DRYRUN_DIR/etcd.yaml"');
    host.install("1.36.4");
    const own = {
      kubeadm: "/opt/pulumi-kubeadm/kubeadm/1.36.4/bin/kubeadm",
      cluster_document: "/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml",
      undo_folder: undoFolder,
      api_server: "https://10.40.0.11:6443",
    };
    return host.run(
      `${prelude()}${lifecycleScript("converge-etcd", { ...own, ...copyVariables, ...variables })}`,
    );
  }

  it("does nothing where the manifest is the same", () => {
    world(["3.6.6-0 living"], 1);
    const { status, output } = change(OLD);
    expect(status, output).toBe(0);
    expect(host.files.calls().some((line) => /crictl (pull|exec)/.test(line))).toBe(false);
    expect(fs.readdirSync(host.files.root + undoFolder)).toEqual([]);
  });

  it("leaves a member alone that joined: whom it started with is none of kubeadm's for a data folder that is there", () => {
    world(["3.6.6-0 living", "3.6.8-0 living"], 3);
    const founders = (image: string, ...lines: string[]): string =>
      image.replace(
        "image:",
        `${lines.map((line) => `- --initial-cluster${line}\n`).join("")}- --name=x\nimage:`,
      );
    const joined = (image: string): string =>
      founders(image, "=cp1=https://10.40.0.11:2380,cp2=https://10.40.0.12:2380", "-state=existing");
    const first = (image: string): string => founders(image, "=cp1=https://10.40.0.11:2380");
    host.files.write(ETCD_MANIFEST, joined(OLD));
    const same = change(first(OLD));
    expect(same.status, same.output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(joined(OLD));
    expect(same.output).not.toContain("##phase etcd 3.6.6-0");
    // Another version is placed, with the same founders.
    const newer = change(first(NEW));
    expect(newer.status, newer.output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(joined(NEW));
  });

  it.each([
    ["3.5.24-0", "3.6.8-0", true],
    ["3.6.8-0", "3.7.0-0", true],
    ["3.6.8-0", "3.6.6-0", true],
    ["3.5.24-0", "3.7.0-0", false],
    ["3.7.0-0", "3.6.8-0", false],
  ])("goes from %s to %s: %s", (from, to, goes) => {
    world([`${from} living`, `${to} living`], 3);
    host.files.write(ETCD_MANIFEST, etcd(from));
    const { status, output } = change(etcd(to));
    expect(status === 0, output).toBe(goes);
    expect(read(ETCD_MANIFEST)).toBe(etcd(goes ? to : from));
    expect(output.includes(`##error etcd ${from} cannot become ${to}: `)).toBe(!goes);
  });

  it("of the only member takes a snapshot while no API server runs, and the API server is back when etcd serves", () => {
    world(["3.6.8-0 living"], 1);
    const { status, output } = change(NEW);
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(NEW);
    expect(read(SERVER)).toBe("server\n");
    expect(read(`${undoFolder}/etcd.db`)).toBe("snapshot\n");
    expect(read(`${undoFolder}/etcd-serves-since`)).toMatch(/Z\n$/);
  });

  it("of one member of three is away together with its API server, which would hold its clients, and copies nothing", () => {
    world(["3.6.8-0 living"], 3);
    const { status, output } = change(NEW);
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(NEW);
    expect(there("/beside")).toBe(false);
    expect(read(SERVER)).toBe("server\n");
    expect(there(`${undoFolder}/etcd.db`)).toBe(false);
    expect(host.files.calls().filter((line) => line.includes("/readyz"))).toEqual([
      "kubectl --server https://10.40.0.11:6443 get --raw /readyz",
    ]);
  });

  it("to other flags of the same version stops no API server", () => {
    world(["3.6.6-0 living"], 3);
    const { status, output } = change(`${OLD}# other flags\n`);
    expect(status, output).toBe(0);
    expect(there("/beside")).toBe(true);
  });

  it("says why etcd does not serve, and nobody has written by then", () => {
    world(["3.6.6-0 living"], 1);
    const { status, output } = change(NEW);
    expect(status).toBe(1);
    expect(output).toContain(
      '##error etcd 3.6.8-0 does not serve within 2 s: {"level":"fatal","msg":"it will not"}',
    );
    expect(there(SERVER)).toBe(false);
    expect(there(`${undoFolder}/etcd-serves-since`)).toBe(false);
    expect(read(`${undoFolder}/etcd-newer.yaml`)).toBe(NEW);
  });

  it("is not begun where its image cannot be pulled", () => {
    world(["3.6.8-0 living"], 1);
    host.files.write("/missing", "1");
    const { status, output } = change(NEW);
    expect(status).toBe(1);
    expect(output).toContain(
      "##error the image registry.k8s.io/etcd:3.6.8-0 cannot be pulled, so nothing was changed",
    );
    expect(read(ETCD_MANIFEST)).toBe(OLD);
    expect(there(SERVER)).toBe(true);
  });
});

describe("the way back of etcd", () => {
  /** As `put-back.sh` leaves it: the former manifest is there again. */
  function back(snapshot: boolean, since = ""): ReturnType<NodeHost["run"]> {
    host.files.write(`${undoFolder}/changed`, `${host.files.root}${ETCD_MANIFEST}\n`);
    host.files.write(`${undoFolder}/etcd-newer.yaml`, NEW);
    host.files.write("/of", "newer\n");
    if (snapshot) host.files.write(`${undoFolder}/etcd.db`, "snapshot\n");
    if (since !== "") host.files.write(`${undoFolder}/etcd-serves-since`, `${since}\n`);
    const head = `undo=${undoFolder}\nwhen=\nis_back() { grep -qE "$1" "$undo/changed"; }\n`;
    return host.run(`${prelude()}${head}${lifecycleScript("undo-etcd", variables)}`);
  }
  const data = (): string => read("/var/lib/etcd/member/data");

  it("ends with the former version where that serves", () => {
    world(["3.6.6-0 living"], 1);
    const { status, output } = back(true);
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(OLD);
    expect(data()).toBe("living");
    expect(output).not.toContain("##note");
  });

  it("stays with the newer version where the data is in its format: no write is lost", () => {
    world(["3.6.8-0 living", "3.6.6-0 snapshot"], 1);
    const { status, output } = back(true, "2026-11-29T05:00:00Z");
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(NEW);
    expect(data()).toBe("living");
    expect(output).toContain("##note etcd stays at 3.6.8-0");
  });

  it("never touches the data of a member of three", () => {
    world(["3.6.6-0 snapshot"], 3);
    const { status, output } = back(false);
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(OLD);
    expect(data()).toBe("living");
    expect(output).toContain("Its data stays as it is: the other members have what they agreed on");
  });

  it("puts the only member's snapshot back where nothing else serves, and says that nothing is lost", () => {
    world(["3.6.6-0 snapshot"], 1);
    const { status, output } = back(true);
    expect(status, output).toBe(0);
    expect(read(ETCD_MANIFEST)).toBe(OLD);
    expect(data()).toBe("snapshot");
    expect(read("/var/lib/etcd/pulumi-kubeadm-before-undo/data")).toBe("living");
    expect(output).toContain("No write is lost");
  });

  it("says since when writes are lost, where the newer etcd had served", () => {
    world(["3.6.6-0 snapshot"], 1);
    const { output } = back(true, "2026-11-29T05:00:00Z");
    expect(output).toContain("what was written after 2026-11-29T05:00:00Z is lost");
  });

  it("leaves the data alone while etcd is only slow", () => {
    world([], 1, false);
    const { status, output } = back(true);
    expect(status, output).toBe(0);
    expect(data()).toBe("living");
    expect(output).toContain("##note etcd starts, and does not serve yet; its data stays as it is");
  });
});
