import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/run";
import { Lab } from "./lab";
import { mirrorChecksums, mirrorUrl } from "./mirror";
import { registryUrl } from "./registry";
import { stubZone } from "./services";

const id = "founda";
let lab: Lab;

async function ssh(host: string, command: string, user?: string): Promise<string> {
  return (await run(lab.sshCommand(host, [command], user))).stdout.trim();
}

beforeAll(async () => {
  lab = await Lab.create({ id });
  await lab.addHost("one");
  await lab.addHost("two", { networks: ["node", "second"] });
  await Promise.all(lab.hosts().map(({ name }) => lab.startHost(name)));
});

afterAll(async () => {
  if (Lab.exists(id)) await Lab.load(id).down();
});

describe("the lab's hosts", () => {
  it("take the lab's key as root and as a user who may become root, with the host key that was known before", async () => {
    expect(await ssh("one", "id -un")).toBe("root");
    expect(await ssh("two", "sudo id -un", "ubuntu")).toBe("root");
  });

  it("are refused by SSH when another host's key is pinned for them", async () => {
    const file = lab.folder("ssh", "known_hosts");
    const right = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, `${lab.host("one").address} ${lab.host("two").hostKey}\n`);
    try {
      await expect(ssh("one", "true")).rejects.toThrow(/exit status 255/);
    } finally {
      fs.writeFileSync(file, right);
    }
  });

  it("are machines of their own: names, machine ids, networks", async () => {
    expect(await ssh("one", "hostname")).toBe("one");
    expect(await ssh("one", "cat /etc/machine-id")).not.toBe(await ssh("two", "cat /etc/machine-id"));
    const addresses = await ssh("two", "ip -4 -br address");
    expect(addresses).toContain(lab.host("two").address);
    expect(addresses).toContain(lab.host("two").secondAddress);
  });

  it("download what the mirror's checksums say", async () => {
    const { runc } = await mirrorChecksums();
    const file = "github.com/opencontainers/runc/releases/download/v1.4.3/runc.amd64";
    const sum = await ssh("one", `curl -fsS ${mirrorUrl}/${file} | sha256sum`);
    expect(sum.split(" ")[0]).toBe(runc.amd64);
  });

  it("find the images in the registry under their upstream names", async () => {
    const catalog = JSON.parse(await ssh("two", `curl -fsS ${registryUrl}/v2/_catalog`)) as {
      repositories: string[];
    };
    console.log(catalog.repositories.join(" "));
    expect(catalog.repositories).toEqual(
      expect.arrayContaining([
        "kube-apiserver",
        "etcd",
        "pause",
        "coredns/coredns",
        "flannel-io/flannel",
        "web",
      ]),
    );
  });

  it("resolve the stub zone and nothing else", async () => {
    const ask = (name: string) => ssh("one", `getent ahostsv4 ${name} || true`);
    expect(await ask(stubZone.host)).toContain(stubZone.address);
    expect(await ask("www.example.org")).toBe("");
  });

  it("keep their disk over a reboot and lose it in a wipe", async () => {
    const before = await ssh("one", "cat /etc/machine-id; echo kept >/root/mark; echo kept >/var/lib/mark");
    await lab.stopHost("one");
    await lab.startHost("one");
    expect(await ssh("one", "cat /root/mark /var/lib/mark")).toBe("kept\nkept");
    await lab.wipeHost("one");
    expect(await ssh("one", "ls -d /root/mark /var/lib/mark 2>&1 | grep -c 'No such'")).toBe("2");
    expect(await ssh("one", "cat /etc/machine-id")).not.toBe(before);
  });
});

describe("taking a lab down", () => {
  it("leaves no namespace, process, mount, cgroup or folder", async () => {
    // A second lab beside it, with the same addresses, must not notice.
    const other = await Lab.create({ id: `o${crypto.randomBytes(2).toString("hex")}`, services: [] });
    try {
      await other.addHost("one");
      await other.startHost("one");
      const pids = Object.values(lab.hosts()).map((host) => host.process?.pid ?? 0);
      await lab.down();
      expect((await run(["ip", "netns", "list"])).stdout).not.toContain(id);
      expect(fs.readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`lab-${id}`);
      for (const root of ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"]) {
        expect(fs.readdirSync(root).filter((name) => name.includes(id))).toEqual([]);
      }
      expect(pids.filter((pid) => fs.existsSync(`/proc/${pid}`))).toEqual([]);
      expect(Lab.ids()).not.toContain(id);
      expect((await run(other.sshCommand("one", ["hostname"]))).stdout.trim()).toBe("one");
    } finally {
      await other.down();
    }
  });
});
