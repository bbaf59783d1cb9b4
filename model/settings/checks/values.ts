import { ADDON_KEYS, addonOf } from "../../addons";
import { domainOf } from "../../cni";
import type { Checked } from "../checked";
import { entriesOf } from "../entries";
import type { Path, Problems } from "../problems";
import { isRegistryHost } from "../schema/primitives";
import { PARTS } from "../parts";
import { writtenAddon } from "./addons";

export function validateCertificates({ written, settings }: Checked, problems: Problems): void {
  const { validityDays, renewBeforeDays, rotation } = settings.certificates;
  const windows = settings.aws?.pools.filter(({ platform }) => platform === "windows") ?? [];
  if (rotation !== undefined && windows.length > 0)
    problems.add(
      ["certificates", "rotation"],
      rotation,
      `does not work with Windows workers (${windows.map(({ name }) => `workers.${name}`).join(", ")}): nothing runs on them that could give them another CA`,
      { allowed: "no rotation, or Linux workers only" },
    );
  if (renewBeforeDays < validityDays) return;
  if (written.certificates?.renewBeforeDays === undefined)
    problems.add(
      ["certificates", "validityDays"],
      validityDays,
      `is no longer than renewBeforeDays ${renewBeforeDays}`,
      { allowed: `more than ${renewBeforeDays}` },
    );
  else
    problems.add(
      ["certificates", "renewBeforeDays"],
      renewBeforeDays,
      `is not less than validityDays ${validityDays}: certificates would be renewed all the time`,
      { allowed: `less than ${validityDays}` },
    );
}

/** A duplicate in a list probably means that one of the two is a mistake. */
export function validateLists(checked: Checked, problems: Problems): void {
  const { written, settings } = checked;
  const { encryption, network } = written;
  const named = encryption?.keys !== undefined && !encryption.keys.includes("generated");
  if (encryption?.rotation !== undefined && named)
    problems.add(
      ["encryption", "rotation"],
      encryption.rotation,
      "is for the generated key, which encryption.keys leaves out",
      {
        allowed: "generated among encryption.keys, or no rotation: a named key is rotated by another name",
      },
    );
  problems.addTwins(encryption?.keys, (index) => ["encryption", "keys", index]);
  problems.addTwins(network?.peers, (index) => ["network", "peers", index, "name"], {
    of: ({ name }) => name,
  });
  const lists: (readonly [Path, readonly string[]])[] = [
    ...ADDON_KEYS.flatMap((key) => {
      const addon = writtenAddon(checked, key);
      return addon === undefined ? [] : (addonOf(key).lists?.(addon) ?? []);
    }),
    ...(domainOf(settings.cni.kind).lists?.(written.cni ?? {}) ?? []),
    ...PARTS.flatMap((part) => part.lists?.(written) ?? []),
  ];
  for (const [path, values] of lists) problems.addTwins(values, (index) => [...path, index]);
}

export function validateMirrors({ written }: Checked, problems: Problems): void {
  for (const registry of Object.keys(written.images?.mirrors ?? {})) {
    // containerd docs/hosts.md: the folder is the registry's host with an optional port, or _default.
    if (registry === "_default" || isRegistryHost(registry)) continue;
    problems.add(["images", "mirrors", registry], registry, "is not the host name of a registry", {
      allowed: "a host with an optional port and no scheme or path, such as registry.k8s.io, or _default",
    });
  }
}

