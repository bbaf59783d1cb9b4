import { listOf, mappingOf, type Mapping } from "../../core/tree";
import { API_SERVER_TYPES } from "../apiServer";
import { type DocumentRules, checkDocument } from "../check";
import { SCHEDULER_TYPES } from "../scheduler";
import { anonymousPaths } from "../../kubeadm/authentication";
import type { FileComponent } from "../../kubeadm/paths";
import { type Checked, minorIn } from "../../settings/checked";
import type { Path, Problems } from "../../settings/problems";
import { validateKind } from "./audit";
import { report } from "./report";

/** What a file that a flag names has to be. */
export interface Configuration {
  /** In words, for a text that is not a document at all. */
  readonly what: string;
  readonly check: (document: Mapping, path: Path, checked: Checked, problems: Problems) => void;
}

const EXCEPT = ["apiVersion", "kind"];

const SCHEDULER: DocumentRules = {
  types: SCHEDULER_TYPES,
  root: "KubeSchedulerConfiguration",
  except: EXCEPT,
  ranges: { "KubeSchedulerConfiguration.percentageOfNodesToScore": [0, 100] },
};
const AUTHENTICATION: DocumentRules = {
  types: API_SERVER_TYPES,
  root: "AuthenticationConfiguration",
  except: EXCEPT,
};
const AUTHORIZATION: DocumentRules = {
  types: API_SERVER_TYPES,
  root: "AuthorizationConfiguration",
  except: EXCEPT,
  words: {
    "AuthorizerConfiguration.type": ["Node", "RBAC", "Webhook", "ABAC"],
    "WebhookConfiguration.failurePolicy": ["NoOpinion", "Deny"],
    "WebhookConnectionInfo.type": ["KubeConfigFile", "InClusterConfig"],
  },
};

const KUBECONFIG = "/etc/kubernetes/scheduler.conf";

const BY_FLAG: Readonly<Record<string, Configuration>> = {
  "scheduler config": of(
    "kubescheduler.config.k8s.io/v1",
    "KubeSchedulerConfiguration",
    SCHEDULER,
    (document, path, problems) => {
      const { kubeconfig } = mappingOf(document.clientConnection);
      if (kubeconfig !== KUBECONFIG)
        problems.add(
          [...path, "clientConnection", "kubeconfig"],
          kubeconfig,
          "is not kubeadm's path, and the scheduler reads no other file",
          { allowed: KUBECONFIG },
        );
      const { leaderElect } = mappingOf(document.leaderElection);
      if (leaderElect === false)
        problems.add(
          [...path, "leaderElection", "leaderElect"],
          leaderElect,
          "must stay true: several control-plane nodes would otherwise act at once",
          { allowed: "true, or nothing" },
        );
    },
  ),
  "apiServer authentication-config": of(
    "apiserver.config.k8s.io/v1",
    "AuthenticationConfiguration",
    AUTHENTICATION,
    (document, path, problems) => {
      const anonymous = mappingOf(document.anonymous);
      const open = listOf(anonymous.conditions).map((one) => mappingOf(one).path);
      const missing = anonymousPaths.filter((one) => !open.includes(one));
      const wider = open.length === 0 || open.some((one) => !anonymousPaths.some((known) => known === one));
      if (anonymous.enabled !== true || missing.length > 0 || wider)
        problems.add(
          [...path, "anonymous"],
          document.anonymous,
          "must let probes and load balancers, and nobody else, call without credentials",
          {
            allowed: `{ enabled: true, conditions: [${anonymousPaths.map((one) => `{ path: ${one} }`).join(", ")}] }`,
          },
        );
    },
  ),
  "apiServer authorization-config": of(
    "apiserver.config.k8s.io/v1",
    "AuthorizationConfiguration",
    AUTHORIZATION,
    (document, path, problems) => {
      const types = listOf(document.authorizers).map((one) => mappingOf(one).type);
      const missing = ["Node", "RBAC"].filter((type) => !types.includes(type));
      if (missing.length > 0)
        problems.add(
          [...path, "authorizers"],
          types,
          `lacks ${missing.join(" and ")}: kubelets and RBAC roles need them`,
          { allowed: "Node and RBAC, optionally with others" },
        );
    },
  ),
};

/** What the file of a flag is; undefined: its text is not looked at. */
export function configurationOf(component: FileComponent, flag: string): Configuration | undefined {
  return BY_FLAG[`${component} ${flag}`];
}

function of(
  apiVersion: string,
  kind: string,
  rules: DocumentRules,
  more: (document: Mapping, path: Path, problems: Problems) => void,
): Configuration {
  return {
    what: `a document of kind ${kind}, ${apiVersion}`,
    check: (document, path, checked, problems) => {
      validateKind(document, path, { apiVersion, kind }, problems);
      const minor = minorIn(checked);
      report(path, checkDocument(rules, document, minor), problems);
      more(document, path, problems);
    },
  };
}
