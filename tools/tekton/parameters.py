"""Parameters of a Task, from the settings of its step: every setting that people may want to set in a pipeline."""

from pydantic.fields import FieldInfo

from steps.__main__ import find
from steps.settings.release import ClaimSettings
from tools.setting_text import description, is_required

Json = dict[str, object]

_HIDDEN = {
    *("kubeconfig", "context", "api_timeout_seconds", "api_retry_seconds"),  # the pod's own account is used
    *("log_format", "config"),
    *("metrics", "probes"),  # lists of mappings belong in canary.yaml
    *("judgement", "judgement_file", "record", "report_dir", "output"),  # these files would be lost with the pod
    # Credentials come from files of a Secret, named in canary.yaml; headers may contain some.
    *("prometheus_token_file", "prometheus_username", "prometheus_password_file", "prometheus_header"),
    *("prometheus_ca_file", "prometheus_cert_file", "prometheus_key_file", "webhook_url_file", "webhook_token_file"),
    *("pushgateway_token_file", "pushgateway_username", "pushgateway_password_file", "pushgateway_header"),
    *("pushgateway_ca_file", "pushgateway_cert_file", "pushgateway_key_file", "metrics_timeout_seconds"),
    "metrics_file",  # it would be lost with the pod, too
    *("probe_canary_header", "probe_stable_header"),
    "registry_config",  # the mounted Secret
}


def parameter_settings(step: str) -> dict[str, FieldInfo]:
    """Return the settings that become parameters, by field name: required ones, then those that name the release."""
    fields = {name: field for name, field in find(step).settings.model_fields.items() if name not in _HIDDEN}
    required = [name for name, field in fields.items() if is_required(field)]
    names = dict.fromkeys([*required, *(name for name in ClaimSettings.model_fields if name in fields), *fields])
    return {name: fields[name] for name in names}


def parameter(name: str, field: FieldInfo) -> Json:
    """Return one parameter; an empty one is not set, so canary.yaml decides, then the product's default."""
    default = {} if is_required(field) else {"default": ""}
    return {"name": name.replace("_", "-"), "type": "string", **default, "description": description(field)}


def environment_variable(name: str) -> Json:
    """Return the environment variable that carries a parameter to the step."""
    return {"name": f"CANARY_{name.upper()}", "value": f"$(params.{name.replace('_', '-')})"}
