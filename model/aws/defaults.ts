/** Every default of platform aws that does not depend on another setting. */
export const AWS_DEFAULTS = {
  vpcCidr: "10.0.0.0/16",
  os: "ubuntu-24.04",
  architecture: "amd64",
  // Small, and wherever T instances are; it forwards SSH and the API, no more.
  bastionInstanceType: { amd64: "t3.micro", arm64: "t4g.micro" },
  // Images of Linux need 8 GiB and Windows 30; container images and logs the rest.
  volume: { sizeGiB: 30, iops: 3000, throughput: 125 },
  windowsVolumeGiB: 80,
  // etcd's own advice is a database of at most 8 GiB (etcd.io, "System limits"); snapshots and the log need the rest.
  etcdVolumeGiB: 20,
  flowLogDays: 30,
  poolSize: 1,
  joinTimeoutSeconds: 900,
  // A feature of Windows costs a restart, and its images of containers are gigabytes.
  windowsJoinTimeoutSeconds: 1800,
  spot: { onDemandBase: 0, onDemandPercent: 0 },
  sshKey: "generated",
} as const;
