"""The manifests that `init` prints: objects that an app needs in its cluster before its first release. Read-only."""
