import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  apiServerFiles,
  apiServerFolder,
  clusterConfiguration,
  encryptionConfiguration,
  paths,
} from "../../../model/kubeadm";
import type { ClusterSettings, OidcSettings } from "../../../model/settings/resolved";
import { settingsOf } from "../../support/kubeadmSettings";

interface Rule {
  level: string;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: { group: string; resources?: string[] }[];
  nonResourceURLs?: string[];
}

interface Request {
  user?: string;
  groups?: string[];
  verb: string;
  group?: string;
  resource: string;
}

function read(
  settings: ClusterSettings,
  path: string,
  secrets?: { oidcCa?: string },
): Record<string, unknown> {
  const file = apiServerFiles(settings, secrets).find((one) => one.path === path);
  if (file === undefined) throw new Error(`no file ${path}`);
  return parse(file.content) as Record<string, unknown>;
}

/** The level of the first rule that fits, as the API server picks it (audit.k8s.io/v1, PolicyRule). */
function level(request: Request): string {
  const { rules } = read(settingsOf(), paths.auditPolicy) as unknown as { rules: Rule[] };
  const { user = "someone", groups = ["system:authenticated"], verb, group = "", resource } = request;
  const fits = (rule: Rule) =>
    rule.nonResourceURLs === undefined &&
    (rule.users === undefined || rule.users.includes(user)) &&
    (rule.userGroups === undefined || rule.userGroups.some((one) => groups.includes(one))) &&
    (rule.verbs === undefined || rule.verbs.includes(verb)) &&
    (rule.resources === undefined ||
      rule.resources.some(
        (one) => one.group === group && (one.resources === undefined || one.resources.includes(resource)),
      ));
  return rules.find(fits)?.level ?? "None";
}

