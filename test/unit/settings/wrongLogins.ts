import { REGION, smallAws } from "../../support/awsInput";
import { all, set } from "./edit";
import { CERTIFICATE, PEM, type Wrong, cases, casesOf } from "./wrong";

const HOST = "registry.example.com";
const registry = (over: object, host = HOST) => set("images.registries", { [host]: over });
const at = (key: string) => `images.registries["${HOST}"]${key === "" ? "" : `.${key}`}`;
const proxy = (over: object) => set("proxy", { https: "http://proxy.example.com:3128", ...over });

export const WRONG_LOGINS: readonly Wrong[] = [
  ...cases("logins: registries", [
    [
      "a URL",
      registry({ ca: CERTIFICATE }, "https://a.example"),
      'images.registries["https://a.example"]',
      /not the host name of a registry/,
    ],
    ["nothing", registry({}), at(""), /says nothing/],
    ["a path for a CA", registry({ ca: "/etc/ssl/ca.crt" }), at("ca"), /not a certificate.*not its path/],
    ["a key for a CA", registry({ ca: PEM }), at("ca"), /private key/],
    ["a CA with its key", registry({ ca: CERTIFICATE + PEM }), at("ca"), /private key/],
    [
      "a damaged CA",
      registry({ ca: CERTIFICATE.replace("MIIB", "MIIC") }),
      at("ca"),
      /certificate 1 of 1 cannot be read.*openssl x509/,
    ],
    [
      "a second CA that was cut",
      registry({ ca: CERTIFICATE + CERTIFICATE.replace(/MEQC[^]*5Q==\n/, "") }),
      at("ca"),
      /certificate 2 of 2 cannot be read/,
    ],
    [
      "a request for a CA",
      registry({ ca: CERTIFICATE.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST") }),
      at("ca"),
      /is a certificate request, not a certificate/,
    ],
    ["text around a CA", registry({ ca: `Bag Attributes\n${CERTIFICATE}` }), at("ca"), /text outside/],
    [
      "a certificate alone",
      registry({ clientCertificate: CERTIFICATE }),
      at("clientKey"),
      /is missing: clientCertificate is set/,
    ],
    ["a key alone", registry({ clientKey: "key" }), at("clientCertificate"), /is missing: clientKey is set/],
    ["two logins", registry({ credentials: "a", token: "b" }), at("token"), /combined with credentials/],
    [
      "a password itself",
      registry({ credentials: "robot:hunter2hunter2" }),
      at("credentials"),
      /name of an entry in kubeadm:secrets/,
    ],
    ["a misspelt key", registry({ user: "robot", credentials: "a" }), at("user"), /unknown key.*credentials/],
    [
      "a secret that is not there",
      registry({ credentials: "harbor" }),
      at("credentials"),
      /is not in kubeadm:secrets/,
      { operator: PEM },
    ],
    [
      "a secret without a user",
      registry({ credentials: "harbor" }),
      "kubeadm:secrets.harbor",
      /^\[hidden\] is not a user with a password/,
      { operator: PEM, harbor: "hunter2" },
    ],
    [
      "a secret with a line's end",
      registry({ token: "harbor" }),
      "kubeadm:secrets.harbor",
      /^\[hidden\] is not a token/,
      { operator: PEM, harbor: "abc\n" },
    ],
    [
      "a password over http",
      all(registry({ credentials: "a" }), set("images.mirrors", { "docker.io": [`http://${HOST}`] })),
      'images.mirrors["docker.io"][0]',
      /in plain text.*https/,
    ],
    [
      "a password in a mirror",
      set("images.mirrors", { "docker.io": ["https://me:hunter2@a.example"] }),
      'images.mirrors["docker.io"][0]',
      /images\.registries\.<host>\.credentials/,
    ],
  ]),
  ...cases("logins: proxies", [
    [
      "a password in the URL",
      set("proxy", { https: "http://me:hunter2@proxy.example.com:3128" }),
      "proxy.https",
      /^\[hidden\].*proxy\.credentials/,
    ],
    [
      "no proxy",
      set("proxy", { credentials: "proxy", noProxy: ["a.example"] }),
      "proxy.credentials",
      /there is no proxy/,
    ],
    ["a password itself", proxy({ credentials: "me:hunter2" }), "proxy.credentials", /name of an entry/],
    [
      "a secret that is not one",
      proxy({ credentials: "proxy" }),
      "kubeadm:secrets.proxy",
      /user:password/,
      { operator: PEM, proxy: "me" },
    ],
  ]),
  ...casesOf(
    "logins: on AWS",
    [
      [
        "a registry's",
        registry({ credentials: "a" }),
        at("credentials"),
        /user data of instances contains no secrets/,
      ],
      [
        "a client's key",
        registry({ clientCertificate: CERTIFICATE, clientKey: "a" }),
        at("clientKey"),
        /user data/,
      ],
      ["a proxy's", proxy({ credentials: "a" }), "proxy.credentials", /user data/],
    ],
    { base: smallAws, region: REGION },
  ),
];
