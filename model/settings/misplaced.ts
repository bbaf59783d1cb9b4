import { isMap, isScalar, type Document } from "yaml";
import { excerptOf, lineAt } from "./excerpt";
import { nearest } from "../text";
import { show, type Problem } from "./problems";
import { SETTINGS_KEYS } from "./schema/cluster";

const KEYS = ["kubeadm:cluster", "kubeadm:secrets"];
/** Namespaces that people write for the library's. */
const NAMESPACE = /^(pulumi[-_.]?)?kubeadm$/;

interface Key {
  readonly name: string;
  readonly line: number;
}

/** Keys of a stack's file that stand where nobody reads them, usually by an indentation or a colon. */
export function misplacedKeys(text: string, document: Document): Problem[] {
  const top = keysOf(text, document.contents);
  const config = keysOf(text, document.get("config", true));
  const problem = ({ name, line }: Key, message: string, allowed: string, nearest?: string): Problem => ({
    path: `line ${line}`,
    value: show(name),
    message,
    allowed,
    ...(nearest === undefined ? {} : { nearest }),
    excerpt: excerptOf(text, [line]),
  });
  return [
    ...top.flatMap((key) =>
      SETTINGS_KEYS.has(key.name) || lookalike(key.name) !== undefined
        ? [problem(key, "is not below config", "below `config:`, indented by two columns")]
        : [],
    ),
    ...config.flatMap((key) => {
      if (KEYS.includes(key.name)) return [];
      if (SETTINGS_KEYS.has(key.name)) {
        const allowed = "below `kubeadm:cluster:`, indented by two more columns";
        return [problem(key, "is a cluster setting and belongs below kubeadm:cluster", allowed)];
      }
      const meant = lookalike(key.name);
      return meant === undefined ? [] : [problem(key, "is an unknown key", KEYS.join(" and "), meant)];
    }),
  ];
}

/** The key that a name is meant for; undefined for the key itself, and for keys of others. */
function lookalike(name: string): string | undefined {
  if (KEYS.includes(name)) return name;
  const [, namespace = "", rest = ""] = /^([^:.\s]+)[:.]?\s*(.*)$/.exec(name) ?? [];
  if (!NAMESPACE.test(namespace)) return undefined;
  if (rest === "") return KEYS[0];
  const near = nearest(rest, ["cluster", "secrets"]);
  const meant = near === undefined ? undefined : `kubeadm:${near}`;
  // A project may be called like the library, and have keys of its own.
  return namespace === "kubeadm" ? (meant ?? KEYS[0]) : meant;
}

function keysOf(text: string, node: unknown): Key[] {
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key }) => {
    if (!isScalar(key) || typeof key.value !== "string" || !key.range) return [];
    return [{ name: key.value, line: lineAt(text, key.range[0]) }];
  });
}
