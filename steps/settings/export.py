"""Where a step leaves its metrics: a file for node exporter, a Pushgateway."""

from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import NoDecode

from steps.settings.base import StepSettings
from steps.settings.lists import CommaSeparated


class ExportSettings(StepSettings):
    """For steps that end or look; without file and URL no metrics leave the step."""

    subject: ClassVar[str] = "Metrics output"

    metrics_file: str = Field(
        "",
        description="File for the app's metrics in Prometheus' text format, replaced as a whole: node exporter's "
        "textfile collector reads names that end in .prom. Empty: none.",
    )
    pushgateway_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$",
        description="Base URL of a Pushgateway that gets the app's metrics, http or https, without credentials. "
        "Empty: none.",
    )
    metrics_timeout_seconds: float = Field(
        3.0, gt=0, le=30, description="How long a step waits at its end until its metrics are written, seconds."
    )
    pushgateway_token_file: str = Field("", description="File with a bearer token for the Pushgateway.")
    pushgateway_username: str = Field("", description="User name for basic authentication at the Pushgateway.")
    pushgateway_password_file: str = Field("", description="File with the password for basic authentication there.")
    pushgateway_header: Annotated[tuple[str, ...], NoDecode, CommaSeparated] = Field(
        (), description="Additional headers for the Pushgateway, `Name: value`, separated by commas."
    )
    pushgateway_ca_file: str = Field("", description="File with the CA certificates to trust at the Pushgateway, PEM.")
    pushgateway_cert_file: str = Field("", description="File with the client certificate for the Pushgateway, PEM.")
    pushgateway_key_file: str = Field("", description="File with that certificate's key, PEM.")
