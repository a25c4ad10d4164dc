#!/usr/bin/python3
"""Who says too much at once is made to wait, each time longer: penalties.py SOCKET [MESSAGES [SECONDS]]

More than MESSAGES (5) within SECONDS (10): what comes next is refused for 10 seconds, the next time for 20, then 40, up
to an hour. After an hour without one all is forgiven. Moderators are not counted.
"""

import collections
import sys
import threading
import time

from hook import serve

FIRST = 10
LONGEST = 3600
FORGIVEN = 3600
# People that are remembered: who spoke longest ago is forgotten first.
MOST = 10_000


class Person:
    """What somebody said lately, and what it has cost them."""

    def __init__(self):
        self.said = collections.deque()
        self.until = self.penalty = self.last = 0


class Penalties:
    """Everybody's."""

    def __init__(self, messages, seconds, now=time.monotonic):
        self.messages, self.seconds, self.now = messages, seconds, now
        self.people = collections.OrderedDict()
        self.lock = threading.Lock()

    def decide(self, question):
        """Counts a message."""
        if question["ask"] != "message" or question["moderator"]:
            return None
        with self.lock:
            return self.count(question.get("person") or question["from"])

    def count(self, who):
        """Refuses it while a penalty lasts, and when it begins one."""
        now = self.now()
        person = self.people.setdefault(who, Person())
        self.people.move_to_end(who)
        if len(self.people) > MOST:
            self.people.popitem(last=False)
        if now - person.last > FORGIVEN:
            person.penalty = 0
        if now >= person.until:
            while person.said and person.said[0] <= now - self.seconds:
                person.said.popleft()
            person.said.append(now)
            if len(person.said) <= self.messages:
                return None
            person.penalty = min(2 * person.penalty or FIRST, LONGEST)
            person.until = person.last = now + person.penalty
            person.said.clear()
        left = int(person.until - now + 0.999)
        return {"action": "refuse", "message": f"Not so fast: you may speak again in {left} s."}


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    numbers = [int(number) for number in sys.argv[2:]]
    serve(sys.argv[1], Penalties(*(numbers + [5, 10][len(numbers):])).decide)
