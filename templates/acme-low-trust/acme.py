"""A small app: it starts with what its license grants, or not at all."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
    # The list of arguments and the product are the app's own: what a manifest says can't change what is verified.
    command = ["/bin/sh", os.environ["VERIFY"], os.environ["LICENSE_FILE"], os.environ["VENDOR_KEY"], PRODUCT]
    verified = subprocess.run(command, stdout=subprocess.PIPE)
    if verified.returncode != 0:
        sys.exit("acme: not started: there is no valid license")
    license = json.loads(verified.stdout)
    Handler.grants = {name: each["value"] for name, each in license["entitlements"].items()}
    host, _, port = os.environ["LISTEN"].rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"acme: licensed to {license['customer']['name']}, listening on port {server.server_port}", flush=True)
    server.serve_forever()


main()
