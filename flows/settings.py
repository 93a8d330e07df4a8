"""What can be set from outside, and the environment Prefect is started in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.connection import Resources
from warehouse.layout import DataRoot
from warehouse.vault import Vault

RUN_MARK = "CAPAIAN_RUN"
"""Names the run in the environment of its children, so that one that outlives it is recognised."""


class Settings(BaseSettings):
    """What the environment sets, each name with `CAPAIAN_` before it, such as `CAPAIAN_HOME`."""

    model_config = SettingsConfigDict(env_prefix="CAPAIAN_")

    home: Path = Field(Path("data"), description="Data root.")
    memory: str = Field(
        "2GB", pattern=r"^\d+(\.\d+)? ?([KMGT]i?)?B$", description="Memory limit of a DuckDB connection."
    )
    threads: int = Field(0, ge=0, description="Threads of a DuckDB connection; 0 means all cores.")

    suppression_threshold: int = Field(
        5, ge=3, description="Smallest count that is shown in tables that leave the ministry; at least 3 (UU 16/1997)."
    )

    freshness_hours: float = Field(30, gt=0, description="Hours after which a published version is too old.")

    keep_versions: int = Field(30, ge=2, description="Newest versions that are kept; older ones are retired.")

    alert_webhook: SecretStr | None = Field(None, description="Address that is told when a run fails or crashes.")
    pseudonym_key: SecretStr | None = Field(
        None, description="Key of the pseudonyms, 64 hex digits; by default the file vault/pseudonym.key."
    )
    identifier_years: int = Field(5, ge=1, le=100, description="Years after the last interview that a NIK is kept.")
    vault_encryption: Literal["off", "required"] = Field(
        "off", description="Whether identifiers must be encrypted; if they cannot be, nothing is taken."
    )
    vault_key: SecretStr | None = Field(None, description="Key the identifiers are encrypted with, 64 hex digits.")

    @property
    def root(self) -> DataRoot:
        return DataRoot(self.home.absolute())

    @property
    def vault(self) -> Vault:
        return Vault(
            self.root.vault,
            self.pseudonym_key.get_secret_value() if self.pseudonym_key else None,
            self.vault_encryption == "required",
            self.vault_key.get_secret_value() if self.vault_key else None,
        )

    @property
    def resources(self) -> Resources:
        return Resources(self.memory, self.threads, self.root.scratch)


def prepare_prefect(root: DataRoot) -> None:
    """Set Prefect's environment; to be called before Prefect is imported.

    Without `PREFECT_API_URL` a run starts its own short-lived API on loopback, whose start needs up to a minute on a
    busy machine, with its database in the data root and nothing sent anywhere.
    """
    environment = {
        "PREFECT_HOME": str(root.prefect),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "capaian",
    }
    if "PREFECT_API_URL" not in os.environ:
        environment |= {
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "CRITICAL",  # what stops a run is said by the command
            "PREFECT_LOGGING_EXTRA_LOGGERS": "",
            RUN_MARK: str(os.getpid()),
        }
    for name, value in environment.items():
        os.environ.setdefault(name, value)
