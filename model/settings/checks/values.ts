import { ADDON_KEYS, addonOf } from "../../addons";
import { DEFAULTS } from "../defaults";
import { type Facts, pick } from "../draft";
import type { Path, Problems } from "../problems";
import { isRegistryHost } from "../schema/primitives";
import { draftOf } from "./addons";

export function validateCertificates({ input }: Facts, problems: Problems): void {
  const certificates = input.certificates ?? {};
  const validityDays = pick(certificates, "validityDays", DEFAULTS.certificates.validityDays);
  const before = pick(certificates, "renewBeforeDays", DEFAULTS.certificates.renewBeforeDays);
  if (validityDays === undefined || before === undefined || before < validityDays) return;
  const key = certificates.renewBeforeDays === undefined ? "validityDays" : "renewBeforeDays";
  const [value, message, allowed] =
    key === "validityDays"
      ? [validityDays, `is no longer than renewBeforeDays ${before}`, `more than ${before}`]
      : [
          before,
          `is no less than validityDays ${validityDays}: certificates would be renewed all the time`,
          `less than ${validityDays}`,
        ];
  problems.add(["certificates", key], value, message, { allowed });
}

/** What stands twice in a list says that one of the two was meant differently. */
export function validateLists(facts: Facts, problems: Problems): void {
  const { input } = facts;
  const lists: (readonly [Path, readonly (string | undefined)[]])[] = [
    [["encryption", "keys"], input.encryption?.keys ?? []],
    [["network", "peers"], (input.network?.peers ?? []).map((peer) => peer?.name)],
    ...ADDON_KEYS.flatMap((key) => {
      const addon = draftOf(facts, key);
      return addon === undefined ? [] : (addonOf(key).lists?.(addon) ?? []);
    }),
    [["cni", "trustedSubnets"], input.cni?.kind === "weave" ? (input.cni.trustedSubnets ?? []) : []],
    ...(input.roles ?? []).map((grant, index): [(string | number)[], readonly (string | undefined)[]] => [
      ["roles", index, "namespaces"],
      grant?.namespaces ?? [],
    ]),
  ];
  for (const [path, values] of lists) {
    values.forEach((value, index) => {
      if (value === undefined || values.indexOf(value) === index) return;
      const place = path[1] === "peers" ? [...path, index, "name"] : [...path, index];
      problems.add(place, value, "stands twice", { allowed: "each once" });
    });
  }
}

export function validateMirrors({ input }: Facts, problems: Problems): void {
  for (const registry of Object.keys(input.images?.mirrors ?? {})) {
    // containerd docs/hosts.md: the folder is the registry's host with an optional port, or _default.
    if (registry === "_default" || isRegistryHost(registry)) continue;
    problems.add(["images", "mirrors", registry], registry, "is not a host of a registry", {
      allowed: "a host with an optional port and no scheme or path, as registry.k8s.io, or _default",
    });
  }
}

/** A registry proves itself and is proved to in one way, over TLS, with what belongs together. */
export function validateRegistries({ input, aws }: Facts, problems: Problems): void {
  const mirrors = Object.entries(input.images?.mirrors ?? {});
  for (const [host, given] of Object.entries(input.images?.registries ?? {})) {
    const path = ["images", "registries", host];
    if (!isRegistryHost(host)) {
      problems.add(path, host, "is not a host of a registry", {
        allowed: "a host with an optional port and no scheme or path, as registry.example.com:5000",
      });
      continue;
    }
    if (given === undefined) continue;
    if (Object.keys(given).length === 0)
      problems.add(path, given, "says nothing", {
        allowed: "credentials, token, ca, or clientCertificate with clientKey",
      });
    if ("token" in given && "credentials" in given)
      problems.add([...path, "token"], given.token, "cannot be combined with credentials", {
        allowed: "one of the two",
      });
    if ("clientCertificate" in given !== "clientKey" in given) {
      const [there, missing] =
        "clientKey" in given ? ["clientKey", "clientCertificate"] : ["clientCertificate", "clientKey"];
      problems.add([...path, missing], undefined, `is missing beside ${there}`, {
        allowed:
          missing === "clientKey"
            ? "the name of a secret: the certificate's private key in PEM"
            : "the certificate in PEM",
      });
    }
    const secret = (["credentials", "token", "clientKey"] as const).find((key) => key in given);
    if (secret === undefined) continue;
    if (aws !== undefined) {
      problems.add(
        [...path, secret],
        given[secret],
        "cannot reach instances of platform aws: their user data holds no secret",
        {
          allowed: "a registry that asks for none, or an image of your own that brings them",
        },
      );
      continue;
    }
    for (const [registry, urls] of mirrors) {
      (urls ?? []).forEach((url, index) => {
        if (url !== undefined && url.startsWith("http://") && new URL(url).host === host)
          problems.add(
            ["images", "mirrors", registry, index],
            url,
            `would send ${secret} of images.registries in plain text`,
            {
              allowed: "https://",
            },
          );
      });
    }
  }
}

/** A password is for a proxy that there is, and for hosts that setup reaches. */
export function validateProxy({ input: { proxy }, aws }: Facts, problems: Problems): void {
  if (proxy?.credentials === undefined) return;
  const path = ["proxy", "credentials"];
  if (aws !== undefined)
    problems.add(
      path,
      proxy.credentials,
      "cannot reach instances of platform aws: their user data holds no secret",
      {
        allowed: "a proxy that asks for none, as one in the VPC that passes requests on",
      },
    );
  else if (!("http" in proxy) && !("https" in proxy))
    problems.add(path, proxy.credentials, "is for a proxy, and there is none", {
      allowed: "proxy.http or proxy.https beside it",
    });
}

/** Prefixes of names that the cluster trusts by themselves: whoever makes groups at the issuer could take them. */
const TRUSTED = ["system:", "kubeadm:", "tenant:"];

export function validateLoginNames({ input: { oidc } }: Facts, problems: Problems): void {
  if (oidc === undefined) return;
  for (const key of ["usernamePrefix", "groupsPrefix"] as const) {
    const value = oidc[key];
    if (value === "")
      problems.add(["oidc", key], value, "is empty", { allowed: 'a prefix, as "oidc:", or "-" for none' });
    const trusted = TRUSTED.find((prefix) => value?.startsWith(prefix) === true);
    if (trusted === undefined) continue;
    const message = `makes names of the issuer into such as Kubernetes and this library trust, as ${
      trusted === "tenant:"
        ? "tenant:shop"
        : trusted === "kubeadm:"
          ? "kubeadm:cluster-admins"
          : "system:masters"
    }`;
    problems.add(["oidc", key], value, message, { allowed: 'a prefix of its own, as "oidc:"' });
  }
  if (oidc.groupsPrefix === undefined || "groupsClaim" in oidc) return;
  problems.add(
    ["oidc", "groupsPrefix"],
    oidc.groupsPrefix,
    "is for groups, and oidc.groupsClaim does not say where they stand",
    {
      allowed: "groupsClaim beside it, as groups; or no groupsPrefix",
    },
  );
}

/** kube-apiserver refuses --authentication-config together with --oidc-*: both say who is whom. */
export function validateLoginConfiguration({ input }: Facts, problems: Problems): void {
  const file = input.apiServer?.extraArgs?.["authentication-config"];
  if (file === undefined || input.oidc === undefined) return;
  problems.add(["apiServer", "extraArgs", "authentication-config"], file, "cannot be combined with oidc", {
    allowed: "one of the two",
  });
}
