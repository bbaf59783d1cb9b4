/** Plugins of CoreDNS' own build (coredns v1.14.2, plugin.cfg); the image that the library runs has no others. */
export const COREDNS_PLUGINS: readonly string[] = (
  "root metadata geoip cancel tls quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug trace " +
  "ready health pprof prometheus errors log dnstap local dns64 any chaos loadbalance tsig cache rewrite acl header dnssec " +
  "autopath minimal template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop " +
  "forward grpc erratic whoami on sign view nomad"
).split(" ");

/** Those that one server block can have once: a second one keeps CoreDNS from starting (their setup.go, plugin.ErrOnce). */
export const ONCE_IN_A_BLOCK: readonly string[] = [
  "cache",
  "dnssec",
  "errors",
  "grpc",
  "hosts",
  "kubernetes",
  "loop",
  "nsid",
  "pprof",
  "prometheus",
  "ready",
  "tsig",
  "view",
];
