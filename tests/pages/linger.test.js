import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

/** The browser's socket, whose other side is the test. */
class FakeSocket extends EventTarget {
	/** @type {FakeSocket[]} */
	static all = [];
	readyState = 0;
	bufferedAmount = 0;
	binaryType = "blob";
	protocol = "";
	sent = [];
	closed = null;

	constructor(url, protocols) {
		super();
		this.url = String(url);
		this.protocols = protocols;
		FakeSocket.all.push(this);
	}

	send(data) {
		this.sent.push(data);
	}

	close(...how) {
		this.closed = how;
	}

	says(data) {
		this.readyState = 1;
		this.onmessage?.({ data });
	}

	own(word) {
		this.says(`\0${JSON.stringify(word)}`);
	}

	drops(code = 1006, wasClean = false) {
		this.readyState = 3;
		this.onclose?.({ code, reason: "", wasClean });
	}
}

globalThis.WebSocket = FakeSocket;
/** @type {Set<() => void>} */
const online = new Set();
globalThis.addEventListener ??= (type, listener) => type === "online" && online.add(listener);
globalThis.removeEventListener ??= (type, listener) => online.delete(listener);
globalThis.CloseEvent ??= class extends Event {
	constructor(type, init) {
		super(type);
		Object.assign(this, init);
	}
};
const { LingeringSocket } = await import("../../htdocs/js/linger.js");

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

const last = () => FakeSocket.all.at(-1);

/** An open socket, and what its page is told. */
function open(protocols) {
	const told = [];
	const socket = new LingeringSocket("ws://h/p", protocols);
	for (const type of ["open", "message", "error", "close", "lost", "away", "back"])
		socket.addEventListener(type, (event) => told.push(event.data ?? event.detail ?? event.code ?? type));
	last().own({ linger: "new", received: 0 });
	return { socket, told };
}

/** Goes on after a drop. */
function comesBack(word) {
	mock.timers.tick(30_000);
	last().own(word);
}

test("it looks like a WebSocket", () => {
	const socket = new LingeringSocket("ws://h/p", ["chat"]);
	const handled = [];
	for (const type of ["open", "message", "close"]) socket[`on${type}`] = (event) => handled.push(event.type);
	assert.equal(socket.readyState, LingeringSocket.CONNECTING);
	assert.throws(() => socket.send("early"), { name: "InvalidStateError" });
	const [offer, chat] = last().protocols;
	assert.match(offer, /^linger\.v1\.[A-Za-z0-9_-]{22,64}\.0$/);
	assert.equal(chat, "chat");
	last().protocol = "chat";
	last().own({ linger: "new", received: 0 });
	assert.deepEqual([socket.readyState, socket.protocol, socket.url], [1, "chat", "ws://h/p"]);
	socket.binaryType = "arraybuffer";
	assert.equal(last().binaryType, "arraybuffer");
	socket.send("one");
	last().says("two");
	socket.close(4000, "bye");
	assert.equal(socket.readyState, LingeringSocket.CLOSING);
	assert.deepEqual(last().closed, [4000, "bye"]);
	last().drops(4000, true);
	assert.deepEqual(handled, ["open", "message", "close"]);
	assert.equal(socket.readyState, LingeringSocket.CLOSED);
});

test("after a drop it says what it has, and sends what the daemon has not", () => {
	const { socket, told } = open();
	for (const text of ["a", "b", "c"]) socket.send(text);
	assert.deepEqual(last().sent, ["a", "b", "c"]);
	last().says("x");
	last().own({ received: 1 });
	last().says("y");
	const first = last();
	first.drops();
	assert.equal(socket.readyState, LingeringSocket.OPEN);
	socket.send("d");
	assert.equal(socket.bufferedAmount, 3, "b and c are under way no more");
	mock.timers.tick(30_000);
	assert.notEqual(last(), first);
	assert.match(last().protocols[0], /\.2$/);
	assert.deepEqual(last().sent, [], "not before the daemon has spoken");
	last().own({ linger: "resumed", received: 2 });
	assert.deepEqual(last().sent, ["c", "d"]);
	assert.deepEqual(told, ["open", "x", "y", "away", "back"]);
});

