/** Images that hosts need for an upgrade, found without kubeadm of the new version, which is not there yet. */
import { isSupportedMinor, minorOf, MINORS } from "../versions";

/** Where the images come from, and which there are. */
export interface UpgradeImages {
  /** `images.repository`. */
  readonly repository: string;
  /** Tag of etcd. */
  readonly etcd: string;
  /** Nodes run kube-proxy. */
  readonly kubeProxy: boolean;
}

/** kubeadm's table of etcd, unless the settings name another one for the version that they have. */
function etcdOf(version: string, wanted: string, etcd: string): string {
  const usual = (of: string): string | undefined => {
    const minor = minorOf(of);
    return minor !== undefined && isSupportedMinor(minor) ? MINORS[minor].etcd : undefined;
  };
  return etcd === usual(wanted) ? (usual(version) ?? etcd) : etcd;
}

/** The same settings with another version: its usual etcd, where they name none. */
export function imagesOfVersion(images: UpgradeImages, from: string, to: string): UpgradeImages {
  return { ...images, etcd: etcdOf(to, from, images.etcd) };
}

/**
 * @param through versions that the control plane goes through before; kubelets and kube-proxy do not
 */
export function upgradeImages(
  { repository, etcd, kubeProxy }: UpgradeImages,
  target: string,
  through: readonly string[],
): Readonly<Record<"controlPlane" | "worker", readonly string[]>> {
  const image = (name: string, tag: string): string => `${repository}/${name}:${tag}`;
  const everywhere = kubeProxy ? [image("kube-proxy", `v${target}`)] : [];
  const versions = [...through, target];
  const controlPlane = versions.flatMap((version) => [
    ...["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) =>
      image(name, `v${version}`),
    ),
    image("etcd", etcdOf(version, target, etcd)),
  ]);
  return { controlPlane: [...new Set([...controlPlane, ...everywhere])], worker: everywhere };
}
