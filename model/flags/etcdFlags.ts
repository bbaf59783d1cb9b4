/**
 * Flags of etcd by kind. Source: embed/config.go and etcdmain/config.go of go.etcd.io/etcd/server v3.6.8 and v3.7.0. `name@-3.6` is a flag
 * that 3.7 no longer has.
 */
export const ETCD_FLAGS = {
  bool: `
    auto-tls client-cert-auth discovery-insecure-skip-tls-verify discovery-insecure-transport
    enable-distributed-tracing enable-grpc-gateway enable-log-rotation enable-pprof
    experimental-compact-hash-check-enabled@-3.6 experimental-enable-distributed-tracing@-3.6
    experimental-enable-lease-checkpoint-persist@-3.6 experimental-enable-lease-checkpoint@-3.6
    experimental-initial-corrupt-check@-3.6 experimental-memory-mlock@-3.6
    experimental-peer-skip-client-san-verification@-3.6 experimental-stop-grpc-service-on-defrag@-3.6
    experimental-txn-mode-write-with-shared-buffer@-3.6 force-new-cluster initial-election-tick-advance
    memory-mlock peer-auto-tls peer-client-cert-auth peer-skip-client-san-verification pre-vote
    socket-reuse-address socket-reuse-port strict-reconfig-check unsafe-no-fsync`,
  int: `
    auth-token-ttl backend-batch-limit bcrypt-cost bootstrap-defrag-threshold-megabytes
    compaction-batch-limit distributed-tracing-sampling-rate election-timeout
    experimental-bootstrap-defrag-threshold-megabytes@-3.6 experimental-compaction-batch-limit@-3.6
    experimental-distributed-tracing-sampling-rate@-3.6 experimental-snapshot-catchup-entries@-3.6
    heartbeat-interval max-concurrent-streams max-learners max-request-bytes max-snapshots max-txn-ops
    max-wals quota-backend-bytes self-signed-cert-validity snapshot-catchup-entries snapshot-count`,
  duration: `
    backend-batch-interval compact-hash-check-time compaction-sleep-interval corrupt-check-time
    discovery-dial-timeout discovery-keepalive-time discovery-keepalive-timeout
    discovery-request-timeout downgrade-check-time experimental-compact-hash-check-time@-3.6
    experimental-compaction-sleep-interval@-3.6 experimental-corrupt-check-time@-3.6
    experimental-downgrade-check-time@-3.6 experimental-warning-apply-duration@-3.6
    experimental-warning-unary-request-duration@-3.6 experimental-watch-progress-notify-interval@-3.6
    grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout raft-read-timeout
    raft-write-timeout warning-apply-duration warning-unary-request-duration
    watch-progress-notify-interval`,
  text: `
    auth-token auto-compaction-mode auto-compaction-retention backend-bbolt-freelist-type cert-file
    client-cert-file client-crl-file client-key-file config-file data-dir discovery-cacert
    discovery-cert discovery-fallback discovery-key discovery-password discovery-proxy@-3.6
    discovery-srv discovery-srv-name discovery-token discovery-user discovery@-3.6
    distributed-tracing-address distributed-tracing-instance-id distributed-tracing-service-name
    experimental-distributed-tracing-address@-3.6 experimental-distributed-tracing-instance-id@-3.6
    experimental-distributed-tracing-service-name@-3.6 initial-cluster initial-cluster-state
    initial-cluster-token key-file log-format log-level log-rotation-config-json logger metrics name
    peer-cert-file peer-client-cert-file peer-client-key-file peer-crl-file peer-key-file
    peer-trusted-ca-file tls-max-version tls-min-version trusted-ca-file v2-deprecation wal-dir`,
  list: `
    advertise-client-urls cipher-suites client-cert-allowed-hostname cors host-whitelist
    initial-advertise-peer-urls listen-client-http-urls listen-client-urls listen-metrics-urls
    listen-peer-urls log-outputs peer-cert-allowed-cn peer-cert-allowed-hostname`,
  map: `
    feature-gates`,
} as const;
