import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { renewalUnits } from "../../../model/kubeadm";
import { settingsOf } from "../../support/kubeadmSettings";
import { OpensslKey } from "./opensslKey";
import { have } from "../../support/have";
import { ScriptHost } from "./scriptHost";

/** In the order of their restarts: no API server serves while the etcd that it asks restarts. */
const components = ["kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler"];
const certificates = [
  "apiserver",
  "apiserver-etcd-client",
  "apiserver-kubelet-client",
  "front-proxy-client",
  "etcd/server",
  "etcd/peer",
  "etcd/healthcheck-client",
];

describe.skipIf(!have("openssl") || !have("flock"))("renewal of kubeadm's certificates", () => {
  const made = new Map<number, string>();
  let host: ScriptHost;

  beforeAll(() => {
    const key = new OpensslKey();
    for (const days of [29, 31]) made.set(days, key.certificate(days));
    key.remove();
  });

  const pem = (days: 29 | 31) => made.get(days) ?? "";
  const kubeconfig = (days: 29 | 31) =>
    `users:\n- user:\n    client-certificate-data: ${Buffer.from(pem(days)).toString("base64")}\n`;

  beforeEach(() => {
    const settings = settingsOf({
      certificates: { validityDays: 365, renewBeforeDays: 30, rotationGraceSeconds: 300 },
    });
    host = new ScriptHost(renewalUnits(settings)[0], ["/etc/kubernetes", "/var/lib/pulumi-kubeadm", "/run/"]);
    for (const name of certificates) host.write(`/etc/kubernetes/pki/${name}.crt`, pem(31));
    for (const name of ["admin", "controller-manager", "scheduler"]) {
      host.write(`/etc/kubernetes/${name}.conf`, kubeconfig(31));
    }
    for (const name of components) host.write(`/containers/${name}`, "1");
    host.write("/fresh.pem", pem(31));
    host.write("/fresh.conf", kubeconfig(31));
    host.command(
      "kubeadm",
      'find "$ROOT/etc/kubernetes" -name "*.crt" -exec cp "$ROOT/fresh.pem" {} \\;\nfor conf in "$ROOT"/etc/kubernetes/*.conf; do cp "$ROOT/fresh.conf" "$conf"; done',
    );
    // A container's id is `<component>.<count of its starts>`.
    host.command(
      "crictl",
      `shift 2
if [ "$1" = ps ]; then
  name=\${*: -1}; name=\${name#^}; name=\${name%\\$}
  [ ! -e "$ROOT/containers/$name" ] || echo "$name.$(cat "$ROOT/containers/$name")"
else
  id=\${*: -1}; name=\${id%.*}
  [ ! -e "$ROOT/broken" ] || [ "$(cat "$ROOT/broken")" != "$name" ] || exit 1
  echo $((\${id##*.} + 1)) >"$ROOT/containers/$name"
fi`,
    );
    host.command("curl", "exit 0");
    host.command("sleep", "");
    host.command("nft", 'if [ "$1" = -f ]; then cat >>"$ROOT/rules"; fi');
  });
  afterEach(() => host.remove());

  const renewals = () => host.calls().filter((call) => call.startsWith("kubeadm"));
  const stopped = () =>
    host.calls().flatMap((call) => /^crictl .* stop .* (\S+)\.\d+$/.exec(call)?.[1] ?? []);

  it("touches nothing while every certificate has more days than the settings ask for", () => {
    const { status, output } = host.run();
    expect(status, output).toBe(0);
    expect(renewals()).toEqual([]);
    expect(stopped()).toEqual([]);
  });

  it("looks at every certificate of kubeadm, in files and in kubeconfigs", () => {
    const files = certificates.map((name) => `/etc/kubernetes/pki/${name}.crt`);
    const configs = ["admin", "super-admin", "controller-manager", "scheduler"].map(
      (one) => `/etc/kubernetes/${one}.conf`,
    );
    for (const file of files) host.write(file, pem(29));
    for (const file of configs) host.write(file, kubeconfig(29));
    const { output } = host.run();
    for (const file of [...files, ...configs]) expect(output).toContain(`${host.root}${file}\n`);
    expect(output).not.toContain("kubelet.conf");
  });

  it.each([
    ["file", "/etc/kubernetes/pki/etcd/healthcheck-client.crt"],
    ["kubeconfig", "/etc/kubernetes/scheduler.conf"],
  ])("renews when the certificate in one %s alone ends too soon", (kind, file) => {
    host.write(file, kind === "file" ? pem(29) : kubeconfig(29));
    expect(host.run().status).toBe(0);
    expect(renewals()).toEqual(["kubeadm certs renew all"]);
  });

  it("restarts what read the old ones, each once", () => {
    host.write("/etc/kubernetes/pki/apiserver.crt", pem(29));
    host.run();
    expect(stopped()).toEqual(components);
  });

  it("lets nobody connect to an API server from before it closes its port until it is ready", () => {
    host.write("/etc/kubernetes/pki/apiserver.crt", pem(29));
    // It hears late that it has to end, and is ready again at the third question after that.
    host.command(
      "curl",
      'case "$*" in *6443*) echo >>"$ROOT/asked"; asked=$(wc -l <"$ROOT/asked"); [ "$asked" -eq 1 ] || [ "$asked" -ge 5 ] ;; esac',
    );
    const { status, output } = host.run();
    expect(status, output).toBe(0);
    const order = host
      .calls()
      .flatMap(
        (call) =>
          /^(sleep (?:0\.1|[2-9])|nft -f|nft delete|curl .*:(?:2381|6443)|crictl .* stop .* etcd)/.exec(
            call,
          ) ?? [],
      )
      .filter((call, index, all) => call !== all[index - 1])
      .map((call) => call.replace(/^(curl|crictl) .*[: ](\w+)$/, "$1 $2"));
    expect(order).toEqual([
      "curl 6443",
      "sleep 7",
      "nft -f",
      "crictl etcd",
      ...["nft -f", "curl 2381"],
      // Nodes send to it within a second of its being ready: the question must not wait so long.
      ...["nft -f", "curl 6443", "sleep 0.1", "curl 6443", "sleep 0.1", "curl 6443", "nft delete"],
      // That it is another container than before is asked later.
      ...["curl 6443", "nft delete"],
    ]);
    // Where the script is killed, the port comes back by itself.
    expect(host.read("/rules")).toContain("elements = { 6443 timeout 30s }");
  });

  it("does nothing more on a second run", () => {
    host.write("/etc/kubernetes/pki/apiserver.crt", pem(29));
    host.run();
    host.run();
    expect(renewals()).toHaveLength(1);
    expect(stopped()).toHaveLength(components.length);
  });

  it("does not stop the next component while one is down, and finishes on the next run", () => {
    host.write("/etc/kubernetes/pki/apiserver.crt", pem(29));
    host.write("/broken", "kube-apiserver");
    expect(host.run().status).not.toBe(0);
    expect(stopped()).toEqual(["kube-apiserver"]);
    host.write("/broken", "");
    expect(host.run().status).toBe(0);
    expect(renewals()).toHaveLength(1);
    expect(stopped()).toEqual(["kube-apiserver", ...components]);
  });

  it("waits until a restarted component answers, and says which one does not", () => {
    host.write("/etc/kubernetes/pki/apiserver.crt", pem(29));
    host.command("curl", 'case "$*" in *2381*) exit 7 ;; esac');
    const { status, output } = host.run();
    expect(status).toBe(1);
    expect(output).toContain("etcd did not become healthy");
    expect(stopped()).toEqual(["kube-apiserver", "etcd"]);
  });

  it("fails when kubeadm renewed nothing", () => {
    host.write("/etc/kubernetes/pki/etcd/peer.crt", pem(29));
    host.command("kubeadm", "exit 0");
    const { status, output } = host.run();
    expect(status).toBe(1);
    expect(output).toContain("etcd/peer.crt");
    expect(stopped()).toEqual([]);
  });
});
