import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseSnapshotName } from "../../../model/etcd/backup/names";
import { have } from "../../support/have";
import { seedOfRun } from "../../support/seed";
import { BackupHost, backupTo, CLUSTER, KEYS, Etcd, etcdTools, type BackupHostOptions } from "./backupHost";
import { keyId } from "../../../model/kubeadm/encryption";

const SECRET = "plain-text-that-must-not-be-seen";
const hosts: BackupHost[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.remove();
});

function hostWith(options: BackupHostOptions): BackupHost {
  const host = new BackupHost(options);
  hosts.push(host);
  return host;
}

const tools = etcdTools !== undefined && have("openssl") && have("python3");

describe.skipIf(!tools)("snapshots of a real etcd in a folder", () => {
  let etcd: Etcd;
  let data: string;
  let targets: string;

  beforeAll(async () => {
    data = fs.mkdtempSync("/tmp/etcd-data-");
    targets = fs.mkdtempSync("/tmp/backups-");
    etcd = await Etcd.start(data);
    for (let key = 0; key < 50; key += 1) etcd.ctl("put", `/registry/things/${key}`, `${SECRET} ${key}`);
  });
  afterAll(async () => {
    await etcd.stop();
    for (const made of [data, targets]) fs.rmSync(made, { recursive: true, force: true });
  });

  const newTarget = (): string => fs.mkdtempSync(path.join(targets, "target-"));
  /** A host whose snapshots go to a folder of its own, or a given one. */
  function host(
    over: Partial<BackupHostOptions> = {},
    folder?: string,
  ): BackupHost & { readonly target: string } {
    const target = folder ?? newTarget();
    const made = hostWith({ etcd, backup: backupTo({ kind: "folder", path: target }), ...over });
    return Object.assign(made, { target });
  }
  const snapshots = (folder: string): string[] => fs.readdirSync(folder).sort();

  it("name every key while Secrets are rewritten with another one, and give none away", async () => {
    const one = host();
    one.write("encryption.rewrite", "");
    const { output } = await one.run("now");
    const name = /wrote (\S+):/.exec(output)?.[1] ?? "";
    const fetched = await one.run("fetch", name, one.path("back.db"));
    expect(JSON.parse(fetched.output) as unknown).toMatchObject({ encryption: KEYS.map(keyId) });
    for (const { secret } of KEYS)
      expect(fs.readFileSync(path.join(one.target, name)).includes(secret)).toBe(false);
  });

  it("are encrypted, readable by root alone, and come back as they were", async () => {
    const one = host();
    const { status, output } = await one.run("now", "test");
    expect([status, output]).toEqual([0, expect.stringMatching(/^wrote etcd-\S+: revision \d+, 50 keys/)]);
    const [name = ""] = snapshots(one.target);
    expect(parseSnapshotName(name)).toMatchObject({
      cluster: CLUSTER.slice(0, 16),
      etcd: "3.6.8",
      kubernetes: "1.36.4",
    });
    const file = path.join(one.target, name);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(file).includes(SECRET)).toBe(false);
    expect(fs.readdirSync(one.path("work"))).toEqual([]);

    const back = one.path("back.db");
    const fetched = await one.run("fetch", name, back);
    expect(JSON.parse(fetched.output) as unknown).toMatchObject({
      cluster: CLUSTER,
      clusterName: "metal",
      reason: "test",
      keys: 50,
      encryption: [keyId(KEYS[0])],
    });
    expect(fs.readFileSync(back).includes(SECRET)).toBe(true);
    expect(fs.statSync(back).mode & 0o777).toBe(0o600);
    expect((await one.run("list")).output).toBe(`${name}\n`);
  });

  it("show no key on a command line or in an environment while they are written", async () => {
    const key = Buffer.from("0123456789abcdef0123456789ABCDEF").toString("base64");
    const one = host({ key });
    const hex = one
      .python("print(derived('encryption').hex(), derived('authentication').hex())")
      .trim()
      .split(" ");
    // In place of openssl: notes what anybody on the host could see of it.
    one.write(
      "bin/openssl",
      '#!/bin/bash\ntr "\\0" "\\n" </proc/$$/cmdline >>"$0.seen"\nenv >>"$0.seen"\nexec /usr/bin/openssl "$@"\n',
      0o755,
    );
    expect((await one.run("now")).status).toBe(0);
    const seen = fs.readFileSync(one.path("bin", "openssl.seen"), "utf8");
    expect(seen).toContain("-aes-256-ctr");
    for (const secret of [key, ...hex]) expect(seen).not.toContain(secret);
  });

  it.each([
    ["a changed byte", (bytes: Buffer) => bytes.fill((bytes[200] ?? 0) ^ 1, 200, 201)],
    [
      "a changed header",
      (bytes: Buffer) => Buffer.from(bytes.toString("latin1").replace('"metal"', '"metax"'), "latin1"),
    ],
    ["a missing end", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["nothing", () => Buffer.alloc(0)],
    ["another file", () => Buffer.from("a snapshot of somebody else's\n".repeat(10))],
  ])("are refused with %s, and nothing is written", async (_what, damage) => {
    const one = host();
    await one.run("now");
    const [name = ""] = snapshots(one.target);
    const file = path.join(one.target, name);
    fs.writeFileSync(file, damage(fs.readFileSync(file)));
    const { status, output } = await one.run("fetch", name, one.path("back.db"));
    expect([status, output]).toEqual([1, expect.stringMatching(/is damaged|is not a snapshot/)]);
    expect(fs.existsSync(one.path("back.db"))).toBe(false);
    expect(fs.existsSync(one.path("back.db.part"))).toBe(false);
  });

  it("of another stack's key are refused", async () => {
    const one = host();
    await one.run("now");
    const other = host({ key: Buffer.alloc(32, 8).toString("base64") }, one.target);
    const [name = ""] = snapshots(one.target);
    expect(await other.run("fetch", name, other.path("back.db"))).toEqual({
      status: 1,
      output: `${name} is damaged, or was encrypted with the key of another stack\n`,
    });
  });

  it("leave other files and other clusters' snapshots where they are", async () => {
    const one = host();
    const others = [
      "etcd-ffffffffffffffff-20200101T000000Z-r1-e3.6.8-k1.36.4.snapshot",
      `etcd-${CLUSTER.slice(0, 16)}-20200101T000000Z-r1-e3.6.8-k1.36.4.snapshot.bak`,
      "notes.txt",
    ];
    const old = [1, 2, 3, 4].map(
      (day) => `etcd-${CLUSTER.slice(0, 16)}-2020010${day}T000000Z-r${day}-e3.6.8-k1.36.4.snapshot`,
    );
    const half = `.${old[0]}.part`;
    for (const name of [...others, ...old, half]) fs.writeFileSync(path.join(one.target, name), "");
    expect((await one.run("now")).status).toBe(0);
    const left = snapshots(one.target);
    expect(left).toEqual(expect.arrayContaining([...others, ...old.slice(2)]));
    expect(left).toHaveLength(others.length + 3);
  });

  it("are not taken of a damaged database, and the target stays as it was", async () => {
    const one = host();
    fs.rmSync(one.path("tools", "etcdctl"));
    // Saves a snapshot with a page of zeros in the middle, and the digest of that.
    one.write(
      "tools/etcdctl",
      `#!/bin/bash\n${etcdTools?.etcdctl} "$@" || exit\nfile=\${!#}\n[ -f "$file" ] || exit 0\npython3 - "$file" <<'END'
import hashlib, sys
data = open(sys.argv[1], "rb").read()[:-32]
data = data[:8192] + bytes(len(data) - 8192)
open(sys.argv[1], "wb").write(data + hashlib.sha256(data).digest())
END\n`,
      0o755,
    );
    const { status, output } = await one.run("now");
    expect([status, output]).toEqual([1, expect.stringMatching(/^checking the snapshot: /)]);
    expect(snapshots(one.target)).toEqual([]);
  });

  it("that cannot be read back as they were written are an error, and removed", () => {
    const one = host();
    const folder = one.target;
    const output = one.python(
      `class Loses(Folder):
    def get(self, name, file):
        super().get(name, file)
        os.truncate(file, os.path.getsize(file) - 1)
globals()["store"] = lambda: Loses(settings()["target"])
try:
    take("test")
except Problem as problem:
    print(problem)`,
    );
    expect(output).toMatch(/could not be read back, and was removed: back\.etcd-\S+ is damaged/);
    expect(snapshots(folder)).toEqual([]);
  });

  it("need room for the snapshot, and say how much", () => {
    const one = host();
    const output = one.python(
      `shutil.disk_usage = lambda _: type("Usage", (), {"free": 1 << 20})
try:
    take("test")
except Problem as problem:
    print(problem)`,
    );
    expect(output).toMatch(/work has 1 MiB free; a snapshot of \d+ MiB needs \d+/);
  });

  describe("by schedule, on three nodes", () => {
    function nodes(over: Partial<BackupHostOptions> = {}): (BackupHost & { readonly target: string })[] {
      const first = host({ name: "cp1", ...over });
      const more = ["cp2", "cp3"].map((name) =>
        host({ name, leaseFile: first.leaseFile, ...over }, first.target),
      );
      return [first, ...more];
    }

    it("are one per run, whoever comes first", async () => {
      const all = nodes();
      const ends = await Promise.all(all.map((node) => node.run("run")));
      expect(ends.map(({ status }) => status)).toEqual([0, 0, 0]);
      const [first] = all;
      const names = snapshots(first?.target ?? "");
      expect(names).toHaveLength(1);
      expect(
        ends.filter(({ output }) => output.includes("another control-plane node has taken")),
      ).toHaveLength(2);
      const { metadata, spec } = (first as BackupHost).lease();
      expect(metadata.annotations["pulumi-kubeadm.github.io/snapshot"]).toBe(names[0]);
      expect(spec["holderIdentity"]).toBe("");
      // A node that comes back hours later does not take another one.
      expect((await (first as BackupHost).run("run")).output).toMatch(/has taken/);
      expect(snapshots(first?.target ?? "")).toHaveLength(1);
    });

    it("go to the next node when one fails", async () => {
      const [first, second] = nodes();
      fs.rmSync(first?.path("tools", "etcdutl") ?? "");
      const [failed, done] = [await first?.run("run"), await second?.run("run")];
      expect([failed?.status, failed?.output]).toEqual([
        1,
        expect.stringMatching(/etcd's image has no etcdutl/),
      ]);
      expect([done?.status, done?.output]).toEqual([0, expect.stringMatching(/^wrote/)]);
    });

    it("go to the next node when one dies, once it was silent for long enough", async () => {
      const [first, second] = nodes();
      const dead = (seconds: number): void =>
        fs.writeFileSync(
          first?.leaseFile ?? "",
          JSON.stringify({
            metadata: { name: "x", resourceVersion: "1" },
            spec: {
              holderIdentity: "cp3",
              renewTime: new Date(Date.now() - seconds * 1_000).toISOString().replace("Z", "000Z"),
            },
          }),
        );
      dead(200);
      expect((await second?.run("run"))?.output).toMatch(/^wrote/);
      // One that was heard from a moment ago is waited for.
      dead(1);
      const waiting = first?.start("run");
      const said = await new Promise<string>((resolve) =>
        waiting?.stdout?.once("data", (data: Buffer) => resolve(data.toString())),
      );
      expect(said).toMatch(/cp3 takes the snapshot of this run/);
      const ended = new Promise((resolve) => waiting?.once("exit", resolve));
      waiting?.kill("SIGTERM");
      await ended;
    });

    it("are taken again in the next run", async () => {
      const [first] = nodes({
        backup: backupTo(
          { kind: "folder", path: newTarget() },
          {
            schedule: { calendar: "", leastGap: 0, mostGap: 0 },
          },
        ),
      });
      expect((await first?.run("run"))?.output).toMatch(/^wrote/);
      expect((await first?.run("run"))?.output).toMatch(/^wrote/);
    });

    it("give the lease back when they are stopped in the middle, and leave nothing readable", async () => {
      const [first] = nodes();
      first?.write(
        "bin/openssl",
        '#!/bin/bash\necho $$ >"$0.started.new"\nmv "$0.started.new" "$0.started"\nexec sleep 600\n',
        0o755,
      );
      const child = first?.start("run");
      const started = first?.path("bin", "openssl.started") ?? "";
      await expect.poll(() => fs.existsSync(started), { timeout: 60_000 }).toBe(true);
      const ended = new Promise((resolve) => child?.once("exit", resolve));
      child?.kill("SIGKILL");
      await ended;
      process.kill(Number(fs.readFileSync(started, "utf8")));
      fs.rmSync(first?.path("bin", "openssl") ?? "");
      // What a killed run left is gone after the next one, which has the lease at once.
      expect((await first?.run("run"))?.output).toMatch(/^wrote/);
      expect(fs.readdirSync(first?.path("work") ?? "")).toEqual([]);
    });
  });
});

describe.skipIf(!have("python3"))("which snapshots are removed", () => {
  const cluster = CLUSTER.slice(0, 16);
  const nameOf = (id: string, minutes: number, revision: number): string => {
    const stamp = new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString().replace(/[-:]|\.\d+/g, "");
    return `etcd-${id}-${stamp}-r${revision}-e3.6.8-k1.36.4.snapshot`;
  };
  const seed = seedOfRun() ?? 1;
  const entry = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constant(cluster), fc.nat(500_000), fc.nat(1e9)).map((of) => nameOf(...of)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constant("f".repeat(16)), fc.nat(500_000), fc.nat(1e9))
        .map((of) => nameOf(...of)),
    },
    { weight: 1, arbitrary: fc.string() },
  );
  const cases = fc.sample(
    fc.record({ names: fc.uniqueArray(entry, { maxLength: 40 }), keep: fc.integer({ min: 1, max: 12 }) }),
    {
      numRuns: 200,
      seed,
    },
  );

  it(`are the oldest of this cluster beyond those that are kept, and no others (seed ${seed})`, () => {
    const one = hostWith({ backup: backupTo({ kind: "folder", path: "/nowhere" }) });
    const printed = one.python(
      "print(json.dumps([surplus(case['names'], case['cluster'], case['keep']) for case in json.load(sys.stdin)]))",
      JSON.stringify(cases.map((of) => ({ ...of, cluster: CLUSTER }))),
    );
    const removed = JSON.parse(printed) as string[][];
    cases.forEach(({ names, keep }, index) => {
      const gone = removed[index] ?? [];
      const own = names.filter((name) => parseSnapshotName(name)?.cluster === cluster);
      const kept = own.filter((name) => !gone.includes(name));
      expect(gone.every((name) => own.includes(name))).toBe(true);
      expect(kept).toHaveLength(Math.min(keep, own.length));
      const time = (name: string): number => parseSnapshotName(name)?.time.getTime() ?? 0;
      for (const one of gone) for (const other of kept) expect(time(one)).toBeLessThanOrEqual(time(other));
    });
  });
});
