/** A power cut leaves the old record or the new one: each is on disk before it takes the old one's place, and so is the folder. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { paths } from "../../../model/kubeadm";
import { keysScript } from "../../../model/lifecycle/encryption";
import { putIntendedScript } from "../../../model/lifecycle/intended";
import { setState } from "../../../model/lifecycle/parts";
import { RECORD_FILE, prelude, putFiles } from "../../../model/node/shell";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { factsOf, NodeHost } from "./support";
import { filesOfNode } from "../../support/fromSettings";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  // What is there at that moment, by content.
  host.files.command(
    "sync",
    'for one in "$@"; do if [ -f "$one" ]; then echo "synced $(head -c 60 "$one")"; else echo "synced folder with $(ls "$one" | tr "\\n" " ")"; fi; done >>"$ROOT/order"',
  );
  host.files.command("mv", 'echo "moved" >>"$ROOT/order"; exec /bin/mv "$@"');
});
afterEach(() => host.files.remove());

const settings = settingsOf({ machines: [machine("w1")] });
const [own] = settings.machines;

describe("a record", () => {
  it("is on disk before it is the record, and its name after", () => {
    if (own === undefined) throw new Error("no machine");
    expect(host.run(prelude() + setState(factsOf(settings, own), "joined")).status).toBe(0);
    const order = host.files.read("/order").trim().split("\n");
    expect(order).toEqual([
      expect.stringMatching(/^synced \{"cluster":"abab/),
      "moved",
      "synced folder with node.json",
    ]);
    expect(host.files.read(RECORD_FILE)).toContain('"state":"joined"');
  });

  it.each([
    [
      "the mark that Secrets are to be rewritten",
      keysScript(
        controlPlaneNode("cp1", 11),
        "a stage",
        [{ provider: "secretbox", name: "a", secret: "AA==" }],
        "set",
      ),
      /^synced secretbox:a:[^]*synced folder with encryption\.rewrite [^]*synced apiVersion/,
    ],
    ["what the settings want", putIntendedScript(), /^synced \nmoved\nsynced folder with intended\.json$/],
  ])("is %s too", (_, script, order) => {
    // The API server has loaded whatever keys there are.
    host.files.command(
      "kubectl",
      `digest=$(sha256sum <"$ROOT${paths.encryption}" | cut -d ' ' -f 1)
echo "apiserver_encryption_config_controller_last_config_info{hash=\\"sha256:$digest\\"} 1"`,
    );
    host.run(`${script}\n`);
    expect(host.files.read("/order").trimEnd()).toMatch(order);
  });

  it("and each file of a node too", () => {
    if (own === undefined) throw new Error("no machine");
    const [file] = filesOfNode(settings, own);
    if (file === undefined) throw new Error("no file");
    expect(host.run(prelude() + putFiles([file])).status).toBe(0);
    expect(host.files.read("/order").match(/^(synced|moved)/gm)).toEqual(["synced", "moved", "synced"]);
  });
});
