"""What could not be read, as records of `rejects.v1`: original topic and bytes, reason, one sentence.

Rule R6: of what is too large only a hash and the beginning are kept.
"""

import hashlib

from pipeline.core.equipment import UNASSIGNED
from pipeline.core.ports import Outgoing
from pipeline.core.samples import Payload, Reject

TOPIC = "rejects.v1"


def line_of(reject: Reject) -> str:
    """The pseudo-line where its topic names none."""
    return reject.line or UNASSIGNED


def encode_reject(reject: Reject, payload: Payload, gateway: str, prefix: int) -> Outgoing:
    """One record; `samples` = how many unreadable samples it stands for."""
    value = payload.body
    if reject.code == "too_large":
        digest = hashlib.sha256(value).hexdigest()
        value = f"sha256 {digest}, {len(value)} bytes, beginning:\n".encode() + value[:prefix]
    return Outgoing(
        TOPIC,
        _utf8(payload.topic),
        value,
        (
            ("reason", reject.code.encode()),
            ("sentence", _utf8(reject.sentence)),
            ("line", _utf8(line_of(reject))),
            ("samples", str(reject.samples).encode()),
            ("receipt_ms", str(payload.receipt_ms).encode()),
            ("gateway", _utf8(gateway)),
        ),
    )


def _utf8(text: str) -> bytes:
    return text.encode(errors="replace")
