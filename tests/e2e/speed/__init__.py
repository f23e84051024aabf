"""How fast a release is on the cluster, beside Flagger's figures measured in the same lab."""
