#!/usr/bin/env python3
"""What a request to api/v1 takes, beside a dispatcher as ChatUp publishes it, and a post's way to a thousand people.

bench/api.py BIN [ROUNDS [PEOPLE]]; prints tables for bench/REPORT-beyond.md. BIN holds websocketd-rs, chat-cgi,
chat-handler and chatctl. Both servers get the same work in turn, by `ab` of apache2-utils with four connections, and
verify RS256; ours puts a message on the disk before it answers (fsync), that one into Redis without a file. CPU is of
all processes of the server, Redis with it: it says what can be compared where others use the machine.
"""
import base64, json, os, re, selectors, shutil, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
LISTS = 100  # messages in a batch, and in a page of history


def tree(pid):
    """CPU seconds of a process, all below it, and all that have ended there."""
    with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    total = sum(map(int, fields[11:15])) / TICK
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            try:
                total += tree(child)
            except OSError:
                pass
    return total


def part(name, package):
    return shutil.which(name) or sys.exit(f"no {name}: as root: apt-get install {package}")


def signed(key, claims):
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encode(json.dumps({"alg": "RS256", "kid": "bench"}).encode()) + b"." + encode(json.dumps(claims).encode())
    command = ["openssl", "dgst", "-sha256", "-sign", key]
    return (text + b"." + encode(subprocess.run(command, input=text, capture_output=True, check=True).stdout)).decode()


