import type { AwsFacts } from "../../settings/awsFacts";
import type { Facts } from "../../settings/draft";
import type { Problems } from "../../settings/problems";
import { DEFAULT_ECR_VERSION, ECR_CHECKSUMS } from "./settings";
import { isPrivateEcr } from "./registry";

export function validateEcr(aws: AwsFacts, facts: Facts, problems: Problems): void {
  const { ecr } = aws.input;
  if (ecr !== undefined) {
    (ecr.accounts ?? []).forEach((account, index, all) => {
      if (account === undefined || all.indexOf(account) === index) return;
      problems.add(["ecr", "accounts", index], account, "is listed twice", { allowed: "each once" });
    });
    versionFits(aws, problems);
  }
  validateEcrLogin(facts, problems);
}

/** The provider has a checksum for each architecture of the nodes. */
function versionFits({ input: { ecr }, architecture, pools }: AwsFacts, problems: Problems): void {
  if (ecr === undefined || ("version" in ecr && ecr.version === undefined)) return;
  const version = ecr.version ?? DEFAULT_ECR_VERSION;
  const nodes = [architecture, ...pools.filter(({ windows }) => !windows).map((pool) => pool.architecture)];
  const missing = [...new Set(nodes)].filter(
    (one) =>
      one !== undefined &&
      ECR_CHECKSUMS[version]?.[one] === undefined &&
      !(one in (ecr.checksums ?? {})) &&
      !("checksums" in ecr && ecr.checksums === undefined),
  );
  if (missing.length > 0)
    problems.add(["ecr", "version"], version, "has no checksum here", {
      allowed: `${Object.keys(ECR_CHECKSUMS).join(", ")}, or ${missing.map((one) => `ecr.checksums.${one}`).join(", ")}`,
    });
}

/**
 * Kubelets log in to ECR, containerd and kubeadm do not: they pull the pause image and look for the control plane's before a
 * kubelet runs.
 */
function validateEcrLogin({ input }: Facts, problems: Problems): void {
  const repository = input.images?.repository;
  if (repository === undefined || !isPrivateEcr(repository)) return;
  const [host = ""] = repository.split("/");
  if (host in (input.images?.registries ?? {})) return;
  problems.add(
    ["images", "repository"],
    repository,
    "is a private registry of ECR, where containerd and kubeadm have no login",
    {
      allowed:
        "a registry that needs none, or one with images.registries; images of pods may be in ECR (ecr: {})",
    },
  );
}
