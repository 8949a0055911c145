"""An ACME authority on loopback: acme2certifier with its own CA, an ACMEv2 server of another maker.

    acme_server.py FOLDER TLS_PORT

Prints `directory URL` once it answers; FOLDER/ca.pem is its authority. It verifies names in earnest, with two things
given by the test: every name leads to 127.0.0.1, except those under `nowhere.test`, which lead nowhere, and port 443
is TLS_PORT.
"""

import datetime
import os
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CONFIG = """
[DEFAULT]
debug: False
[CAhandler]
handler_module: acme2certifier.cahandlers.openssl_ca_handler
issuing_ca_key: {folder}/ca.key
issuing_ca_cert: {folder}/ca.pem
issuing_ca_crl: {folder}/crl.pem
cert_save_path: {folder}/certs
ca_cert_chain_list: []
cert_validity_days: 90
[DBhandler]
handler: wsgi
dbfile: {folder}/acme.db
[Certificate]
revocation_reason_check_disable: False
[Challenge]
challenge_validation_timeout: 10
[Order]
tnauthlist_support: False
"""


def make_authority(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(cert.public_bytes(pem))
    revoked = x509.CertificateRevocationListBuilder().issuer_name(name).last_update(now)
    revoked = revoked.next_update(now + datetime.timedelta(days=365)).sign(key, hashes.SHA256())
    (folder / "crl.pem").write_bytes(revoked.public_bytes(pem))
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.key").write_bytes(plain)


def lead_names_here(tls_port):
    """What the internet's DNS and port 443 are elsewhere."""
    from acme2certifier.acme_srv import helper

    connect = helper.servercert_get

    def resolve(_logger, host, _servers=None, catch_all=False):
        if host.endswith("nowhere.test"):
            return None, True, "no such name"
        return (["127.0.0.1"] if catch_all else "127.0.0.1"), False, None

    def certificate(logger, hostname, _port=443, *rest, **named):
        return connect(logger, hostname, tls_port, *rest, **named)

    helper.fqdn_resolve = resolve
    helper.servercert_get = certificate


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    folder, tls_port = Path(sys.argv[1]), int(sys.argv[2])
    (folder / "certs").mkdir(parents=True, exist_ok=True)
    make_authority(folder)
    (folder / "acme.cfg").write_text(CONFIG.format(folder=folder))
    os.environ["ACME_SRV_CONFIGFILE"] = str(folder / "acme.cfg")
    lead_names_here(tls_port)
    from acme2certifier.share.acme2certifier_wsgi import application

    with make_server("127.0.0.1", 0, application, Server, Quiet) as server:
        print(f"directory http://127.0.0.1:{server.server_port}/directory", flush=True)
        server.serve_forever()


main()
