// What the site's own programs and log-in are to a client: channels, and a token.

import assert from "node:assert/strict";
import { test } from "node:test";

// Loaded when they are asked for; here they are at once, as time stands still.
import "../../htdocs/client/channels.js";
import "../../htdocs/client/token.js";
import { id, openClient as open, settled } from "./client_surroundings.js";

const event = (second, channel = "news") => ({
	type: "event",
	channel,
	id: id(second),
	ev: "x",
	from: "shop",
	data: second,
});

/** A client that hears `news`. */
async function hearing(options) {
	const opened = open();
	const events = [];
	opened.client.on("event", ({ data }) => events.push(data));
	opened.client.connect();
	opened.server.greets();
	const heard = opened.client.subscribe("news", options);
	await settled();
	opened.server.says({ type: "subscribed", channel: "news", last: id(0) });
	return { ...opened, events, subscription: await heard };
}

test("a channel is asked for again behind the last event, over every cut", async () => {
	const { client, server, world, events, subscription } = await hearing();
	assert.equal(subscription.lastId, id(0));
	server.says(event(1));
	assert.equal(subscription.lastId, id(1));
	for (const second of [2, 3]) {
		world.socket.goes();
		client.tryNow();
		server.greets();
		assert.deepEqual(server.asked("subscribe"), [{ type: "subscribe", channel: "news", since: id(second - 1) }]);
		server.says({ type: "subscribed", channel: "news", last: id(0) });
		server.says(event(second));
	}
	assert.deepEqual(events, [1, 2, 3]);
});

test("who was lost before the first event misses none", async () => {
	const { server, world } = await hearing();
	world.socket.goes();
	world.pass(60_000);
	server.greets();
	assert.equal(server.asked("subscribe")[0].since, id(0));
});

test("an earlier run's last event is where it goes on", async () => {
	const { server } = await hearing({ since: id(7) });
	assert.deepEqual(server.asked("subscribe"), [{ type: "subscribe", channel: "news", since: id(7) }]);
});

test("what is wanted before the connection is asked for with it", async () => {
	const { client, server } = open();
	const heard = client.subscribe("user:alice");
	await settled();
	client.connect();
	server.greets();
	assert.equal(server.asked("subscribe").length, 1);
	server.says({ type: "subscribed", channel: "user:alice", last: id(1) });
	assert.equal((await heard).lastId, id(1));
});

test("a channel that may not be heard fails, and is not asked for again", async () => {
	const { client, server, world } = open();
	client.connect();
	server.greets();
	const heard = client.subscribe("secret");
	await settled();
	server.says({ type: "unsubscribed", channel: "secret", code: "not_allowed", text: "you may not" });
	await assert.rejects(heard, { name: "ChatError", code: "not_allowed", message: "you may not" });
	world.socket.goes();
	world.pass(60_000);
	server.greets();
	assert.deepEqual(server.asked("subscribe"), []);
});

test("what is heard is not asked for twice, and no more after its end", async () => {
	const { client, server, world, subscription } = await hearing();
	await assert.rejects(client.subscribe("news"), { code: "busy" });
	subscription.end();
	subscription.end();
	assert.deepEqual(server.asked("unsubscribe"), [{ type: "unsubscribe", channel: "news" }]);
	world.socket.goes();
	world.pass(60_000);
	server.greets();
	assert.deepEqual(server.asked("subscribe"), []);
});

/** A client with a token, whose connection has been opened. */
async function signing(token) {
	const opened = open({ token });
	opened.client.connect();
	await settled();
	opened.world.socket.opens();
	await settled();
	return opened;
}

test("a token is the first message of each connection, and in no address", async () => {
	const { world, server } = await signing("header.payload.signature");
	const first = { type: "auth", token: "header.payload.signature" };
	assert.deepEqual(world.socket.sent, [first]);
	assert.equal(world.socket.address.searchParams.get("auth"), "1");
	assert.doesNotMatch(world.socket.address.href, /signature/);
	server.says({ type: "hello", name: "alice", account: "alice" });
	world.socket.goes();
	world.pass(60_000);
	await settled();
	world.socket.opens();
	await settled();
	assert.deepEqual(world.socket.sent, [first]);
});

test("a function is asked for a new token before the end, and after it", async () => {
	let count = 0;
	const { world, server, client } = await signing(async () => `token ${(count += 1)}`);
	server.says({ type: "hello", name: "alice" });
	server.says({ type: "authenticated", until: id(1) });
	server.says({ type: "notice", code: "expiring", text: "" });
	await settled();
	assert.deepEqual(
		server.asked("auth").map(({ token }) => token),
		["token 1", "token 2"],
	);
	server.says({ type: "bye", reason: "expired", text: "" });
	assert.equal(client.state, "closed");
	world.pass(1);
	await settled();
	world.socket.opens();
	await settled();
	assert.deepEqual(world.socket.sent, [{ type: "auth", token: "token 3" }]);
});

test("a token that is refused again and again is not offered without end", async () => {
	const { world, server } = await signing(() => "old");
	for (let round = 0; round < 10; round += 1) {
		server.says({ type: "bye", reason: "refused", code: "token_expired", text: "" });
		world.pass(10_000);
		await settled();
		world.socket.opens();
		await settled();
	}
	assert.equal(world.sockets.length, 4);
});

test("one token that is over is the end, and so is one that is bad", async () => {
	for (const [token, bye] of [
		["fixed", { reason: "expired" }],
		[() => "made", { reason: "refused", code: "bad_token" }],
		[() => "made", { reason: "logged_out" }],
	]) {
		const { world, server, client } = await signing(token);
		server.says({ type: "bye", text: "", ...bye });
		world.pass(100_000);
		await settled();
		assert.deepEqual([client.state, world.sockets.length], ["closed", 1]);
	}
});

test("who gives no token is told, and tries again", async () => {
	let has = false;
	const { world, heard } = await signing(() => (has ? "late" : Promise.reject(new Error("log in first"))));
	assert.deepEqual(heard, [["error", "no_token"]]);
	has = true;
	world.socket.goes();
	world.pass(60_000);
	await settled();
	world.socket.opens();
	await settled();
	assert.deepEqual(world.socket.sent, [{ type: "auth", token: "late" }]);
});