describe("audit policy", () => {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

  it.each(["secrets", "configmaps", "serviceaccounts/token"])("never writes the body of %s", (resource) => {
    for (const verb of verbs) {
      expect(level({ verb, resource })).toBe("Metadata");
      expect(level({ verb, resource, user: "system:node:w1", groups: ["system:nodes"] })).toBe("Metadata");
    }
  });

  it("writes changes of who may do what as a whole", () => {
    const role = { group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" };
    expect(level({ ...role, verb: "create" })).toBe("RequestResponse");
    expect(level({ ...role, verb: "list" })).toBe("Metadata");
  });

  it("says who ran something in a pod", () => {
    expect(level({ verb: "create", resource: "pods/exec" })).not.toBe("None");
  });

  it("leaves out what the cluster does by itself all the time", () => {
    expect(level({ verb: "update", group: "coordination.k8s.io", resource: "leases" })).toBe("None");
    expect(level({ verb: "create", resource: "events" })).toBe("None");
    expect(level({ verb: "watch", resource: "pods", groups: ["system:nodes"] })).toBe("None");
    expect(level({ verb: "patch", resource: "nodes/status", groups: ["system:nodes"] })).toBe("None");
  });

  it("gives way as a whole to the user's own", () => {
    const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
    const settings = settingsOf({ audit: { maxAge: 1, maxBackup: 1, maxSize: 1, policy } });
    expect(read(settings, paths.auditPolicy)).toEqual(policy);
  });
});

describe("pod security", () => {
  it("exempts kube-system, where kubeadm's own pods could not run, and the namespaces of the settings", () => {
    const podSecurity = { ...settingsOf().podSecurity, exemptNamespaces: ["storage", "kube-system"] };
    const text = JSON.stringify(read(settingsOf({ podSecurity }), paths.admission));
    expect(text).toContain('"namespaces":["kube-system","storage"]');
    expect(text).toContain('"enforce":"baseline"');
  });
});

describe("authentication", () => {
  const oidc: OidcSettings = {
    issuerUrl: "https://id.example.org",
    clientId: "kubernetes",
    usernameClaim: "sub",
  };
  const flags = (settings: ClusterSettings) =>
    Object.fromEntries(
      (clusterConfiguration(settings).apiServer.extraArgs ?? []).map((one) => [one.name, one.value]),
    );

  it("lets nobody in without credentials but on the health paths", () => {
    expect(read(settingsOf(), paths.authentication)).toMatchObject({
      jwt: [],
      anonymous: {
        enabled: true,
        conditions: [{ path: "/livez" }, { path: "/readyz" }, { path: "/healthz" }],
      },
    });
    expect(flags(settingsOf())).toHaveProperty("authentication-config", paths.authentication);
  });

  it.each<[string, Partial<OidcSettings>, string]>([
    ["the issuer for a claim that another issuer may give too", {}, "https://id.example.org#"],
    ["nothing for email", { usernameClaim: "email" }, ""],
    ["what the settings say", { usernamePrefix: "oidc:" }, "oidc:"],
    ["nothing for a dash", { usernamePrefix: "-" }, ""],
  ])("puts before a user's name %s, as the flags would", (_, over, prefix) => {
    const document = read(settingsOf({ oidc: { ...oidc, ...over } }), paths.authentication);
    expect(document).toMatchObject({ jwt: [{ claimMappings: { username: { prefix } } }] });
  });

  it("puts the issuer's CA into the file, and says which secret is missing", () => {
    const settings = settingsOf({ oidc: { ...oidc, ca: "issuer-ca" } });
    expect(read(settings, paths.authentication, { oidcCa: "PEM" })).toMatchObject({
      jwt: [{ issuer: { certificateAuthority: "PEM" } }],
    });
    expect(() => apiServerFiles(settings)).toThrow("issuer-ca");
  });

  it("stands back when the settings bring a whole AuthenticationConfiguration", () => {
    const files = { "authn.yaml": { content: "kind: AuthenticationConfiguration" } };
    const settings = settingsOf({
      apiServer: { extraArgs: { "authentication-config": "authn.yaml" }, files, certSans: [] },
    });
    expect(apiServerFiles(settings).map((one) => one.path)).not.toContain(paths.authentication);
    expect(flags(settings)["authentication-config"]).toBe(`${apiServerFolder}/authn.yaml`);
  });

  it("puts a prefix before groups, and none only where the settings say so", () => {
    const groups = (over: Partial<OidcSettings>) =>
      read(settingsOf({ oidc: { ...oidc, groupsClaim: "groups", ...over } }), paths.authentication);
    const mapped = (prefix: string) => ({
      jwt: [{ claimMappings: { groups: { claim: "groups", prefix } } }],
    });
    expect(groups({ groupsPrefix: "oidc:" })).toMatchObject(mapped("oidc:"));
    expect(groups({ groupsPrefix: "-" })).toMatchObject(mapped(""));
  });

  it("asks tokens for the claims that the settings require", () => {
    const settings = settingsOf({ oidc: { ...oidc, requiredClaims: { hd: "example.org" } } });
    expect(read(settings, paths.authentication)).toMatchObject({
      jwt: [{ claimValidationRules: [{ claim: "hd", requiredValue: "example.org" }] }],
    });
  });
});

describe("every file", () => {
  it("that a flag names lies in the one folder the API server's pod sees", () => {
    const args = clusterConfiguration(settingsOf()).apiServer.extraArgs ?? [];
    const named = args
      .map((one) => one.value)
      .filter((value) => value.startsWith("/etc/kubernetes/pulumi-kubeadm"));
    const written = [...apiServerFiles(settingsOf()).map((one) => one.path), paths.encryption];
    expect([...named].sort()).toEqual([...written].sort());
    for (const path of written) expect(path.startsWith(`${apiServerFolder}/`)).toBe(true);
  });
});

describe("encryptionConfiguration", () => {
  const keys = { old: "b2xk", generated: "bmV3" };
  const settings = (provider: "secretbox" | "aescbc", names: string[]) =>
    settingsOf({ encryption: { provider, keys: names } });

  it("gives the generated key of a rotation its name, because AES-CBC tells keys apart by names alone", () => {
    const rotated = settingsOf({
      encryption: { provider: "aescbc", keys: ["generated"], rotation: "2026-12" },
    });
    expect(encryptionConfiguration(rotated, keys)).toContain("name: generated-2026-12");
  });

  it("encrypts with the first key, decrypts with all, and reads what was never encrypted", () => {
    const document = parse(
      encryptionConfiguration(settings("aescbc", ["old", "generated"]), keys),
    ) as unknown;
    expect(document).toMatchObject({
      resources: [
        {
          resources: ["secrets"],
          providers: [
            {
              aescbc: {
                keys: [
                  { name: "old", secret: "b2xk" },
                  { name: "generated", secret: "bmV3" },
                ],
              },
            },
            { identity: {} },
          ],
        },
      ],
    });
  });

  it("names the key that is missing, and shows none", () => {
    const render = () => encryptionConfiguration(settings("secretbox", ["old", "lost"]), keys);
    expect(render).toThrow('encryption key "lost"');
    expect(render).not.toThrow("b2xk");
  });
});
