"""The rules that are compared: ours, Flagger's, Argo Rollouts' and Kayenta's, each by its own documented defaults."""
