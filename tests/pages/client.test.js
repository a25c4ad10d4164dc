import assert from "node:assert/strict";
import { test } from "node:test";

// Loaded when history is asked for; here it is at once, as time stands still.
import "../../htdocs/client/questions.js";
import { memory } from "../../htdocs/client/storage.js";
import { entered, id, openClient as open, settled } from "./client_surroundings.js";

test("the address says who we are, and no room", () => {
	const { client, world } = open({ nick: "alice", client: "0123456789abcdef" });
	client.enter("lobby");
	client.connect();
	const { address } = world.socket;
	assert.equal(address.origin + address.pathname, "wss://chat.example.org/rooms/");
	assert.deepEqual(
		["format", "protocol", "client", "nick"].map((name) => address.searchParams.get(name)),
		["json", "2", "0123456789abcdef", "alice"],
	);
});

test("who we are is kept in the storage", () => {
	const storage = memory();
	const tokens = [1, 2].map(() => {
		const { client, world } = open({ storage });
		client.connect();
		return world.socket.address.searchParams.get("client");
	});
	assert.equal(tokens[0], tokens[1]);
	assert.match(tokens[0], /^[0-9a-f]{24}$/);
});

test("rooms are entered in one go, and later ones at once", () => {
	const { client, server } = open();
	client.enter("lobby", { history: 20 });
	client.enter("tea", { since: id(1), password: "milk" });
	client.connect();
	server.greets();
	client.enter("late");
	assert.deepEqual(
		server.asked("enter").map(({ rooms }) => rooms),
		[
			[
				{ room: "lobby", history: 20 },
				{ room: "tea", since: id(1), password: "milk" },
			],
			[{ room: "late", history: 0 }],
		],
	);
});

test("a room may be called otherwise than it was asked for", () => {
	const { client, server } = open();
	const room = client.enter("My Room");
	client.connect();
	server.greets();
	server.welcomes("My-Room", { asked: "My Room" });
	assert.equal(room.name, "My-Room");
	assert.equal(client.rooms.get("My-Room"), room);
	assert.equal(client.enter("My Room"), room);
});

test("rooms beyond the server's limit are refused here", () => {
	const { client, server } = open();
	const parted = [];
	for (const name of ["one", "two", "three"]) client.enter(name).on("parted", ({ code }) => parted.push(name, code));
	client.connect();
	server.greets({ limits: { rooms: 2 } });
	assert.deepEqual(parted, ["three", "too_many_rooms"]);
	assert.equal(server.asked("enter")[0].rooms.length, 2);
});

test("what was said is given out once and in order, over every cut", () => {
	const { server, world, records } = entered();
	server.says({ type: "say", room: "lobby", id: id(1), from: "bob", text: "one" });
	world.socket.goes();
	world.pass(500);
	server.greets();
	assert.deepEqual(server.asked("enter")[0].rooms, [{ room: "lobby", since: id(1) }]);
	const replay = [1, 2, 3].map((second) => ({ type: "say", id: id(second), from: "bob", text: `number ${second}` }));
	server.welcomes("lobby", { records: replay.slice(0, 2), more: true }, { since: id(1) });
	server.says({ type: "history", room: "lobby", since: id(2), records: replay.slice(1), more: false });
	server.says({ type: "say", room: "lobby", id: id(3), from: "bob", text: "again" });
	server.says({ type: "say", room: "lobby", id: id(4), from: "bob", text: "four" });
	assert.deepEqual(records, ["one", "number 2", "number 3", "four"]);
});

test("what an engine of several machines lost is given out once, under whatever id it comes back", () => {
	const { server, records } = entered();
	const say = (/** @type {number} */ at, /** @type {string} */ text, more = {}) =>
		server.says({ type: "say", room: "lobby", id: id(at), from: "bob", text, ...more });
	say(1, "one");
	say(2, "two");
	say(4, "one", { was: id(1) });
	say(5, "never seen", { was: id(3) });
	say(6, "never seen", { was: id(3) });
	say(7, "seven");
	assert.deepEqual(records, ["one", "two", "never seen", "seven"]);
});

test("a room where nobody has said anything loses nothing either", () => {
	const { server, world, room } = entered();
	world.socket.goes();
	world.pass(500);
	server.greets();
	assert.deepEqual(server.asked("enter")[0].rooms, [{ room: "lobby", since: id(0) }]);
	assert.equal(room.isWelcome, false);
});

test("a whisper does not move the place to go on from", () => {
	const { server, room } = entered();
	server.says({ type: "whisper", room: "lobby", id: id(9), from: "bob", to: "alice", text: "psst" });
	assert.equal(room.lastId, id(0));
});

test("what the server does not keep any more is a gap, never a silent hole", () => {
	const { server, world, room } = entered();
	const gaps = [];
	room.on("gap", (gap) => gaps.push(gap));
	server.says({ type: "say", room: "lobby", id: id(1), from: "bob", text: "one" });
	for (const welcome of [{}, { oldest: id(1) }, { oldest: id(5) }]) {
		world.socket.goes();
		world.pass(500);
		server.greets();
		server.welcomes("lobby", welcome, { since: id(1) });
	}
	assert.deepEqual(gaps, [{ since: id(1), oldest: id(5) }]);
});

