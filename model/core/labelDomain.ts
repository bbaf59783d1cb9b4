/**
 * Prefix of the library's labels and annotations on Nodes and namespaces. GitHub gives `<owner>.github.io` to the owner of
 * the repository and to nobody else (docs.github.com, "Types of GitHub Pages sites"), so no stranger can come to own it.
 */
export const LABEL_DOMAIN = "pulumi-kubeadm.github.io";

/**
 * The annotation of a node that was drained for its upgrade, and what is to become of it: `uncordon`, or `stay` where
 * people had cordoned it themselves. It outlives a run that was killed, so that the next one lets the node in again.
 */
export const UPGRADING = `${LABEL_DOMAIN}/upgrading`;