/** A registry proves itself and is proved to in one way, over TLS, with what belongs together. */
export function validateRegistries({ written, settings, refused }: Checked, problems: Problems): void {
  const { mirrors = {}, registries = {} } = written.images ?? {};
  for (const [host, given] of Object.entries(registries)) {
    const path = ["images", "registries", host];
    if (refused(path)) continue;
    if (!isRegistryHost(host)) {
      problems.add(path, host, "is not the host name of a registry", {
        allowed: "a host with an optional port and no scheme or path, such as registry.example.com:5000",
      });
      continue;
    }
    if (Object.keys(given).length === 0)
      problems.add(path, given, "says nothing", {
        allowed: "credentials, token, ca, or clientCertificate with clientKey",
      });
    if ("token" in given && "credentials" in given)
      problems.add([...path, "token"], given.token, "cannot be combined with credentials", {
        allowed: "one of them",
      });
    if ("clientKey" in given && !("clientCertificate" in given))
      problems.add([...path, "clientCertificate"], undefined, "is missing: clientKey is set", {
        allowed: "the certificate in PEM",
      });
    if ("clientCertificate" in given && !("clientKey" in given))
      problems.add([...path, "clientKey"], undefined, "is missing: clientCertificate is set", {
        allowed: "the name of a secret: the certificate's private key in PEM",
      });
    const secret = (["credentials", "token", "clientKey"] as const).find((key) => key in given);
    if (secret === undefined) continue;
    if (settings.aws !== undefined) {
      problems.add([...path, secret], given[secret], UNREACHABLE, {
        allowed: "a registry without login, or your own machine image that has the credentials",
      });
      continue;
    }
    for (const [registry, urls] of Object.entries(mirrors))
      for (const [index, url] of entriesOf(urls))
        if (url.startsWith("http://") && new URL(url).host === host)
          problems.add(
            ["images", "mirrors", registry, index],
            url,
            `would send ${secret} of images.registries in plain text`,
            { allowed: "https://" },
          );
  }
}

const UNREACHABLE = "does not work on platform aws: the user data of instances contains no secrets";

/** A password is for a proxy that there is, and for hosts that setup reaches. */
export function validateProxy({ written: { proxy }, settings }: Checked, problems: Problems): void {
  if (proxy?.credentials === undefined) return;
  const path = ["proxy", "credentials"];
  if (settings.aws !== undefined)
    problems.add(path, proxy.credentials, UNREACHABLE, {
      allowed: "a proxy without login, for example one in the VPC that forwards requests",
    });
  else if (!("http" in proxy) && !("https" in proxy))
    problems.add(path, proxy.credentials, "is set, but there is no proxy", {
      allowed: "proxy.http or proxy.https as well",
    });
}

/** Prefixes of names that the cluster trusts by themselves: whoever makes groups at the issuer could take them. */
const TRUSTED = {
  "system:": "system:masters",
  "kubeadm:": "kubeadm:cluster-admins",
  "tenant:": "tenant:shop",
};

export function validateLoginNames({ written: { oidc } }: Checked, problems: Problems): void {
  if (oidc === undefined) return;
  for (const key of ["usernamePrefix", "groupsPrefix"] as const) {
    const value = oidc[key];
    if (value === "")
      problems.add(["oidc", key], value, "is empty", {
        allowed: 'a prefix, such as "oidc:", or "-" for none',
      });
    const [, trusted] = Object.entries(TRUSTED).find(([prefix]) => value?.startsWith(prefix)) ?? [];
    if (trusted === undefined) continue;
    const message = `turns names of the issuer into names that Kubernetes and this library trust, such as ${trusted}`;
    problems.add(["oidc", key], value, message, { allowed: 'a different prefix, such as "oidc:"' });
  }
  if (oidc.groupsPrefix === undefined || "groupsClaim" in oidc) return;
  problems.add(
    ["oidc", "groupsPrefix"],
    oidc.groupsPrefix,
    "has no effect without oidc.groupsClaim, which names the claim that lists groups",
    { allowed: "groupsClaim as well, such as groups; or no groupsPrefix" },
  );
}

/** kube-apiserver refuses --authentication-config together with --oidc-*: both say who is whom. */
export function validateLoginConfiguration({ written }: Checked, problems: Problems): void {
  const file = written.apiServer?.extraArgs?.["authentication-config"];
  if (file === undefined || written.oidc === undefined) return;
  problems.add(["apiServer", "extraArgs", "authentication-config"], file, "cannot be combined with oidc", {
    allowed: "one of them",
  });
}
