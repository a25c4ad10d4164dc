#!/usr/bin/python3
"""Messages for somebody outside: slack.py SOCKET TRIGGER URL_FILE

A message that begins with TRIGGER, such as `!desk`, is not said in the room: it is posted to the incoming webhook of
Slack, Mattermost, Rocket.Chat or another room of this chat whose address is the first line of URL_FILE. It is posted in
the background: a queue of 100, of which those that cannot be posted are told on stderr.
"""

import json
import queue
import sys
import threading
import urllib.request

from hook import serve

TIMEOUT = 10


def escaped(text):
    """As Slack wants it: these three, and nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Slack:
    """What is on its way."""

    def __init__(self, trigger, url):
        self.trigger, self.url = trigger, url
        self.waiting = queue.Queue(maxsize=100)
        threading.Thread(target=self.post_all, daemon=True).start()

    def decide(self, question):
        """Takes what begins with the trigger, and is a message of its own."""
        word, _, text = question.get("text", "").partition(" ")
        if word != self.trigger or question["kind"] not in ("say", "me"):
            return None
        try:
            self.waiting.put_nowait(f"*{escaped(question['from'])}* in {escaped(question['room'])}: {escaped(text)}")
        except queue.Full:
            return {"action": "refuse", "message": "Nobody can be reached there just now, try again later."}
        return {"action": "divert", "message": "Passed on."}

    def post_all(self):
        """Posts one after the other."""
        while True:
            body = json.dumps({"text": self.waiting.get()}).encode()
            request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(request, timeout=TIMEOUT).close()
            except OSError as error:
                print(f"slack: not passed on: {error}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[3], encoding="ascii") as file:
        address = file.readline().strip()
    serve(sys.argv[1], Slack(sys.argv[2], address).decide)
