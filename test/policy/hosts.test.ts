import { describe, expect, it } from "vitest";
import { hostsThroughTheDoor, noPrivateKeyInCommand, pinnedHostKeys } from "../../policy";
import { ending, fake, messages, metalStack, privateKeyPem, run, unknown, type Fake } from "./support";

const base64 = Buffer.from(privateKeyPem).toString("base64");

describe("hosts-through-the-door", () => {
  const remote = () =>
    fake("command:remote:Command", { connection: { host: "192.0.2.1" } }, { name: "tweak" });

  it.each(["Command", "CopyFile", "CopyToRemote"])("reports remote.%s", async (kind) => {
    const found = await messages(hostsThroughTheDoor, { ...remote(), type: `command:remote:${kind}` });
    expect(found).toEqual([expect.stringContaining("tweak opens its own SSH connection")]);
  });

  it("lets a resource be that is named in `allow`", async () => {
    expect(await messages(hostsThroughTheDoor, remote(), { allow: ["tweak"] })).toEqual([]);
    expect(await messages(hostsThroughTheDoor, remote(), { allow: ["other"] })).toHaveLength(1);
  });

  it("has nothing to say of a local command", async () => {
    expect((await run(hostsThroughTheDoor, fake("command:local:Command", {}))).notApplicable).toBeDefined();
  });
});

describe("no-private-key-in-command", () => {
  const setup = async () => ending(await metalStack(), "-w1-setup");

  it("leaves a key on standard input alone", async () => {
    const step = await setup();
    expect(step.props.stdin).toContain("PRIVATE KEY");
    expect(await messages(noPrivateKeyInCommand, step)).toEqual([]);
  });

  const places: [string, (step: Fake) => void, string][] = [
    ["in the command", (step) => (step.props.create = `echo '${privateKeyPem}'`), "create"],
    ["in the command that deletes", (step) => (step.props.delete = privateKeyPem), "delete"],
    [
      "in the environment",
      (step) => (step.props.environment = { ...(step.props.environment as object), KEY: privateKeyPem }),
      "environment.KEY",
    ],
    ["in a trigger", (step) => (step.props.triggers = ["1", privateKeyPem]), "triggers.1"],
    ["in base64", (step) => (step.props.create = `echo ${base64} | base64 -d`), "create"],
    [
      "in a kubeconfig",
      (step) => (step.props.triggers = [`users: [{user: {client-key-data: ${base64}}}]`]),
      "triggers.0",
    ],
    [
      "of OpenSSH's kind",
      (step) => (step.props.triggers = ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb"]),
      "triggers.0",
    ],
  ];

  it.each(places)("reports a key %s, and does not repeat it", async (_, edit, path) => {
    const step = await setup();
    edit(step);
    const found = await messages(noPrivateKeyInCommand, step);
    expect(found).toEqual([`${step.name} has a private key in ${path}`]);
  });

  it("reads on behind a value that is not known yet", async () => {
    const step = await setup();
    step.props.triggers = [unknown, privateKeyPem];
    expect(await messages(noPrivateKeyInCommand, step)).toEqual([expect.stringContaining("triggers.1")]);
  });

  it("takes certificates and public keys for no secret", async () => {
    const step = await setup();
    step.props.triggers = ["-----BEGIN CERTIFICATE-----\nMIIB", "-----BEGIN PUBLIC KEY-----\nMIIB"];
    expect(await messages(noPrivateKeyInCommand, step)).toEqual([]);
  });

  it("reports a key in a remote command, but not the one it logs on with", async () => {
    const props = { connection: { host: "192.0.2.1", privateKey: privateKeyPem }, create: "true" };
    const remote = fake("command:remote:Command", props);
    expect(await messages(noPrivateKeyInCommand, remote)).toEqual([]);
    remote.props.create = privateKeyPem;
    expect(await messages(noPrivateKeyInCommand, remote)).toEqual(["one has a private key in create"]);
  });
});

describe("pinned-host-keys", () => {
  const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBsrEOsekS05eymmYe1rGXDJT7H8h72+f1ZsJzPx77jr";

  /** A node step of a worker: it connects to the worker and to the control-plane nodes. */
  async function joining(
    edit: (input: { connections: Record<string, { hostKey?: string }>; bastion?: object }) => void,
  ) {
    const step = ending(await metalStack(), "-w1-node");
    const input = JSON.parse(step.props.stdin as string) as Parameters<typeof edit>[0];
    edit(input);
    step.props.stdin = JSON.stringify(input);
    return messages(pinnedHostKeys, step);
  }

  it("takes pinned keys of all machines, and of a bastion", async () => {
    expect(await joining((input) => (input.bastion = { hostKey }))).toEqual([]);
  });

  it.each([
    ["no key", undefined, "is missing"],
    ["an empty one", "", "does not start with a key type"],
    ["a fingerprint", "SHA256:abcdef", "is a fingerprint"],
    ["a key cut off", hostKey.slice(0, 40), "truncated"],
  ])("reports a machine with %s", async (_, given, why) => {
    const found = await joining((input) => (input.connections.cp2.hostKey = given));
    expect(found).toEqual([expect.stringContaining("the host key of cp2")]);
    expect(found[0]).toContain(why);
  });

  it("reports a bastion without one", async () => {
    expect(await joining((input) => (input.bastion = {}))).toEqual([expect.stringContaining("the bastion")]);
  });

  it("reports a step that pins nothing, rather than taking it for pinned", async () => {
    expect(await joining((input) => (input.connections = {}))).toEqual([
      expect.stringContaining("its machines"),
    ]);
  });

  it("waits where the connections are not known yet", async () => {
    const step = ending(await metalStack(), "-w1-node");
    step.props.stdin = unknown;
    expect(await run(pinnedHostKeys, step)).toEqual({
      violations: [],
      notApplicable: "connections are not known yet",
    });
  });

  it("does not look at other commands", async () => {
    const other = fake("command:local:Command", { create: "date", stdin: "{}" });
    expect((await run(pinnedHostKeys, other)).notApplicable).toBe("no step on a host");
  });

  it("asks the same of a remote command and of its proxy", async () => {
    const remote = (connection: object) =>
      messages(pinnedHostKeys, fake("command:remote:Command", { connection }));
    expect(await remote({ host: "h", hostKey })).toEqual([]);
    expect(await remote({ host: "h" })).toEqual(["one: the host key of the host is missing"]);
    expect(await remote({ host: "h", hostKey, proxy: { host: "p" } })).toEqual([
      "one: the host key of the proxy is missing",
    ]);
  });
});
