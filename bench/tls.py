"""Certificates for many hosts, of an authority of the bench's own."""

import datetime
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@contextmanager
def certificates(hosts: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The authority's file, and for each address one with its certificate and key."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench")])
    now = datetime.datetime.now(datetime.UTC)

    def signed(host: str | None) -> bytes:
        """For a host; None: the authority's own."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]) if host else authority
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key((key if host else authority_key).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with tempfile.TemporaryDirectory(prefix="hub-bench-tls-") as folder:
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_bytes(signed(None))
        files = []
        for host in hosts:
            file = Path(folder) / f"{host}.pem"
            file.write_bytes(secret + signed(host))
            files.append(str(file))
        yield str(ca_file), files
