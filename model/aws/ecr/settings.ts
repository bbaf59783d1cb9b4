import type { Architecture } from "../../settings/resolvedShared";

/**
 * Pulls from private registries of Amazon ECR: kubelets on Linux nodes log in with the role of their instance. `{}`
 * uses the defaults.
 */
export interface EcrInput {
  /**
   * Version of `ecr-credential-provider` (cloud-provider-aws).
   *
   * @defaultValue `1.36.1`
   */
  version?: string;
  /**
   * SHA-256 of that version's file, by architecture. Required for versions that the library does not know.
   *
   * @defaultValue the library's
   */
  checksums?: {
    /** SHA-256 of the file for x86-64. */
    amd64?: string;
    /** SHA-256 of the file for Arm. */
    arm64?: string;
  };
  /**
   * Other accounts to pull from. The policies of their repositories must allow it too.
   *
   * @defaultValue none
   */
  accounts?: readonly string[];
  /**
   * Lets the first pull through a pull-through cache rule create the repository and fetch the image.
   *
   * @defaultValue `false`
   */
  pullThroughCache?: boolean;
}

/** The same, decided. */
export interface EcrSettings {
  /** x.y.z. */
  readonly version: string;
  /** SHA-256 of the file for each architecture in use. */
  readonly checksums: Readonly<Partial<Record<Architecture, string>>>;
  readonly accounts: readonly string[];
  readonly pullThroughCache: boolean;
}

export const DEFAULT_ECR_VERSION = "1.36.1";

/**
 * SHA-256 of what upstream serves. Source: kubernetes/k8s.io at fd832e30, artifacts/manifests/k8s-staging-provider-aws/v<version>.yaml,
 * by which the files are published.
 */
export const ECR_CHECKSUMS: Readonly<Record<string, Readonly<Record<Architecture, string>>>> = {
  "1.36.1": {
    amd64: "59a6fc141dc08cd0661d885d2cf8993df42f62cc2bd7a08902dde63f47e0b384",
    arm64: "96b58e09522e47cf653065a104809ecba439630eaabea42db2dcb9ccedb1ed62",
  },
  "1.35.0": {
    amd64: "3dc262c3ab67654212259aca52dcdf9b6dbf2f48256ccdfa834f7cb6369fc5af",
    arm64: "e784cacf33c9c5bbeb3fcf678ea379615d27f8224d314094deaea80eea6f6bdf",
  },
  "1.34.0": {
    amd64: "90daa8d0777250a807f18cb6d85cf0db139f0b62e76b473e297425b620ddbb9c",
    arm64: "adea67df31120748c58f1173686f4333f2d703511b6c741cccfd981bab20f728",
  },
};

export function resolveEcr(given: {
  readonly version?: string | undefined;
  readonly checksums?: Readonly<Partial<Record<Architecture, string | undefined>>> | undefined;
  readonly accounts?: readonly string[] | undefined;
  readonly pullThroughCache?: boolean | undefined;
}): EcrSettings {
  const version = given.version ?? DEFAULT_ECR_VERSION;
  const known = Object.entries({ ...ECR_CHECKSUMS[version], ...given.checksums });
  return {
    version,
    checksums: Object.fromEntries(known.filter(([, checksum]) => checksum !== undefined)),
    accounts: given.accounts ?? [],
    pullThroughCache: given.pullThroughCache ?? false,
  };
}
