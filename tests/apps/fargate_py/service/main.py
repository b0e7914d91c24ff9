"""The guestbook: says a greeting, and 200 to the load balancer."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from service.entries import render


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"ok" if self.path == "/healthz" else render(os.environ.get("GREETING", "Hello")).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", 8000), Handler).serve_forever()
