"""The parts of the lab: one table of Go modules to build and one of Debian packages to install.

Every group of programs is a Go module of its own, because their Kubernetes libraries differ. The versions are the
newest ones of the public module proxy; the documentation states the versions that users need.
"""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Module:
    """A Go module and the programs that are built from it."""

    name: str
    path: str
    version: str
    programs: dict[str, str]
    """Name of the binary → its package, relative to the module; empty for the module's root."""
    ldflags: str = ""
    is_staged: bool = False
    """Its libraries have the placeholder version v0.0.0 and are published separately, as v0.MINOR.PATCH."""
    is_vendored: bool = False
    """It is built from a vendored copy, because its module archive lacks files (see archive_fixes.py)."""
    definitions: tuple[str, ...] = ()
    """Patterns of the files to apply before its controller starts, above all its custom resource definitions."""

    def package(self, program: str) -> str:
        """The import path of a program."""
        return "/".join(filter(None, (self.path, self.programs[program])))


def _commands(*names: str) -> dict[str, str]:
    return {name: f"cmd/{name}" for name in names}


KUBERNETES = "1.35.4"
_KUBERNETES_VERSION = " ".join(
    f"-X k8s.io/component-base/version.{key}={value}"
    for key, value in {"gitVersion": f"v{KUBERNETES}", "gitMajor": "1", "gitMinor": "35"}.items()
)

MODULES = (
    Module("etcd", "go.etcd.io/etcd/server/v3", "v3.6.16", {"etcd": ""}),
    Module(
        "kubernetes",
        "k8s.io/kubernetes",
        f"v{KUBERNETES}",
        _commands("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"),
        ldflags=_KUBERNETES_VERSION,
        is_staged=True,
    ),
    Module(
        "istio",
        "istio.io/istio",
        "v0.0.0-20260827124520-eed52ebb66ad",
        {"pilot-discovery": "pilot/cmd/pilot-discovery"},
        definitions=("manifests/charts/base/files/crd-all.gen.yaml",),
    ),
    Module(
        "argo",
        "github.com/argoproj/argo-workflows/v4",
        "v4.0.5",
        {"workflow-controller": "cmd/workflow-controller", "argoexec": "cmd/argoexec", "argo": "cmd/argo"},
        is_vendored=True,
        definitions=("manifests/base/crds/full/argoproj.io_*.yaml",),
    ),
    Module(
        "tekton",
        "github.com/tektoncd/pipeline",
        "v1.15.0",
        {"tekton-controller": "cmd/controller", "tekton-entrypoint": "cmd/entrypoint", "tekton-webhook": "cmd/webhook"},
        definitions=("config/300-crds/*.yaml", "config/config-*.yaml", "config/500-webhooks.yaml"),
    ),
    Module(
        "tekton-resolvers",
        "github.com/tektoncd/pipeline",
        "v1.15.0",
        {"tekton-resolvers": "cmd/resolvers"},
        definitions=("config/resolvers/*config*.yaml",),
    ),
    Module(
        "triggers",
        "github.com/tektoncd/triggers",
        "v0.37.0",
        {"triggers-sink": "cmd/eventlistenersink", "triggers-interceptors": "cmd/interceptors"},
        definitions=("config/300-*.yaml",),
    ),
    Module("prometheus", "github.com/prometheus/prometheus", "v0.316.0", {"prometheus": "cmd/prometheus"}),
    Module("helm3", "helm.sh/helm/v3", "v3.22.0", {"helm3": "cmd/helm"}),
    Module("helm4", "helm.sh/helm/v4", "v4.3.1", {"helm4": "cmd/helm"}),
)

PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables-save": "iptables",
    "ip": "iproute2",
    "openssl": "openssl",
    "dockerd": "docker.io",
    "docker": "docker.io",
    "debootstrap": "debootstrap",
}
"""A program → the Debian package that has it."""

NEEDED_GB = 20
"""Free disk a first build needs: about 7 GB of modules, 10 GB of build cache, 1.4 GB of programs."""
