// Somebody who speaks and somebody who listens, by the client library, until stdin ends; then one line of JSON says what
// was sent, what was acknowledged and what was heard. Arguments: where the library is, where ws is, the servers, between
// commas.

const [library, ws, servers] = process.argv.slice(2);
const { ChatClient } = await import(library);
const sockets = await import(ws);

/** With the origin that the server's own pages have: `make run` takes no other. */
class WebSocket extends sockets.WebSocket {
	constructor(address) {
		super(address, { origin: address.origin.replace("ws", "http") });
	}
}

const join = (nick) => {
	const client = new ChatClient({ servers: servers.split(","), nick, WebSocket });
	const room = client.enter("fire");
	let losses = 0;
	client.on("state", ({ state }) => {
		if (state !== "waiting") return;
		losses += 1;
		// Not minutes later, as a server that dies every second would have it.
		setTimeout(() => client.tryNow(), 50);
	});
	client.connect();
	return { client, room, losses: () => losses };
};

const alice = join("alice");
const bob = join("bob");
const heard = [];
bob.room.on("record", ({ type, text }) => type === "say" && heard.push(text));
await new Promise((entered) => bob.room.on("welcome", entered));

const acked = [];
const failed = [];
let sent = 0;
const speak = () => {
	const text = `number ${sent}`;
	sent += 1;
	alice.room.send(text).then(
		({ id }) => acked.push(id),
		({ code }) => failed.push(code),
	);
};
const speaking = setInterval(speak, 250);
console.log("speaking");

for await (const _ of process.stdin);
clearInterval(speaking);
const deadline = Date.now() + 30_000;
while ((acked.length + failed.length < sent || heard.length < sent) && Date.now() < deadline) {
	await new Promise((later) => setTimeout(later, 20));
}
console.log(JSON.stringify({ sent, acked, failed, heard, losses: Math.min(alice.losses(), bob.losses()) }));
process.exit(0);
