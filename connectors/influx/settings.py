"""How to reach an InfluxDB and where in it the points are; no secret is printed."""

from dataclasses import dataclass, field
from typing import Literal

Api = Literal["v1", "v2"]


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """`api`: v1 writes to /write, into `database` and `policy` ("" = its default); v2 to /api/v2/write, into the bucket
    `database`, or `database/policy`, of `org`. Both read with InfluxQL. `secret`: password, or token."""

    url: str
    database: str = "parkpulse"
    policy: str = ""
    api: Api = "v1"
    org: str = "-"
    username: str = ""
    secret: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    key: str = ""
    answer_ms: int = 10_000

    def write_parameters(self) -> dict[str, str]:
        if self.api == "v2":
            bucket = f"{self.database}/{self.policy}" if self.policy else self.database
            return {"bucket": bucket, "org": self.org, "precision": "ms"}
        return {"db": self.database, "precision": "ms", **({"rp": self.policy} if self.policy else {})}

    @property
    def write_path(self) -> str:
        return "/api/v2/write" if self.api == "v2" else "/write"
