"""What programs have in common that chat-handler asks before it takes a message: docs/hooks.md.

    from hook import serve
    serve("/run/chat-filter/mine.sock", lambda question: {"action": "accept"})
"""

import json
import os
import socketserver

# The longest question: a message of 8192 characters, escaped, and what is said about it.
MAX_QUESTION = 256 * 1024


class Handler(socketserver.StreamRequestHandler):
    """One connection is one question: a line in, a line out."""

    # Nobody who connects and says nothing keeps a thread for long.
    timeout = 5

    def handle(self):
        line = self.rfile.readline(MAX_QUESTION)
        if not line.endswith(b"\n"):
            return
        question = json.loads(line)
        reply = self.server.decide(question) or {"action": "accept"}
        reply["id"] = question["id"]
        self.wfile.write(json.dumps(reply).encode() + b"\n")


class Server(socketserver.ThreadingUnixStreamServer):
    """Listens until it is ended."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that has hung up had waited long enough; anything else is told on stderr."""
        import sys
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError, TimeoutError)):
            super().handle_error(request, client_address)


def serve(path, decide):
    """Listens at `path`; `decide(question)` gives the reply, or nothing: it is accepted."""
    # That of one which was killed.
    if os.path.exists(path):
        os.unlink(path)
    os.umask(0o117)
    with Server(path, Handler) as server:
        server.decide = decide
        server.serve_forever()