test("a conversation that was begun is a room, though nobody entered it", () => {
	const { client, server } = entered();
	const begun = [];
	client.on("room", (room) => room.on("welcome", ({ you }) => begun.push([room.name, you])));
	client.tell({ type: "converse", people: [{ to: "bob" }], msgid: "c1" });
	server.welcomes("~0123", { you: undefined });
	assert.deepEqual(begun, [["~0123", "alice"]]);
	assert.ok(client.rooms.get("~0123").isWelcome);
});

test("members follow the records; what was missed has happened already", () => {
	const { server, world, room } = entered();
	const names = () => [...room.members.keys()].join(" ");
	server.says({ type: "join", room: "lobby", id: id(1), from: "bob", color: "Gray", person: "b" });
	server.says({ type: "nick", room: "lobby", id: id(2), from: "alice", to: "alicia" });
	assert.equal(names(), "bob alicia");
	assert.equal(room.me.name, "alicia");
	world.socket.goes();
	world.pass(500);
	server.greets();
	const records = [
		{ type: "quit", id: id(3), from: "bob" },
		{ type: "join", id: id(4), from: "bob" },
	];
	server.welcomes("lobby", { members: [{ name: "alicia" }, { name: "bob" }], records }, { since: id(2) });
	assert.equal(names(), "alicia bob");
});

test("pages of history come to who asked, in the order asked", async () => {
	const { server, room } = entered();
	const pages = [room.history({ limit: 10 }), room.history({ before: id(5) })];
	await settled();
	server.says({ type: "history", room: "lobby", records: [], more: true, cursor: id(7) });
	server.says({ type: "history", room: "lobby", records: [], more: false, before: id(5) });
	assert.deepEqual(
		(await Promise.all(pages)).map(({ more }) => more),
		[true, false],
	);
});

test("what is asked is answered or fails", async () => {
	const { server, world, room } = entered();
	const late = room.history();
	await settled();
	for (let second = 0; second < 30; second += 5) {
		world.pass(5000);
		server.says({ type: "pong" });
	}
	await assert.rejects(late, { code: "time_out" });
	const next = room.history();
	await settled();
	server.says({ type: "history", room: "lobby", records: [{ id: "late" }], more: false });
	server.says({ type: "history", room: "lobby", records: [{ id: "next" }], more: false });
	assert.equal((await next).records[0].id, "next");
	const unreadable = room.history();
	await settled();
	server.says({ type: "error", room: "lobby", code: "storage", text: "cannot be read" });
	await assert.rejects(unreadable, { code: "storage" });
	const cut = room.history();
	await settled();
	world.socket.goes();
	await assert.rejects(cut, { code: "not_connected" });
	await assert.rejects(room.history(), { code: "not_connected" });
});

test("who is put out does not come back by itself, but when asked to", () => {
	const { client, server, world, room } = entered();
	const parted = [];
	room.on("parted", ({ reason }) => parted.push(reason));
	server.says({ type: "parted", room: "lobby", reason: "kicked" });
	assert.deepEqual([parted, room.isWelcome], [["kicked"], false]);
	world.socket.goes();
	world.pass(500);
	server.greets();
	assert.deepEqual(server.asked("enter"), []);
	assert.notEqual(client.enter("lobby"), room);
	assert.equal(server.asked("enter").length, 1);
});

test("a room that is left is none of ours", () => {
	const { client, server, room } = entered();
	room.part();
	server.says({ type: "parted", room: "lobby", reason: "part" });
	assert.deepEqual([...client.rooms.keys()], []);
});

test("a server that shuts down is waited for; any other end is one", () => {
	const { server, world, heard, client } = entered();
	server.says({ type: "bye", reason: "shutting down", spread: 4000 });
	world.socket.goes();
	world.pass(3999);
	assert.equal(world.sockets.length, 1);
	world.pass(1);
	server.greets();
	server.says({ type: "bye", reason: "banned" });
	world.pass(60_000);
	assert.equal(world.sockets.length, 2);
	assert.equal(client.state, "closed");
	assert.deepEqual(
		heard.map(([, reason]) => reason),
		["shutting down", "banned"],
	);
});

test("an older server is told apart and left alone", () => {
	for (const first of [
		{ type: "welcome", protocol: 1, room: "lobby", you: "alice" },
		"[10:00:00] Welcome to the chat room lobby!",
	]) {
		const { client, world, heard } = open();
		client.enter("lobby");
		client.connect();
		world.socket.opens();
		world.socket.says(first);
		assert.deepEqual(heard, [["error", "too_old"]]);
		assert.equal(client.state, "closed");
	}
});

test("a listener that throws keeps nothing from the others", (context) => {
	const { server, room, records } = entered();
	const thrown = [];
	context.mock.method(console, "error", (error) => thrown.push(error.message));
	room.on("record", () => {
		throw new Error("mine");
	});
	const other = [];
	room.on("record", ({ text }) => other.push(text));
	server.says({ type: "say", room: "lobby", id: id(1), from: "bob", text: "one" });
	assert.deepEqual([records, other, thrown], [["one"], ["one"], ["mine"]]);
});

test("whatever a server says, nothing throws", () => {
	const { client, world } = entered();
	for (const type of [
		"hello",
		"welcome",
		"history",
		"ack",
		"error",
		"parted",
		"bye",
		"say",
		"join",
		"nick",
		"mark",
		"you",
		"x",
	]) {
		for (const rest of [{}, { room: "lobby" }, { room: 7, id: 7, from: 7 }, { room: "lobby", records: [] }]) {
			world.socket.says({ type, ...rest });
		}
	}
	client.close();
	assert.equal(client.state, "closed");
});
