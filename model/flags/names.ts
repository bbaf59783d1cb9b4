import { type Span, namesWithSpans } from "./table";

/**
 * Admission plugins of kube-apiserver. Source: AllOrderedPlugins in pkg/kubeapiserver/options/plugins.go of k8s.io/kubernetes v1.34.4 to
 * v1.37.1.
 */
export const ADMISSION_PLUGINS: ReadonlyMap<string, Span> = namesWithSpans(`
  AlwaysAdmit NamespaceAutoProvision NamespaceLifecycle NamespaceExists LimitPodHardAntiAffinityTopology LimitRanger
  ServiceAccount NodeRestriction TaintNodesByCondition AlwaysPullImages ImagePolicyWebhook PodSecurity PodNodeSelector
  Priority DefaultTolerationSeconds PodTolerationRestriction EventRateLimit ExtendedResourceToleration
  DefaultStorageClass StorageObjectInUseProtection OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize
  RuntimeClass CertificateApproval CertificateSigning ClusterTrustBundleAttest CertificateSubjectRestriction
  DefaultIngressClass DenyServiceExternalIPs PodTopologyLabels MutatingAdmissionPolicy MutatingAdmissionWebhook
  ValidatingAdmissionPolicy ValidatingAdmissionWebhook ResourceQuota AlwaysDeny
  PodGroupProtection@1.36 PodGroupWorkloadExists@1.36-1.36 NodeDeclaredFeatureValidator@1.35 JobValidation@1.36-1.36
  PodResizeValidator@1.36`);

/**
 * Controllers of kube-controller-manager, by the names of cmd/kube-controller-manager/names/controller_names.go (v1.36.4), and the older
 * names that `--controllers` takes as well.
 */
export const CONTROLLERS: ReadonlySet<string> = new Set(
  `serviceaccount-token-controller endpoints-controller endpointslice-controller endpointslice-mirroring-controller
  replicationcontroller-controller pod-garbage-collector-controller resourcequota-controller namespace-controller
  serviceaccount-controller garbage-collector-controller daemonset-controller job-controller deployment-controller
  replicaset-controller horizontal-pod-autoscaler-controller disruption-controller statefulset-controller
  cronjob-controller certificatesigningrequest-signing-controller certificatesigningrequest-approving-controller
  certificatesigningrequest-cleaner-controller podcertificaterequest-cleaner-controller ttl-controller
  bootstrap-signer-controller token-cleaner-controller node-ipam-controller node-lifecycle-controller
  taint-eviction-controller device-taint-eviction-controller persistentvolume-binder-controller
  persistentvolume-attach-detach-controller persistentvolume-expander-controller clusterrole-aggregation-controller
  persistentvolumeclaim-protection-controller persistentvolume-protection-controller podgroup-protection-controller
  ttl-after-finished-controller root-ca-certificate-publisher-controller
  kube-apiserver-serving-clustertrustbundle-publisher-controller ephemeral-volume-controller
  storageversion-garbage-collector-controller resourceclaim-controller resourcepoolstatusrequest-controller
  legacy-serviceaccount-token-cleaner-controller validatingadmissionpolicy-status-controller
  volumeattributesclass-protection-controller service-cidr-controller storage-version-migrator-controller
  selinux-warning-controller
  attachdetach bootstrapsigner cloud-node-lifecycle clusterrole-aggregation cronjob csrapproving
  csrcleaner csrsigning daemonset deployment disruption endpoint endpointslice endpointslicemirroring
  ephemeral-volume garbagecollector horizontalpodautoscaling job legacy-service-account-token-cleaner
  namespace nodeipam nodelifecycle persistentvolume-binder persistentvolume-expander podgc pv-protection
  pvc-protection replicaset replicationcontroller resource-claim-controller resourcequota
  root-ca-cert-publisher route service serviceaccount serviceaccount-token statefulset
  storage-version-gc svm tokencleaner ttl ttl-after-finished`.split(/\s+/),
);

/**
 * Cipher suites of TLS 1.2 in Go (crypto/tls), which kube-apiserver, the kubelet and etcd take by name. Suites of TLS 1.3 cannot be chosen.
 */
export const CIPHER_SUITES: ReadonlySet<string> = new Set(
  `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256`.split(
    /\s+/,
  ),
);

/** Suites that prove themselves with an ECDSA key, as all certificates of the library have. */
export const needsEcdsa = (suite: string): boolean => /^TLS_ECDHE_ECDSA_/.test(suite);

/** HTTP/2 needs one of them where TLS 1.2 is served; Go's server refuses to start without (golang.org/x/net/http2, ConfigureServer). */
export const HTTP2_SUITE = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
