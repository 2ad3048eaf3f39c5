"""Certificates for services of tests: good ones, one that has ended, one of another host, and authorities.

`NAME.pem` and `NAME.key` for each of CERTIFIED and for `client`; `ca.pem` has signed them, `stranger.pem` none.
"""

import subprocess
from pathlib import Path

HERE = "IP:127.0.0.1"
CERTIFIED = {"secure": HERE, "mutual": HERE, "expired": HERE, "elsewhere": "DNS:kafka.elsewhere"}


def certificates(folder: Path) -> None:
    for name in ("ca", "stranger"):
        authority(folder, name)
    for name, host in CERTIFIED.items():
        certificate(folder, name, host, -1 if name == "expired" else 30)
    certificate(folder, "client", "DNS:client", 30)


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN=test {name}")
    openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.pem")


def certificate(folder: Path, name: str, host: str, days: int) -> None:
    """Key and chain in one file, as Kafka's PEM store wants it."""
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}")
    openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / "ext").write_text(f"subjectAltName={host}")
    sign = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl(folder, *sign, "-days", str(days), "-extfile", "ext", "-out", f"{name}.pem")
    parts = [(folder / part).read_text("ascii") for part in (f"{name}.key", f"{name}.pem", "ca.pem")]
    (folder / f"{name}-all.pem").write_text("".join(parts), "ascii")
