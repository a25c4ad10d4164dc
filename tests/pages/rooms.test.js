import assert from "node:assert/strict";
import { test } from "node:test";

import { Rooms } from "../../htdocs/js/rooms.js";

/** A room that remembers what it is told, and a window that remembers what is sent. */
function open(shown, kept = []) {
	const sent = [];
	const dropped = [];
	const rooms = new Rooms({
		make: (name) => ({
			name,
			label: name,
			told: [],
			marks: [],
			out: "",
			keys: {},
			isWanted: false,
			place: () => ({ history: 0 }),
			tell(message) {
				this.told.push(message);
			},
			reading: { marked: () => {} },
			sends: (msgid) => msgid === `${name}-1`,
			disconnected: () => {},
			calls: { end: () => {} },
			welcomedAt: -Infinity,
		}),
		send: (message) => sent.push(message),
		changed: () => {},
		show: (room) => (rooms.shown = room),
		renamed: () => {},
		dropped: ({ name }) => dropped.push(name),
		bye: () => {},
	});
	for (const name of kept) rooms.have(name);
	rooms.shown = rooms.have(shown);
	assert.equal(rooms.begin(), shown);
	return { rooms, sent, dropped };
}

const names = (rooms) => rooms.all.map(({ name }) => name);

test("a server of protocol 1 begins with a welcome: all it says is the shown room's", () => {
	const { rooms, sent } = open("lobby", ["tea"]);
	rooms.tell({ type: "welcome", protocol: 1, room: "lobby", you: "alice" });
	rooms.tell({ type: "say", from: "bob", text: "hello" });
	assert.equal(rooms.protocol, 1);
	assert.deepEqual(
		rooms.shown.told.map(({ type }) => type),
		["welcome", "say"],
	);
	assert.deepEqual(sent, []);
});

test("one's rooms are entered in one go, without that of the address", () => {
	const { rooms, sent } = open("lobby", ["gone"]);
	rooms.tell({
		type: "hello",
		protocol: 2,
		name: "alice",
		rooms: [{ room: "lobby" }, { room: "tea" }, { room: "zoo" }],
	});
	assert.deepEqual(sent, [
		{
			type: "enter",
			rooms: [
				{ room: "tea", history: 0 },
				{ room: "zoo", history: 0 },
			],
		},
	]);
	assert.deepEqual(names(rooms), ["lobby", "tea", "zoo"], "what is kept and not the server's, goes");
});

test("a server that keeps no rooms gets those that the browser kept", () => {
	const { rooms, sent } = open("lobby", ["tea"]);
	rooms.tell({ type: "hello", protocol: 2, name: "alice" });
	assert.deepEqual(sent[0].rooms, [{ room: "tea", history: 0 }]);
});

test("each room hears what is about it, with what hello said of the person", () => {
	const { rooms } = open("lobby", ["tea"]);
	rooms.tell({ type: "hello", protocol: 2, name: "alice", account: "alice", limits: { message: 9 } });
	rooms.tell({ type: "welcome", room: "tea", you: "alice1" });
	rooms.tell({ type: "say", room: "tea", from: "bob" });
	rooms.tell({ type: "say", room: "elsewhere", from: "bob" });
	rooms.tell({ type: "notice", text: "for the connection" });
	const [lobby, tea] = [rooms.have("lobby"), rooms.have("tea")];
	assert.deepEqual(
		tea.told.map(({ type, you, account }) => [type, you, account]),
		[
			["welcome", "alice1", "alice"],
			["say", undefined, undefined],
		],
	);
	assert.deepEqual(
		lobby.told.map(({ type }) => type),
		["notice"],
	);
});

test("a conversation is called what its people call it, or by who they are", () => {
	const { rooms } = open("lobby");
	rooms.tell({ type: "hello", protocol: 2, name: "alice", rooms: [{ room: "lobby" }, { room: "~00" }] });
	rooms.tell({ type: "about", room: "~00", kind: "group", people: [{ name: "alice" }, { name: "bob" }] });
	assert.equal(rooms.have("~00").label, "alice, bob");
	rooms.tell({ type: "about", room: "~00", kind: "group", title: "Picnic" });
	assert.equal(rooms.have("~00").label, "Picnic");
});

test("a refusal without a room goes to where the message was written", () => {
	const { rooms } = open("lobby", ["tea"]);
	rooms.tell({ type: "hello", protocol: 2, name: "alice" });
	rooms.tell({ type: "error", code: "not_in_room", msgid: "tea-1" });
	assert.equal(rooms.have("tea").told.length, 1);
	assert.equal(rooms.have("lobby").told.length, 0);
});

test("a room that is called otherwise is one room", () => {
	const { rooms } = open("Lobby_1");
	rooms.tell({ type: "hello", protocol: 2, name: "alice" });
	rooms.tell({ type: "welcome", room: "lobby-1", asked: "Lobby_1", you: "alice" });
	assert.deepEqual(names(rooms), ["lobby-1"]);
	assert.equal(rooms.have("LOBBY-1"), rooms.shown);
});

test("what was entered or left on another device is so here", () => {
	const { rooms, sent, dropped } = open("lobby");
	rooms.tell({ type: "hello", protocol: 2, name: "alice", rooms: [{ room: "lobby" }] });
	rooms.tell({ type: "mark", room: "tea", read: "2026" });
	assert.deepEqual(sent, [{ type: "enter", rooms: [{ room: "tea", history: 0 }] }]);
	rooms.tell({ type: "mark", room: "tea", own: false });
	assert.deepEqual(dropped, ["tea"]);
	assert.deepEqual(names(rooms), ["lobby"]);
});

test("a room that the server lost, killed just after it was entered, is entered again", () => {
	const { rooms, sent } = open("lobby", ["tea"]);
	rooms.tell({ type: "hello", protocol: 2, name: "alice", rooms: [{ room: "tea" }] });
	rooms.tell({ type: "welcome", room: "tea", you: "alice" });
	rooms.disconnected();
	rooms.begin();
	sent.length = 0;
	rooms.tell({ type: "hello", protocol: 2, name: "alice", rooms: [] });
	assert.deepEqual(sent[0].rooms, [{ room: "tea", history: 0 }]);
});

test("after a loss all are entered again, but not one that they were removed from", () => {
	const { rooms, sent } = open("lobby", ["tea", "strict"]);
	rooms.tell({ type: "hello", protocol: 2, name: "alice" });
	rooms.have("strict").out = "removed";
	rooms.disconnected();
	assert.equal(rooms.begin(), "lobby");
	sent.length = 0;
	rooms.tell({ type: "hello", protocol: 2, name: "alice" });
	assert.deepEqual(sent[0].rooms, [{ room: "tea", history: 0 }]);
});
