import type { AwsLayout } from "../layout";
import type { Problems } from "../../settings/problems";
import { DEFAULT_ECR_VERSION, ECR_CHECKSUMS } from "./settings";
import { isPrivateEcr } from "./registry";

/** Accounts are named once, and the provider has a checksum for each architecture of the nodes. */
export function validateEcr({ input: { ecr }, architecture, pools }: AwsLayout, problems: Problems): void {
  if (ecr === undefined) return;
  problems.addTwins(ecr.accounts, (index) => ["ecr", "accounts", index]);
  const version = ecr.version ?? DEFAULT_ECR_VERSION;
  const nodes = [architecture, ...pools.filter(({ windows }) => !windows).map((pool) => pool.architecture)];
  const missing = [...new Set(nodes)].filter(
    (one) => ECR_CHECKSUMS[version]?.[one] === undefined && ecr.checksums?.[one] === undefined,
  );
  if (missing.length > 0)
    problems.add(["ecr", "version"], version, "has no checksum in this library", {
      allowed: `${Object.keys(ECR_CHECKSUMS).join(", ")}, or ${missing.map((one) => `ecr.checksums.${one}`).join(", ")}`,
    });
}

/**
 * Kubelets log in to ECR, containerd and kubeadm do not: they pull the pause image and look for the control plane's before a
 * kubelet runs.
 */
export function validateEcrLogin({ input: { images } }: AwsLayout, problems: Problems): void {
  const { repository, registries = {} } = images ?? {};
  if (repository === undefined || !isPrivateEcr(repository)) return;
  const [host = ""] = repository.split("/");
  if (host in registries) return;
  const message = "is a private ECR registry, to which containerd and kubeadm cannot log in";
  problems.add(["images", "repository"], repository, message, {
    allowed:
      "a registry without login, or one under images.registries; only images of pods may come from ECR (ecr: {})",
  });
}
