import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { extraVolumeDevice } from "../../../model/aws/images";
import { USER_DATA_LIMIT } from "../../../model/aws/boot/userData";
import { windowsBoot, windowsScript, windowsUserData } from "../../../model/aws/boot/windows";
import { poolBoot, poolUserData } from "../../../model/settings/pools";
import { flowsOf } from "../../../model/flows";
import { windowsContainerdFiles } from "../../../model/windows/containerd";
import { windowsJoinDocument, windowsKubeletPatch } from "../../../model/windows/kubelet";
import { windowsLifecycle } from "../../../model/windows/lifecycle";
import { ps, psText } from "../../../model/core/powershell";
import { hasPowerShellParser, powerShellErrors } from "../../support/powershell";
import { CHECKSUMS, hostScripts, windowsPool, windowsSettings } from "../../support/windowsSettings";

const settings = windowsSettings();
const pool = windowsPool(settings);
const script = windowsScript(settings, pool);

/** The script that is packed in user data. */
function unpacked(userData: string): string {
  const base64 = /\$packed = '([^']*)'/.exec(userData)?.[1] ?? "";
  return gunzipSync(Buffer.from(base64, "base64")).toString("utf8");
}

it("has further volumes under names that its drivers know, and Linux under its own", () => {
  expect([0, 10].map((index) => extraVolumeDevice(index, "windows"))).toEqual(["xvdf", "xvdp"]);
  expect([0, 10].map((index) => extraVolumeDevice(index, "linux"))).toEqual(["/dev/sdf", "/dev/sdp"]);
});

