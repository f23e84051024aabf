"""How fast a release is on the cluster, beside the figures of a peer measured on the same lab."""
