import { REGION, smallAws } from "../../support/awsInput";
import { all, hostKey, set } from "./edit";
import { CERTIFICATE, PEM, type Wrong, cases, casesOf } from "./wrong";

const backup = (over: object) =>
  set("etcd.backup", { target: { kind: "folder", path: "/srv/etcd" }, ...over });
const target = (over: object) => backup({ target: over });
const ssh = (over: object) =>
  target({
    kind: "ssh",
    host: "192.0.2.50",
    user: "backup",
    hostKey: hostKey(),
    key: "operator",
    path: "etcd",
    ...over,
  });
const s3 = (over: object) =>
  target({ kind: "s3", bucket: "backups", region: "eu-central-1", credentials: "s3", ...over });
const snapshot = (version: string) =>
  `etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k${version}.snapshot`;
const restore = (name: string) => all(backup({}), set("etcd.restore", name));
const at = (key: string) => `etcd.backup.target.${key}`;

export const WRONG_BACKUP: readonly Wrong[] = [
  ...cases("backups: what and when", [
    ["no target", set("etcd.backup", {}), "etcd.backup.target", /is missing/],
    ["a word", set("etcd.backup", true), "etcd.backup", /mapping|keys/],
    ["an unknown key", backup({ retention: 3 }), "etcd.backup.retention", /unknown key.*keep/],
    ["none kept", backup({ keep: 0 }), "etcd.backup.keep", /1/],
    ["every minute", backup({ schedule: "1m" }), "etcd.backup.schedule", /15m.*at most every 15 minutes/],
    [
      "every seven hours",
      backup({ schedule: "7h" }),
      "etcd.backup.schedule",
      /not a schedule of backups.*6h, 8h/,
    ],
    ["cron", backup({ schedule: "0 */6 * * *" }), "etcd.backup.schedule", /calendar of systemd/],
    [
      "every ten minutes",
      backup({ schedule: "*:00/10" }),
      "etcd.backup.schedule",
      /at most every 15 minutes/,
    ],
    ["an unknown kind", target({ kind: "nfs", path: "/srv" }), at("kind"), /folder.*ssh.*s3/],
  ]),
  ...cases("backups: a folder", [
    ["below the user's", target({ kind: "folder", path: "etcd" }), at("path"), /not an absolute path/],
    [
      "etcd's own",
      target({ kind: "folder", path: "/var/lib/etcd/backup" }),
      at("path"),
      /is in \/var\/lib\/etcd/,
    ],
    ["lost at a boot", target({ kind: "folder", path: "/tmp/etcd" }), at("path"), /does not last/],
    ["upwards", target({ kind: "folder", path: "/srv/../etc" }), at("path"), /without '\.\.'/],
    ["the CNI's", target({ kind: "folder", path: "/opt/cni" }), at("path"), /is in \/opt\/cni/],
    [
      "a slash at the end",
      target({ kind: "folder", path: "/srv/etcd/" }),
      at("path"),
      /not the path of a folder.*\/srv\/etcd$/,
    ],
    ["the root", target({ kind: "folder", path: "/" }), at("path"), /not the path of a folder/],
    ["a blank", target({ kind: "folder", path: "/srv/my backups" }), at("path"), /letters, digits/],
  ]),
  ...cases("backups: over SSH", [
    ["no host key", ssh({ hostKey: undefined }), at("hostKey"), /is missing/],
    ["a fingerprint", ssh({ hostKey: "SHA256:abc" }), at("hostKey"), /ssh-keyscan/],
    ["a key in the settings", ssh({ key: PEM }), at("key"), /kubeadm:secrets/],
    ["an address of pods", ssh({ host: "10.244.3.4" }), at("host"), /lies within the pod range/],
    [
      "the name of a Service",
      ssh({ host: "sftp.backup.svc" }),
      at("host"),
      /name of a Service.*do not ask cluster DNS/,
    ],
    [
      "a secret of another kind is not proposed",
      ssh({ key: "nobody" }),
      at("key"),
      /is not in kubeadm:secrets operator$/,
      { operator: PEM, s3: "AKIA:secret" },
    ],
    ["a quote in the path", ssh({ path: 'a"b' }), at("path"), /not a path/],
    [
      "a key that is not there",
      ssh({ key: "nobody" }),
      at("key"),
      /is not in kubeadm:secrets/,
      { operator: PEM },
    ],
  ]),
  ...cases("backups: S3", [
    ["capitals", s3({ bucket: "Backups" }), at("bucket"), /a-z/],
    ["two dots", s3({ bucket: "a..b" }), at("bucket"), /without '\.\.'/],
    ["an address for a bucket", s3({ bucket: "192.168.5.4" }), at("bucket"), /not an IPv4 address/],
    [
      "an endpoint with the bucket",
      s3({ endpoint: "https://minio.example.com:9000/backups" }),
      at("endpoint"),
      /has a path.*https:\/\/minio\.example\.com:9000$/,
    ],
    [
      "an address of Services",
      s3({ endpoint: "https://10.96.0.40" }),
      at("endpoint"),
      /lies within the service range/,
    ],
    [
      "the name of a Service",
      s3({ endpoint: "https://minio.storage.svc.cluster.local:9000" }),
      at("endpoint"),
      /name of a Service.*do not ask cluster DNS/,
    ],
    [
      "a CA without TLS",
      s3({
        endpoint: "http://minio.example.com",
        ca: CERTIFICATE,
      }),
      at("ca"),
      /no effect.*https/,
    ],
    ["a slash before", s3({ prefix: "/etcd" }), at("prefix"), /without a slash at either end/],
    ["no credentials", s3({ credentials: undefined }), at("credentials"), /no role of AWS/],
    ["no region", s3({ region: undefined }), at("region"), /in no region of AWS.*eu-central-1/],
    ["a host for an endpoint", s3({ endpoint: "minio.example.com" }), at("endpoint"), /http/],
    [
      "a password in the endpoint",
      s3({ endpoint: "https://a:b@minio.example.com" }),
      at("endpoint"),
      /hidden|password/,
    ],
    [
      "credentials without a colon",
      s3({}),
      "kubeadm:secrets.s3",
      /ACCESS_KEY_ID:SECRET_ACCESS_KEY/,
      { operator: PEM, s3: "AKIAEXAMPLE" },
    ],
  ]),
  ...cases("backups: a restore", [
    ["a file", restore("/root/etcd.db"), "etcd.restore", /not the name of a snapshot.*list prints it/],
    ["no target", set("etcd.restore", snapshot("1.36.4")), "etcd.restore", /needs etcd\.backup/],
    [
      "a newer version",
      restore(snapshot("1.37.1")),
      "etcd.restore",
      /of Kubernetes 1\.37\.1, newer than 1\.36/,
    ],
    ["an old version", restore(snapshot("1.34.2")), "etcd.restore", /more than one minor version older/],
  ]),
  ...casesOf(
    "backups: AWS",
    [
      ["capitals", s3({ bucket: "B" }), at("bucket"), /a-z/],
      ["a minute", backup({ schedule: "1m" }), "etcd.backup.schedule", /15m/],
      ["a restore of a newer version", restore(snapshot("1.37.1")), "etcd.restore", /newer than 1\.36/],
    ],
    { base: smallAws, region: REGION },
  ),
];
