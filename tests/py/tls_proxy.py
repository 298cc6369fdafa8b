"""A TLS-inspecting corporate proxy: it answers every CONNECT with a certificate
of its own authority and hands what it reads to a plain HTTP server.

    tls_proxy.py FOLDER HOST:PORT     writes FOLDER/ca.pem, prints its port, notes hosts in FOLDER/hosts
"""

import datetime
import pathlib
import socket
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ["graph.microsoft.com", "login.example"]


def certificate(subject, key, issuer, issuer_key, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def server_context(folder):
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = name("proxy authority")
    is_ca = [(x509.BasicConstraints(ca=True, path_length=None), True)]
    ca = certificate(authority, ca_key, authority, ca_key, is_ca)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
    leaf = certificate(name("proxy"), key, authority, ca_key, [(names, False)])
    (folder / "ca.pem").write_bytes(pem(ca))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "proxy.pem").write_bytes(pem(leaf) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "proxy.pem")
    return context


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, context, upstream, hosts):
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    method, target, _ = head.split(b" ", 2)
    assert method == b"CONNECT", head
    with hosts.open("a") as file:
        file.write(target.decode() + "\n")
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        inside = context.wrap_socket(client, server_side=True)
    except OSError:
        return  # The client does not trust the authority.
    server = socket.create_connection(upstream)
    threading.Thread(target=pump, args=(inside, server), daemon=True).start()
    pump(server, inside)


def main():
    folder = pathlib.Path(sys.argv[1])
    host, port = sys.argv[2].rsplit(":", 1)
    context = server_context(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        arguments = (client, context, (host, int(port)), folder / "hosts")
        threading.Thread(target=serve, args=arguments, daemon=True).start()


main()
