/**
 * Prefix of the library's labels and annotations on Nodes and namespaces. GitHub gives `<owner>.github.io` to the owner of
 * the repository and to nobody else (docs.github.com, "Types of GitHub Pages sites"), so no stranger can come to own it.
 */
export const LABEL_DOMAIN = "pulumi-kubeadm.github.io";
