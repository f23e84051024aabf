"""Parameters of a Task from the settings of its step: every one that a person may wish to say in a pipeline."""

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from steps.__main__ import find
from steps.settings.groups import ClaimSettings
from tools.settings_page import allowed

Json = dict[str, object]

_HIDDEN = {
    *("kubeconfig", "context", "api_timeout_seconds", "api_retry_seconds"),  # the pod's own account is used
    *("log_format", "config"),
    *("metrics", "probes"),  # lists of mappings: they stand in canary.yaml
    *("judgement", "judgement_file", "record", "report_dir", "output"),  # files that would end with the pod
    # Credentials come from files of a Secret, named in canary.yaml, and headers may hold some.
    *("prometheus_token_file", "prometheus_username", "prometheus_password_file", "prometheus_header"),
    *("prometheus_ca_file", "prometheus_cert_file", "prometheus_key_file", "webhook_url_file"),
    *("probe_canary_header", "probe_stable_header"),
    "registry_config",  # the mounted Secret
}


def offered(step: str) -> dict[str, FieldInfo]:
    """Return the settings that are parameters, by field name: required ones first, then those that name the release."""
    fields = {name: field for name, field in find(step).settings.model_fields.items() if name not in _HIDDEN}
    required = [name for name, field in fields.items() if field.default is PydanticUndefined]
    names = dict.fromkeys([*required, *(name for name in ClaimSettings.model_fields if name in fields), *fields])
    return {name: fields[name] for name in names}


def param(name: str, field: FieldInfo) -> Json:
    """Return one parameter; left empty it is not set, so canary.yaml decides, then the product's default."""
    default = {} if field.default is PydanticUndefined else {"default": ""}
    return {"name": name.replace("_", "-"), "type": "string", **default, "description": described(field)}


def described(field: FieldInfo) -> str:
    """Return what a setting means, what is allowed, and what holds where it is empty."""
    said = [field.description or "", allowed(field)]
    if field.default is not PydanticUndefined and field.default not in ("", None, (), {}):
        said.append(f"Empty: canary.yaml, else {shown(field.default)}.")
    return " ".join(filter(None, said))


def shown(default: object) -> str:
    """Return a default as a parameter would say it."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)


def variable(name: str) -> Json:
    """Return the environment variable that carries a parameter to the step."""
    return {"name": f"CANARY_{name.upper()}", "value": f"$(params.{name.replace('_', '-')})"}