describe("user data of a Windows pool", () => {
  it("is the script, packed, in tags that EC2Launch runs at each boot", () => {
    const userData = windowsUserData(settings, pool);
    expect(unpacked(userData)).toBe(script);
    expect(userData).toMatch(/^<powershell>\n[^]*\n<\/powershell>\n<persist>true<\/persist>\n$/);
  });

  it("is what the pool's launch template gets, and fits", () => {
    const bytes = poolUserData(settings, pool);
    expect(bytes.toString("utf8")).toBe(windowsUserData(settings, pool));
    expect(bytes.length).toBeLessThanOrEqual(USER_DATA_LIMIT);
  });

  it("names its rendering, on nodes and in statuses alike", () => {
    const boot = windowsBoot(settings, pool);
    expect(poolBoot(settings, pool)).toBe(boot);
    expect(script).toContain(`pulumi-kubeadm.github.io/boot=${boot}`);
    expect(script).toContain(`boot = '${boot}'`);
    const other = windowsSettings((raw) => {
      raw["kubernetesVersion"] = "1.36.3";
    });
    expect(windowsBoot(other, windowsPool(other))).not.toBe(boot);
  });

  it("verifies every file by the checksum that the settings give", () => {
    for (const checksum of Object.values(CHECKSUMS)) {
      expect(script.match(/'[^']*'/g)?.filter((word) => word.includes(checksum))).toEqual([
        expect.stringMatching(/^'\w+\|https:\/\/[^|]+\|\w+\|[^|]*\|C:[^|]+'$/),
      ]);
    }
    expect(script).toMatch(/if \(\$got -ne \$checksum\) \{ throw /);
  });

  it("fetches from the mirror, with upstream's host and path behind it", () => {
    const mirrored = windowsSettings((raw) => {
      (raw["downloads"] as Record<string, unknown>)["mirror"] = "https://mirror.example.com/files/";
    });
    const urls = [...windowsScript(mirrored, windowsPool(mirrored)).matchAll(/'\w+\|(https:[^|]+)\|/g)];
    expect(urls).toHaveLength(6);
    for (const [, url] of urls)
      expect(url).toMatch(/^https:\/\/mirror\.example\.com\/files\/(dl\.k8s\.io|github\.com)\//);
  });

  it("leads the endpoint's name to the private addresses, once however often it runs", () => {
    const [address] = settings.endpoint.kind === "addresses" ? settings.endpoint.addresses : [];
    expect(script).toContain(`@('${address} ${settings.endpoint.host} # pulumi-kubeadm')`);
    expect(script).toContain("-notmatch '# pulumi-kubeadm$'");
  });

  it("opens the kubelet's port and the overlay's, and no other", () => {
    expect(script).toContain("$openPorts = @('TCP 10250', 'UDP 4789')\n");
  });

  it.runIf(hasPowerShellParser)("is PowerShell, and so is what it writes and what host processes run", () => {
    const plain = windowsUserData(settings, pool).replace(/^<powershell>\n([^]*)<\/powershell>[^]*$/, "$1");
    const lifecycle = windowsLifecycle(settings, pool, "eu-central-1");
    expect(powerShellErrors([plain, script, lifecycle, ...Object.values(hostScripts(settings))])).toEqual([]);
    expect(powerShellErrors(["$a = 'open\n"])).not.toEqual([]);
  });
});

describe("documents of a Windows node", () => {
  it("take away what the cluster's kubelet configuration has for Linux", () => {
    const patch = parse(windowsKubeletPatch(settings, pool)) as Record<string, unknown>;
    expect(patch).toMatchObject({
      cgroupDriver: null,
      cgroupsPerQOS: false,
      enforceNodeAllocatable: [],
      seccompDefault: null,
      resolvConf: "",
      evictionHard: { "nodefs.inodesFree": null, "imagefs.inodesFree": null, "memory.available": "100Mi" },
      registerWithTaints: [{ key: "os", value: "windows", effect: "NoSchedule" }],
      clusterDNS: [settings.network.dnsServiceAddress],
      maxPods: 110,
    });
  });

  it("say the settings' own word on the kubelet, where Windows has none", () => {
    const own = windowsSettings((raw) => {
      raw["kubelet"] = { config: { evictionMaxPodGracePeriod: 30 } };
    });
    expect(parse(windowsKubeletPatch(own, windowsPool(own)))).toMatchObject({
      evictionMaxPodGracePeriod: 30,
    });
  });

  it("join with containerd's pipe, and with no secret written down", () => {
    const join = parse(windowsJoinDocument(settings, pool)) as Record<string, unknown>;
    expect(join).toMatchObject({
      kind: "JoinConfiguration",
      discovery: { file: { kubeConfigPath: "C:/ProgramData/pulumi-kubeadm/discovery.conf" } },
      nodeRegistration: { criSocket: "npipe:////./pipe/containerd-containerd" },
    });
    expect(JSON.stringify(join)).not.toMatch(/token|BEGIN|client-key/i);
  });

  it("keep a pool's own taints, none included", () => {
    const bare = windowsSettings((raw) => {
      (raw["workers"] as Record<string, Record<string, unknown>>)["win"]["taints"] = [];
    });
    expect(windowsPool(bare).taints).toEqual([]);
    expect(windowsPool(settings).taints).toEqual([{ key: "os", value: "windows", effect: "NoSchedule" }]);
  });

  it("have registries' mirrors under names that Windows takes", () => {
    const mirrored = windowsSettings((raw) => {
      raw["images"] = { mirrors: { "registry.example.com:5000": ["https://mirror.example.com"] } };
    });
    const paths = windowsContainerdFiles(mirrored).map((file) => file.path);
    expect(paths).toContain("C:\\Program Files\\containerd\\certs.d\\registry.example.com_5000_\\hosts.toml");
  });
});

describe("what a Windows pool asks of the cluster", () => {
  it("puts flannel on Windows' port for all nodes", () => {
    expect(settings.cni).toMatchObject({ kind: "flannel", windows: true, vni: 4096, port: 4789 });
    const overlay = flowsOf(settings).filter((flow) => flow.protocol === "udp" && flow.from === "node");
    expect(overlay.map((flow) => flow.ports)).toEqual([[{ from: 4789, to: 4789 }]]);
  });
});

describe("PowerShell text", () => {
  it("holds quotes, typographic ones too, and nothing is expanded", () => {
    expect(ps("it's $env:Path \u2019 `n")).toBe("'it''s $env:Path \u2019\u2019 `n'");
  });

  it("refuses what would end it early", () => {
    expect(() => ps("a\nb")).toThrow(RangeError);
    expect(() => psText("a\n'@; Remove-Item")).toThrow(RangeError);
    expect(psText("a '@ b\n")).toBe("@'\na '@ b\n'@");
  });
});
