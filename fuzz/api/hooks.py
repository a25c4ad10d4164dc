"""What schemathesis does not know by itself: names of what is there, without which nearly every request would end at "no
such room", and strings of the forms that JSON Schema has no words for (`format` in docs/openapi.json).

API_FUZZ_NAMES is JSON: for a parameter or field, values of which there is one; `run` makes them.
"""

import json
import os
import time

import schemathesis
from hypothesis import strategies

NAMES = json.loads(os.environ["API_FUZZ_NAMES"])

names = strategies.text("abcXYZ019 _-.ěščřžß日本語한글", min_size=1, max_size=32).map(str.strip)
names = names.filter(lambda name: any(letter.isalnum() for letter in name) and not name.startswith("."))
numbers = [strategies.integers(1970, 2999)] + [strategies.integers(low, high) for low, high in (
    (1, 12), (1, 28), (0, 23), (0, 59), (0, 59), (0, 999999))]
moments = strategies.tuples(*numbers).map(lambda parts: "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % parts)
addresses = strategies.ip_addresses(v=4).map(str)

for form, strategy in {
    "room-name": names,
    "nick": names,
    "whom": names | names.map("account:{}".format) | addresses.map("address:{}".format)
    | addresses.map("everybody:{}/32".format),
    "record-id": moments,
    "moment": moments | moments.map(lambda moment: moment[:10]) | moments.map(lambda moment: moment[:16]),
    "channel": strategies.from_regex(r"\A(user:)?[A-Za-z0-9][A-Za-z0-9._-]{0,50}\Z"),
}.items():
    schemathesis.openapi.format(form, strategy)


def is_of_that_kind(value, example):
    """What was made wrong on purpose stays wrong."""
    return isinstance(value, str) and 0 < len(value) <= 60 and (example.endswith("Z") == (len(value) == 27))


def chosen(values, name):
    """A value of `name` that is there, three times of four; decided by what was generated, so that a seed repeats it."""
    known = NAMES.get(name)
    given = json.dumps(values, sort_keys=True, default=repr)
    number = sum(given.encode(errors="replace"))
    if not known or not is_of_that_kind(values.get(name), known[0]) or number % 4 == 0:
        return values
    return {**values, name: known[number // 4 % len(known)]}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name in NAMES:
        if path_parameters:
            path_parameters = chosen(path_parameters, name)
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name in ("who", "account"):
            body = chosen(body, name)
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    # It is within a day from now, which no document can say.
    if isinstance(case.body, dict) and type(case.body.get("until")) is int:
        case.body["until"] = int(time.time()) + 3600


@schemathesis.hook
def filter_case(context, case):
    # Whether a text is a name is for the server to say: what is made to be none may be one.
    return "violates `format`" not in (getattr(case.meta.phase.data, "description", None) or "")
