"""Signs in to a simulated tenant with assertions that Microsoft's own library makes, sound and unsound
ones, and prints what was answered as a JSON object: AADSTS numbers, 0 where a token came.

Usage: assertions.py ADDRESS TENANT CLIENT_ID FOLDER
FOLDER is one of make_certificate.py. Needs the packages in requirements.txt.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from msal.oauth2cli.assertion import JwtAssertionCreator

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def main(address, tenant, client, folder):
    folder = Path(folder)
    endpoint = f"{address}/{tenant}/oauth2/v2.0/token"
    certificate = x509.load_pem_x509_certificate((folder / "app.pem").read_bytes())
    thumbprint = certificate.fingerprint(hashes.SHA256()).hex()

    def signer(key="app.key", algorithm="PS256", thumbprint=thumbprint):
        key = (folder / key).read_text()
        return JwtAssertionCreator(key, algorithm, sha256_thumbprint=thumbprint)

    def assertion(creator=None, audience=endpoint, issuer=client, **options):
        creator = creator or signer()
        return creator.create_normal_assertion(audience, issuer, **options).decode()

    def ask(**fields):
        form = {
            "client_id": client,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
            **fields,
        }
        try:
            with urllib.request.urlopen(
                endpoint, urllib.parse.urlencode(form).encode()
            ) as reply:
                return 0 if json.load(reply)["access_token"] else None
        except urllib.error.HTTPError as error:
            return json.load(error)["error_codes"][0]

    def present(text, **more):
        return ask(client_assertion_type=KIND, client_assertion=text, **more)

    now = time.time()
    once = assertion()
    sound = assertion()
    parts = assertion().split(".")
    answers = {
        "sound": present(once),
        "presented again": present(once),
        "renewed": present(assertion()),
        "just expired": present(assertion(expires_at=now - 200)),
        "long expired": present(assertion(expires_at=now - 400)),
        "early": present(assertion(not_before=now + 200)),
        "too early": present(assertion(not_before=now + 400)),
        "from the future": present(assertion(issued_at=now + 400)),
        "another audience": present(assertion(audience=endpoint.replace(tenant, "other"))),
        "another host": present(
            assertion(audience=f"https://example.com/{tenant}/oauth2/v2.0/token")
        ),
        "another issuer": present(assertion(issuer="other", subject=client)),
        "another subject": present(assertion(subject="other")),
        "another key": present(assertion(signer(key="other.key"))),
        "another thumbprint": present(assertion(signer(thumbprint="00" * 32))),
        "RS256": present(assertion(signer(algorithm="RS256"))),
        "another signature": present(".".join(parts[:2] + [sound.split(".")[2]])),
        "no signature": present(".".join(parts[:2])),
        "no thumbprint": present(assertion(signer(thumbprint=None))),
        "no kind": ask(client_assertion=assertion()),
        "another kind": ask(client_assertion=assertion(), client_assertion_type="jwt"),
        "with a secret": present(assertion(), client_secret="x"),
        "nothing": ask(),
    }
    print(json.dumps(answers))


main(*sys.argv[1:])