def ab(base, url, count, body=None, token=None):
    """Requests a second; every answer must be good."""
    command = [part("ab", "apache2-utils"), "-q", "-k", "-c", "4", "-n", str(count), "-s", "120"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if body is not None:
        path = os.path.join(base, "body")
        with open(path, "w", encoding="utf-8") as file:
            file.write(body)
        command += ["-p", path, "-T", "application/json"]
    told = subprocess.run(command + [url], capture_output=True, check=True, text=True).stdout
    bad = re.search(r"Non-2xx responses:\s+(\d+)", told)
    assert not bad and re.search(r"Complete requests:\s+(\d+)", told)[1] == str(count), told
    return float(re.search(r"Requests per second:\s+([\d.]+)", told)[1])


class Ours:
    name = "websocketd-rs, chat-cgi"

    def __init__(self, base, bin_, key):
        self.base = base
        for name in ("rooms", "users", "state", "sessions", "log", "cgi", "keys", "pages"):
            os.mkdir(os.path.join(base, name))
        ini = os.path.join(base, "chat.ini")
        with open(ini, "w", encoding="utf-8") as file:
            file.write(f"[global]\nBASE_DIR={base}\nJWT_KEYS={base}/keys\nAPI_RATE=100000\nAPI_BURST=100000\n"
                       "MAX_MEMBERS=10000\nMAX_CONNECTIONS=10000\nMESSAGE_RATE=100000\nMESSAGE_BURST=100000\n")
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", f"{base}/keys/bench.pem"], check=True)
        shutil.copy(f"{bin_}/chat-cgi", f"{base}/cgi/api")
        self.log = open(f"{base}/daemon.log", "w+", encoding="utf-8")
        self.program = subprocess.Popen(
            [f"{bin_}/websocketd-rs", "--address=127.0.0.1", "--port=0", f"--staticdir={base}/pages", f"--cgidir={base}/cgi",
             "--maxforks=5000", "--passenv=CHAT_CONFIG", f"{bin_}/chat-handler"],
            env={**os.environ, "CHAT_CONFIG": ini}, stdout=self.log, stderr=self.log)
        while not (port := re.search(r"127\.0\.0\.1:(\d+)", open(f"{base}/daemon.log", encoding="utf-8").read())):
            assert self.program.poll() is None, open(f"{base}/daemon.log", encoding="utf-8").read()
            time.sleep(0.1)
        self.port = int(port[1])
        self.api = f"http://127.0.0.1:{self.port}/api/v1"
        self.token = signed(key, {"aud": "chat", "exp": int(time.time()) + 800, "scope": "post read"})

    def cpu(self):
        return tree(self.program.pid)

    def post(self, count):
        body = '{"text":"order 7 was shipped","as":"Shop"}'
        return ab(self.base, f"{self.api}/rooms/bench/messages", count, body, self.token)

    def batch(self, count):
        items = [{"room": "batch", "text": f"order {n} was shipped", "as": "Shop"} for n in range(LISTS)]
        return ab(self.base, f"{self.api}/post", count, json.dumps({"items": items}), self.token)

    def history(self, count):
        return ab(self.base, f"{self.api}/rooms/bench/messages?limit={LISTS}", count, token=self.token)

    def end(self):
        self.program.terminate()
        self.program.wait()


class Dispatcher:
    name = "ChatUp's shape: Node, Redis"

    def __init__(self, base, key):
        self.base, self.key = base, key
        public = os.path.join(base, "public.pem")
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.redis = subprocess.Popen([part("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1",
                                       "--save", "", "--dir", base], stdout=subprocess.DEVNULL)
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert self.redis.poll() is None
            time.sleep(0.1)
        self.node = subprocess.Popen([part("node", "nodejs"), f"{HERE}/peers/dispatcher.mjs", public, str(port)],
                                     stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.node.stdout.readline())}"

    def cpu(self):
        return tree(self.node.pid) + tree(self.redis.pid)

    def said(self, count):
        of = lambda n: {"channel": "bench", "msg": f"order {n} was shipped", "user": {"name": "Shop"}}
        return signed(self.key, [of(n) for n in range(count)])

    def post(self, count):
        return ab(self.base, f"{self.url}/post", count, self.said(1))

    def batch(self, count):
        return ab(self.base, f"{self.url}/post", count, self.said(LISTS))

    def history(self, count):
        return ab(self.base, f"{self.url}/messages/bench", count)

    def end(self):
        for program in (self.node, self.redis):
            program.terminate()
            program.wait()


def requests(servers, rounds):
    works = (("post", "a message", 500), ("batch", f"a batch of {LISTS}", 50),
             ("history", f"{LISTS} messages read (the peer: up to 200)", 500))
    print("| | " + " | ".join(f"{s.name}: requests/s | CPU us/request" for s in servers) + " | ratio of CPU |")
    print("|---|" + "---|" * (2 * len(servers) + 1))
    for work, title, count in works:
        found = {server: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                before = server.cpu()
                rate = getattr(server, work)(count)
                found[server].append(((server.cpu() - before) / count * 1e6, rate))
        cells, medians = [], []
        for server in servers:
            cpu, rate = (statistics.median(column) for column in zip(*found[server]))
            medians.append(cpu)
            cells.append(f"{rate:.0f} | {cpu:.0f}")
        print(f"| {title} | " + " | ".join(cells) + f" | {medians[0] / medians[1]:.2f} |", flush=True)


def fan_out(ours, people, posts=20):
    """Each of `people` has a connection; how long until the last has a post, and the server's CPU."""
    selector, heard, buffers = selectors.DefaultSelector(), {}, {}
    for number in range(people):
        one = socket.create_connection(("127.0.0.1", ours.port), 120)
        one.sendall(f"GET /crowd?format=json&nick=p{number} HTTP/1.1\r\nHost: 127.0.0.1:{ours.port}\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        head = one.recv(64)
        assert head.startswith(b"HTTP/1.1 101"), head
        selector.register(one, selectors.EVENT_READ)
        buffers[one] = b""

    def read_until(mark, most):
        """Until all have it; who has none is counted."""
        waiting, end = set(buffers), time.monotonic() + most
        while waiting and time.monotonic() < end:
            for key, _ in selector.select(1):
                data = key.fileobj.recv(1 << 16)
                assert data, "a connection ended"
                buffers[key.fileobj] = buffers[key.fileobj][-64:] + data
                if mark is not None and mark in buffers[key.fileobj]:
                    waiting.discard(key.fileobj)
        return len(waiting)

    quiet = ours.cpu()
    while True:  # until nobody comes any more
        read_until(None, 3)
        now = ours.cpu()
        if now - quiet < 0.2:
            break
        quiet = now
    times, before = [], ours.cpu()
    for number in range(posts):
        mark = f"post number {number} ends".encode()
        start = time.monotonic()
        client = subprocess.Popen(["curl", "-sSf", "-o", "/dev/null", "-H", f"Authorization: Bearer {ours.token}", "-H",
                                   "Content-Type: application/json", "-d", json.dumps({"text": mark.decode()}),
                                   f"{ours.api}/rooms/crowd/messages"])
        lost = read_until(mark, 120)
        times.append(time.monotonic() - start)
        assert client.wait() == 0 and lost == 0, lost
    cpu = (ours.cpu() - before) / posts
    times.sort()
    print(f"\n| a post's way to {people} people | |\n|---|---|\n"
          f"| the last has it after, p50 | {times[len(times) // 2] * 1e3:.0f} ms |\n"
          f"| slowest of {posts} | {times[-1] * 1e3:.0f} ms |\n"
          f"| server's CPU, daemon and all handlers | {cpu * 1e3:.1f} ms, {cpu / people * 1e6:.0f} us a person |")


def main():
    bin_, rounds = os.path.abspath(sys.argv[1]), int((sys.argv + ["", ""])[2] or 5)
    people = int((sys.argv + [""] * 3)[3] or 1000)
    base = tempfile.mkdtemp(prefix="api-")
    servers = []
    try:
        key = os.path.join(base, "key.pem")
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], capture_output=True, check=True)
        for name in ("ours", "peer"):
            os.mkdir(os.path.join(base, name))
        servers.append(Ours(os.path.join(base, "ours"), bin_, key))
        servers.append(Dispatcher(os.path.join(base, "peer"), key))
        requests(servers, rounds)
        fan_out(servers[0], people)
        print(f"\nLoad average at the end: {os.getloadavg()[0]:.1f}; {rounds} rounds in turn, medians.")
    finally:
        for server in servers:
            server.end()
        shutil.rmtree(base, ignore_errors=True)


main()
