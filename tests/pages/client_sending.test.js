import assert from "node:assert/strict";
import { test } from "node:test";

import { memory } from "../../htdocs/client/storage.js";
import { entered, id, openClient as open } from "./client_surroundings.js";

test("a message ends with its place in the log", async () => {
	const { server, room } = entered();
	const sent = room.send("hello", { reply: id(1) });
	const [{ msgid, ...said }] = server.asked("say");
	assert.deepEqual(said, { type: "say", room: "lobby", text: "hello", reply: id(1) });
	server.says({ type: "ack", room: "lobby", msgid, id: id(2) });
	assert.deepEqual(await sent, { id: id(2) });
	assert.deepEqual(room.unsent, []);
});

test("a message that was under way is sent again under its id, a command is not", async () => {
	const { server, world, room } = entered();
	const message = room.send("hello");
	const command = room.send("/kick bob");
	const [{ msgid }] = server.asked("say");
	world.socket.goes();
	await assert.rejects(command, { name: "ChatError", code: "maybe_done" });
	world.pass(500);
	server.greets();
	server.welcomes("lobby", {}, { since: id(0) });
	assert.deepEqual(
		server.asked("say").map(({ msgid: again, text }) => [again, text]),
		[[msgid, "hello"]],
	);
	server.says({ type: "ack", room: "lobby", msgid, id: id(1), duplicate: true });
	assert.deepEqual(await message, { id: id(1), duplicate: true });
});

test("what was not sent outlives the program", () => {
	const storage = memory();
	const before = open({ storage });
	before.client.enter("lobby").send("hello");
	const { client, server } = open({ storage });
	client.enter("lobby");
	client.connect();
	server.greets();
	server.welcomes("lobby");
	assert.deepEqual(
		server.asked("say").map(({ text }) => text),
		["hello"],
	);
});

test("a refusal for the moment is no end; one for good is", async () => {
	const { server, world, room } = entered();
	const sent = room.send("hello");
	const refuses = (code) =>
		server.says({ type: "error", room: "lobby", code, text: "no", msgid: server.asked("say").at(-1).msgid });
	for (const wait of [1000, 2000]) {
		refuses("not_saved");
		world.pass(wait - 1);
		assert.equal(room.unsent[0].state, "sending");
		const times = server.asked("say").length;
		world.pass(1);
		assert.equal(server.asked("say").length, times + 1);
	}
	refuses("muted");
	await assert.rejects(sent, { code: "muted", message: "no" });
	assert.deepEqual(room.unsent, []);
});

test("nobody is faster than the server takes", () => {
	const { server, world, room } = entered();
	for (let number = 0; number < 40; number += 1) room.send(`number ${number}`);
	const atOnce = server.asked("say").length;
	assert.ok(atOnce >= 15 && atOnce <= 20, `${atOnce}`);
	world.pass(10_000);
	assert.equal(server.asked("say").length, 40);
	assert.deepEqual(
		server.asked("say").map(({ text }) => text),
		Array.from({ length: 40 }, (_, number) => `number ${number}`),
	);
});

test("too much that waits is refused, and nothing of it is lost", async () => {
	const { client } = open();
	const room = client.enter("lobby");
	for (let number = 0; number < 200; number += 1) room.send("x");
	await assert.rejects(room.send("one more"), { code: "outbox_full" });
	assert.equal(room.unsent.length, 200);
});
