"""Writes a self-signed certificate and its private key in every form, and what is wrong with some.

Usage: make_certificate.py FOLDER FROM UNTIL
FROM and UNTIL are days from now. Writes to FOLDER, which exists:
  app.pem       the certificate
  app.key       its key (PKCS#8)
  pkcs1.key     the same key (PKCS#1)
  both.pem      certificate and key
  chain.pem     another certificate, then this one, then the key
  app.der       the certificate in DER form
  encrypted.key the key with a password; legacy.key the same in the older form
  other.key     the key of the other certificate
  ec.key, sec1.key  a key of an elliptic curve (PKCS#8, SEC1)
  small.key     an RSA key of 1024 bits
Files with a key can be read by their owner only.
"""

import datetime
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


def certificate(key, begins, ends):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "touchpoint")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begins).not_valid_after(ends)
    return builder.sign(key, hashes.SHA256())


def pem(key, form=PrivateFormat.PKCS8, encryption=None):
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def main(folder, begins, ends):
    now = datetime.datetime.now(datetime.timezone.utc)
    begins, ends = (now + datetime.timedelta(days=float(days)) for days in (begins, ends))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    curve = ec.generate_private_key(ec.SECP256R1())
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    own = certificate(key, begins, ends)
    public = own.public_bytes(Encoding.PEM)
    foreign = certificate(other, begins, ends).public_bytes(Encoding.PEM)
    password = BestAvailableEncryption(b"password")
    files = {
        "app.key": pem(key),
        "pkcs1.key": pem(key, PrivateFormat.TraditionalOpenSSL),
        "both.pem": b"Bag Attributes\r\n    friendlyName: \xe4pp\r\n" + pem(key) + public,
        "chain.pem": foreign + public + pem(key),
        "encrypted.key": pem(key, encryption=password),
        "legacy.key": pem(key, PrivateFormat.TraditionalOpenSSL, password),
        "other.key": pem(other),
        "ec.key": pem(curve),
        "sec1.key": pem(curve, PrivateFormat.TraditionalOpenSSL),
        "small.key": pem(small),
    }
    for name, content in files.items():
        path = Path(folder) / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    (Path(folder) / "app.pem").write_bytes(public)
    (Path(folder) / "app.der").write_bytes(own.public_bytes(Encoding.DER))
    for name in ("app.pem", "app.der"):
        os.chmod(Path(folder) / name, 0o644)
    print('"written"')


main(*sys.argv[1:])
