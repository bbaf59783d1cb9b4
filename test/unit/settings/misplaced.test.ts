/** A stack's file with the settings in the wrong place: the report names the line and the place. */
import { describe, expect, it } from "vitest";
import { SettingsError } from "../../../model/settings/problems";
import { readStackConfig } from "../../../model/settings/yaml";

function reported(file: string): string {
  try {
    readStackConfig(file, "mine");
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return "";
}

const CLUSTER = "kubeadm:cluster:\n    cni: { kind: flannel }\n";

describe("keys in the wrong place", () => {
  it.each([
    [
      "a plural",
      "config:\n  kubeadm:clusters:\n    cni: {}\n",
      /line 2: "kubeadm:clusters".*[^]*did you mean: kubeadm:cluster\n {4}2 \|   \S+/,
    ],
    [
      "a dot",
      "config:\n  kubeadm.cluster:\n    cni: {}\n",
      /line 2: "kubeadm\.cluster".*[^]*did you mean: kubeadm:cluster\n {4}2 \|   \S+/,
    ],
    [
      "a namespace with a mapping",
      "config:\n  kubeadm:\n    cluster: {}\n",
      /line 2: "kubeadm".*[^]*did you mean: kubeadm:cluster\n {4}2 \|   \S+/,
    ],
    [
      "the package's name",
      "config:\n  pulumi-kubeadm:cluster: {}\n",
      /line 2: "pulumi-kubeadm:cluster"[^]*did you mean: kubeadm:cluster\n {4}2 \|   \S+/,
    ],
    [
      "another word for secrets",
      "config:\n  kubeadm:secret: {}\n",
      /line 2: "kubeadm:secret"[^]*did you mean: kubeadm:secrets\n {4}2 \|   \S+/,
    ],
    ["no config", CLUSTER, /line 1: "kubeadm:cluster" is not below config\n.*indented by two columns/],
    [
      "machines one level too high",
      `config:\n  ${CLUSTER}  machines: {}\n`,
      /line 4: "machines" is a cluster setting and belongs below kubeadm:cluster/,
    ],
    [
      "machines two levels too high",
      `config:\n  ${CLUSTER}machines: {}\n`,
      /line 4: "machines" is not below config/,
    ],
  ])("%s", (_, file, message) => {
    expect(reported(file)).toMatch(message);
  });

  it("are none in a file that is right, with keys of others and of a project that is called like the library", () => {
    const others = "encryptionsalt: v1:x\nenvironment: [shared]\nconfig:\n  aws:region: eu-central-1\n";
    expect(reported(`${others}  pulumi-kubeadm:size: "3"\n  kubeadm:secrets: {}\n  ${CLUSTER}`)).toBe("");
    expect(reported("config: {}\n")).toBe("");
    expect(reported("")).toBe("");
  });
});
