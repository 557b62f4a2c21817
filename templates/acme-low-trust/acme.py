"""A small app: it starts with what its license grants, or not at all."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
PRODUCT = "acme"


class Handler(BaseHTTPRequestHandler):
    """GET /healthz, and GET /entitlements: what the license grants, as JSON."""

    grants = {}

    def do_GET(self):
        found = {"/healthz": "ok", "/entitlements": self.grants}.get(self.path)
        body = json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    # The program, the vendor's public key and the product are the app's own, and so are the tools that are found:
    # no variable in a manifest changes what is verified.
    command = ["/bin/sh", f"{HERE}/verify.sh", os.environ["LICENSE_FILE"], f"{HERE}/vendor.pub", PRODUCT]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    verified = subprocess.run(command, stdout=subprocess.PIPE, env=environment)
    if verified.returncode != 0:
        sys.exit("acme: not started: there is no valid license")
    license = json.loads(verified.stdout)
    Handler.grants = {name: each["value"] for name, each in license["entitlements"].items()}
    host, _, port = os.environ["LISTEN"].rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"acme: licensed to {license['customer']['name']}, listening on port {server.server_port}", flush=True)
    server.serve_forever()


main()
