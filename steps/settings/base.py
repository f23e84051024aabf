"""The base of all settings classes, with the settings that every step has."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "CANARY_"


class StepSettings(BaseSettings):
    """Settings of every step."""

    subject: ClassVar[str] = "Program"
    """Heading of this class's own settings in the help; a class without one of its own has a step's settings."""

    gives_account: ClassVar[bool] = False
    """Whether the step logs what became of each field of Flagger's manifest: once for a release."""

    cannot_wait: ClassVar[bool] = False
    """Whether the step promotes without asking a person."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    config: str = Field(
        "",
        description="Path of canary.yaml, or of a Canary manifest of Flagger. Empty: /etc/canary-steps/canary.yaml "
        "where it exists.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Log lines on stderr: json, console, or auto (console on a terminal, else json)."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes all by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the values that `load` has gathered, since it must know where each came from."""
        return (init_settings,)

    @classmethod
    def unneeded(cls, given: Mapping[str, Any]) -> frozenset[str]:
        """Return the settings that the given ones make needless: their values are not looked at, right or wrong."""
        del given
        return frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_booleans_for_numbers(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - it may be anything
        """Refuse `yes` and `true` in YAML for a number, which pydantic would take as 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and annotation in {int, float, int | None}:
            raise ValueError("must be a number, not true or false")
        return value
