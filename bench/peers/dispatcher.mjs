// A dispatcher as ChatUp's README publishes it, to compare with: HTTP in Node, a request's body is a JWT (RS256) of the
// messages, each is published in Redis and kept among the last N of its channel, which GET /messages/CHANNEL gives out.
// It is kinder than that one: node:http in place of a framework, one process, and nobody subscribes.
//
// dispatcher.js PUBLIC_KEY REDIS_PORT prints its port.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";

const [publicKey, redisPort] = [createPublicKey(readFileSync(process.argv[2])), Number(process.argv[3])];
const KEPT = 200;

// RESP: what is asked goes out at once, answers come back in order.
const redis = connect(redisPort, "127.0.0.1");
redis.setNoDelay();
const waiting = [];
let buffer = "";
redis.setEncoding("utf8").on("data", (data) => {
  buffer += data;
  for (let end; (end = endOf(buffer, 0)) > 0; buffer = buffer.slice(end)) waiting.shift()(buffer.slice(0, end));
});
/** Where the answer that begins at `at` ends; 0: it is not whole. */
function endOf(text, at) {
  const line = text.indexOf("\r\n", at);
  if (line < 0) return 0;
  let next = line + 2;
  const count = Number(text.slice(at + 1, line));
  if (text[at] === "$" && count >= 0) next += count + 2;
  if (text[at] === "*") for (let left = count; left > 0; left--) if (!(next = endOf(text, next))) return 0;
  return next > text.length ? 0 : next;
}
function ask(...commands) {
  const line = (words) =>
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
  redis.write(commands.map((words) => line(words)).join(""));
  return Promise.all(commands.map(() => new Promise((resolve) => waiting.push(resolve))));
}

/** The claims, if the signature is good. */
function read(token) {
  const [head, body, signature] = token.split(".");
  if (JSON.parse(Buffer.from(head, "base64url")).alg !== "RS256") throw new Error("alg");
  if (!verify("RSA-SHA256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url")))
    throw new Error("signature");
  return JSON.parse(Buffer.from(body, "base64url"));
}

const server = createServer((request, response) => {
  const answer = (status, value) => {
    const text = JSON.stringify(value);
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }).end(text);
  };
  if (request.method === "GET") {
    const channel = request.url.slice("/messages/".length);
    void ask(["LRANGE", `messages:${channel}`, "0", String(KEPT - 1)]).then(([found]) =>
      answer(200, found.split("\r\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))),
    );
    return;
  }
  let body = "";
  request.setEncoding("utf8").on("data", (data) => (body += data));
  request.on("end", () => {
    try {
      const messages = read(body);
      const commands = messages.flatMap(({ channel, msg, user }) => {
        const text = JSON.stringify({ msg, user, date: Date.now() });
        return [
          ["PUBLISH", `room:${channel}`, text],
          ["LPUSH", `messages:${channel}`, text],
          ["LTRIM", `messages:${channel}`, "0", String(KEPT - 1)],
        ];
      });
      void ask(...commands).then(() => answer(200, { status: "success" }));
    } catch (error) {
      answer(401, { err: String(error) });
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
