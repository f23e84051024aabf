"""The lab's certificate authority and the certificates it signs, made by the command openssl."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.cluster.addresses import API_SERVICE, NODE, NODE_NAME, STATE, program

FOLDER = STATE / "certificates"
CA = FOLDER / "ca.crt"
_DAYS = "365"


def make() -> None:
    """Make everything that is missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not CA.exists():
        _request("ca", "/CN=canary-steps lab", extensions=("basicConstraints=critical,CA:TRUE",))
    if not key("service-accounts").exists():
        _openssl("genrsa", "-out", str(key("service-accounts")), "2048")
    _issue("api-server", "/CN=kube-apiserver", "kubernetes.default.svc", "kubernetes", "127.0.0.1", NODE, API_SERVICE)
    _issue("admin", "/O=system:masters/CN=admin")
    _issue("kubelet", f"/O=system:nodes/CN=system:node:{NODE_NAME}", NODE_NAME, NODE)


def certificate(name: str) -> Path:
    """Return the path of a certificate."""
    return FOLDER / f"{name}.crt"


def key(name: str) -> Path:
    """Return the path of a private key."""
    return FOLDER / f"{name}.key"


def _issue(name: str, subject: str, *alternatives: str) -> None:
    if certificate(name).exists():
        return
    named = ",".join(f"{'IP' if one[0].isdigit() else 'DNS'}:{one}" for one in alternatives)
    extensions = ["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth,serverAuth"]
    _request(name, subject, [*extensions, *([f"subjectAltName={named}"] if named else [])], signed=True)


def _request(name: str, subject: str, extensions: Sequence[str], *, signed: bool = False) -> None:
    signer = ("-CA", str(CA), "-CAkey", str(key("ca"))) if signed else ()
    added = [word for extension in extensions for word in ("-addext", extension)]
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", str(key(name)))
    # The configuration is empty, since OpenSSL's own adds extensions, which would then appear twice.
    config = FOLDER / "openssl.cnf"
    config.write_text("[req]\ndistinguished_name=dn\n[dn]\n")
    options = ("-config", str(config), "-days", _DAYS, "-subj", subject, "-out", str(certificate(name)))
    _openssl("req", "-x509", *signer, *made, *added, *options)


def _openssl(*arguments: str) -> None:
    subprocess.run((program("openssl"), *arguments), check=True, capture_output=True)