test("a session that is lost is told with what may not have arrived, and begins anew", () => {
	const { socket, told } = open();
	last().says("x");
	socket.send("a");
	last().drops();
	socket.addEventListener("lost", () => socket.send("again"), { once: true });
	comesBack({ linger: "lost", received: 0 });
	assert.deepEqual(told, ["open", "x", "away", "back", ["a"]]);
	assert.deepEqual(last().sent, ["again"]);
	last().says("y");
	last().drops();
	mock.timers.tick(30_000);
	assert.match(last().protocols[0], /\.1$/);
});

test("no more than the window is under way, or one message", () => {
	const { socket } = open();
	const large = "x".repeat(200_000);
	for (let n = 0; n < 3; n++) socket.send(large);
	assert.equal(last().sent.length, 1);
	last().own({ received: 1 });
	assert.equal(last().sent.length, 2);
	socket.close();
	assert.equal(last().closed, null, "what was sent before goes first");
	last().own({ received: 2 });
	assert.deepEqual(last().closed, [1000, ""]);
});

test("bytes are sent again as they were when they were sent", async () => {
	const { socket } = open();
	const bytes = new Uint8Array([1, 2, 3]);
	socket.send(bytes.subarray(1));
	bytes.fill(9);
	last().drops();
	comesBack({ linger: "resumed", received: 0 });
	assert.deepEqual([...new Uint8Array(await new Response(last().sent[0]).arrayBuffer())], [2, 3]);
});

test("a NUL of the program's own is a message", () => {
	const { told } = open();
	last().says('\0\0{"received":9}');
	assert.deepEqual(told, ["open", '\0{"received":9}']);
});

test("close codes of the program are the end, those of a daemon that goes are not", () => {
	for (const code of [1000, 1011, 4001, 4409]) {
		const { socket, told } = open();
		last().drops(code, true);
		assert.deepEqual([socket.readyState, told.at(-1)], [LingeringSocket.CLOSED, code]);
	}
	for (const code of [1001, 1006, 1012]) {
		const { socket } = open();
		last().drops(code, code !== 1006);
		assert.equal(socket.readyState, LingeringSocket.OPEN, String(code));
	}
});

test("it tries again at random times that grow, and at once when the network is back", () => {
	const random = mock.method(Math, "random", () => 0.999);
	open();
	const tried = [];
	for (let n = 0; n < 8; n++) {
		const before = FakeSocket.all.length;
		last().drops();
		let ms = 0;
		while (FakeSocket.all.length === before) (mock.timers.tick(100), (ms += 100));
		tried.push(ms);
	}
	assert.deepEqual(tried, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
	random.mock.restore();
	const before = FakeSocket.all.length;
	last().drops();
	for (const listener of online) listener();
	assert.ok(FakeSocket.all.length > before);
});

test("a connection that acknowledges nothing is given up, and not closed before another has the session", () => {
	const { socket } = open();
	const dead = last();
	socket.send("into the void");
	mock.timers.tick(14_000);
	socket.send("more");
	mock.timers.tick(1_000);
	assert.notEqual(last(), dead);
	assert.equal(dead.closed, null, "its close frame would end the session");
	last().own({ linger: "resumed", received: 0 });
	assert.deepEqual(dead.closed, []);
	assert.deepEqual(last().sent, ["into the void", "more"]);
	// The next time it waits for longer.
	mock.timers.tick(15_000);
	const patient = last();
	last().own({ received: 2 });
	mock.timers.tick(60_000);
	assert.equal(last(), patient, "all is acknowledged");
});

test("a daemon that does not linger is told from one that does", () => {
	const told = [];
	const socket = new LingeringSocket("ws://h/p");
	socket.onclose = ({ code }) => told.push(code);
	last().says("an ordinary message");
	assert.deepEqual([socket.readyState, told], [LingeringSocket.CLOSED, [1006]]);
});
