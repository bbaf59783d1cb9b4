/**
 * Suites of TLS 1.2 for the API server and kubelets: forward secrecy and authenticated encryption alone (CIS Kubernetes Benchmark,
 * 1.2.29 and 4.2.12). TLS 1.3 has its own suites, which cannot be chosen. Those without ECDSA are for certificates of others.
 */
export const STRONG_CIPHERS = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
] as const;
