#!/usr/bin/env python3
"""How long a search takes: a room of so many bytes, asked page by page as the page asks, until all was read.

bench/search.py CHAT_CGI [MEGABYTES]; prints a table for bench/REPORT.md. The files are in the page cache, as after the
first search; CPU is the program's own, of all requests.
"""
import json, os, random, resource, shutil, subprocess, sys, tempfile, time, urllib.parse

ENGLISH = "the of and to in that was his he it with is for as had you not be her on at by which have or from this him but all she they were my are me one their so an said them we who would been will no when there if more out up into do any your what has man could other than our some very time upon about may its only now like little then can should made did us such great before must two these see know over much down after first good men own never most old shall day where those came come himself way work life without go make well through being long say might how am too".split()
CZECH = "a je se v na to že s z do o ale jak tak jako by který při už jsem také může bylo než byl podle měl ještě však jen jsou když pro až roce nebo jeho proto lidí další České který řekl včera žluťoučký kůň příliš úpěl ďábelské ódy dnes večer přijdu později děkuji nashledanou čaj káva pivo hospoda řeka město škola učitel člověk žena dítě přítel".split()
PAGE = 20


def fill(path, words, megabytes):
    chance = random.Random(1)
    texts = [" ".join(chance.choices(words, k=chance.randint(4, 24))) for _ in range(20000)]
    micros, left = 1_700_000_000_000_000, megabytes * 1_000_000
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as out:
        number = 0
        while left > 0:
            micros += chance.randint(1_000_000, 60_000_000)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(micros // 1_000_000))
            text = texts[number % len(texts)]
            if number in (1000, 1001):
                text = "the word that is here alone: xylofon řeřicha"
            line = f"{stamp}.{micros % 1_000_000:06}Z\tsay\tname-{number % 50}\tmsgid=m{number};account=name-{number % 50};color=#aa00bb;person=16e613c9f92d2027d86e\t{text}\n"
            left -= out.write(line)
            number += 1


def ask(program, base, query, limit_all):
    """All pages (or the first): seconds, requests, hits."""
    before, start, cursor, requests, hits = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), "", 0, 0
    slowest = 0.0
    while True:
        pace = os.path.join(base, "run", "_pace.table")
        if os.path.exists(pace):
            os.unlink(pace)  # What is measured is the reading.
        wanted = urllib.parse.urlencode({"q": query, "limit": PAGE, **({"cursor": cursor} if cursor else {})})
        env = {"CHAT_CONFIG": os.path.join(base, "chat.ini"), "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET",
               "PATH_INFO": "/search", "QUERY_STRING": wanted, "REMOTE_ADDR": "192.0.2.7"}
        one = time.monotonic()
        out = subprocess.run([program], env=env, capture_output=True, check=True).stdout
        slowest = max(slowest, time.monotonic() - one)
        answer = json.loads(out.split(b"\r\n\r\n", 1)[1])
        requests, hits = requests + 1, hits + len(answer["hits"])
        cursor = answer.get("cursor", "")
        if not cursor or not limit_all:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu, requests, hits, slowest


def main():
    program = os.path.abspath(sys.argv[1])
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(f"| room of {megabytes} MB | looked for | seconds | CPU s | requests | slowest s | hits |\n|---|---|---|---|---|---|---|")
    for name, words in (("ASCII", ENGLISH), ("Czech", CZECH)):
        base = tempfile.mkdtemp(prefix="search-")
        try:
            os.makedirs(os.path.join(base, "rooms"))
            with open(os.path.join(base, "chat.ini"), "w") as out:
                out.write("[global]\nBASE_DIR=.\n")
            fill(os.path.join(base, "rooms", "lobby.log"), words, megabytes)
            for query, what, limit_all in (("xylofon", "a word at its beginning", True), ("xylofon resicha rericha", "words, one of which is nowhere", True),
                                           ("zz from:name-7", "a word that is nowhere, of one person", True),
                                           (words[20], "a frequent word, first page", False)):
                runs = sorted(ask(program, base, query, limit_all) for _ in range(3))
                seconds, cpu, requests, hits, slowest = runs[1]
                print(f"| {name} | {what} | {seconds:.2f} | {cpu:.2f} | {requests} | {slowest:.2f} | {hits} |", flush=True)
        finally:
            shutil.rmtree(base)


main()
