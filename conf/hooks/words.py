#!/usr/bin/python3
"""Words that are not said here: words.py SOCKET LIST

Each line of LIST is a word. `word` is masked: the message goes through with stars in its place; `!word` has the message
refused. A `*` at the end takes all words that begin so. `#` begins a comment. The list is read again when it changes.
Moderators are bound by it too.
"""

import os
import re
import sys

from hook import serve

REFUSED = "This word is not said here."


class Words:
    """The list, as two regular expressions."""

    def __init__(self, path):
        self.path = path
        self.stamp = None
        self.refused = self.masked = None

    def read_if_changed(self):
        """A list that is not there, or broken off, changes nothing."""
        try:
            about = os.stat(self.path)
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp == self.stamp:
                return
            with open(self.path, encoding="utf-8") as file:
                lines = [line.split("#")[0].strip() for line in file]
        except (OSError, UnicodeDecodeError) as error:
            print(f"words: {self.path}: {error}", file=sys.stderr)
            return
        self.refused = pattern(line[1:] for line in lines if line.startswith("!"))
        self.masked = pattern(line for line in lines if line and not line.startswith("!"))
        self.stamp = stamp

    def decide(self, question):
        """Looks at the text, or at a name."""
        self.read_if_changed()
        text = question.get("text", question.get("from", ""))
        if self.refused and self.refused.search(text):
            return {"action": "refuse", "message": REFUSED}
        if not self.masked or not self.masked.search(text):
            return None
        if question["ask"] != "message":
            return {"action": "refuse", "message": REFUSED}
        return {"action": "replace", "text": self.masked.sub(lambda found: "*" * len(found[0]), text)}


def pattern(words):
    """Whole words, whatever their letters' case."""
    parts = [re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in words]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if parts else None


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    serve(sys.argv[1], Words(sys.argv[2]).decide)
