import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "../../htdocs/client/connection.js";
import { openConnection as open, settled } from "./client_surroundings.js";

const hosts = ({ sockets }) => sockets.map(({ address }) => address.host);

test("a socket that was given up says nothing any more", () => {
	const { connection, world, messages, states } = open();
	connection.start();
	const [old] = world.sockets;
	connection.start();
	world.socket.opens();
	states.length = 0;
	old.opens();
	old.says({ type: "late" });
	old.goes();
	assert.deepEqual([messages, states], [[], []]);
	assert.ok(connection.isOpen);
});

test("waits double and are anything up to their bound, which is half a minute", () => {
	assert.deepEqual(
		[0, 1, 2].map((failures) => backoff(failures, 1)),
		[500, 1000, 2000],
	);
	assert.equal(backoff(20, 1), 30_000);
	assert.equal(backoff(20, 0.1), 3000);
	assert.equal(backoff(0, 0), 50);
});

test("a connection that held is a good one: the next wait is short again", () => {
	const { connection, world } = open({ chance: 1 });
	connection.start();
	for (const wait of [500, 1000, 2000]) {
		world.socket.goes();
		const before = world.sockets.length;
		world.pass(wait - 1);
		assert.equal(world.sockets.length, before, `after ${wait} ms`);
		world.pass(1);
		assert.equal(world.sockets.length, before + 1);
	}
	world.socket.opens();
	world.pass(10_001);
	world.socket.goes();
	world.pass(500);
	assert.equal(world.sockets.length, 5);
});

test("every server is tried once before it waits; the one that failed comes last", () => {
	const { connection, world } = open({ servers: ["wss://one/", "wss://two/", "wss://three/"], chance: 1 });
	connection.start();
	world.socket.goes();
	world.pass(300);
	world.socket.goes();
	world.pass(300);
	assert.deepEqual(hosts(world), ["one", "two", "three"]);
	world.socket.goes();
	world.pass(499);
	assert.equal(world.sockets.length, 3, "all have failed: it waits");
	world.pass(1);
	assert.equal(hosts(world).at(-1), "one");
	world.socket.opens();
	world.pass(20_000);
	world.socket.goes();
	world.pass(500);
	assert.equal(hosts(world).at(-1), "two", "one went just now");
	world.socket.opens();
	world.pass(20_000);
	world.socket.goes();
	world.pass(500);
	assert.equal(hosts(world).at(-1), "three");
});

test("a list that has to be asked for is asked for anew in each round", async () => {
	let asked = 0;
	const servers = async () => {
		asked += 1;
		return [`wss://number-${asked}/`];
	};
	const { connection, world } = open({ servers, chance: 1 });
	connection.start();
	await settled();
	world.socket.goes();
	world.pass(500);
	await settled();
	assert.deepEqual(hosts(world), ["number-1", "number-2"]);
});

test("a list that cannot be had is a try that failed", async () => {
	let isBroken = true;
	const servers = () => (isBroken ? Promise.reject(new Error("503")) : Promise.resolve(["wss://one/"]));
	const { connection, world, states } = open({ servers, chance: 1 });
	connection.start();
	await settled();
	assert.deepEqual(states, ["connecting", "waiting"]);
	isBroken = false;
	world.pass(500);
	await settled();
	assert.deepEqual(hosts(world), ["one"]);
});

test("a list that comes after the end opens nothing", async () => {
	const { connection, world } = open({ servers: () => Promise.resolve(["wss://one/"]) });
	connection.start();
	connection.stop();
	await settled();
	assert.equal(world.sockets.length, 0);
	assert.equal(world.timers.size, 0);
});

test("who shuts down spreads its clients", () => {
	const { connection, world } = open({ chance: 0.5 });
	connection.start();
	world.socket.opens();
	connection.ended({ reason: "shutting down", spread: 10_000 }, {});
	world.socket.goes();
	world.pass(4999);
	assert.equal(world.sockets.length, 1);
	world.pass(1);
	assert.equal(world.sockets.length, 2);
});

test("whoever has sent something hears sooner that nobody is there", () => {
	const { connection, world, states } = open();
	connection.start();
	world.socket.opens();
	assert.ok(connection.send({ type: "say", text: "hello" }));
	world.pass(8000);
	assert.deepEqual(
		world.socket.sent.map(({ type }) => type),
		["say", "ping"],
	);
	world.socket.says({ type: "pong" });
	world.pass(29_999);
	assert.equal(states.at(-1), "connecting");
	world.pass(15_001);
	assert.equal(states.at(-1), "waiting");
});

test("what is no message is handed to who knows more", () => {
	const foreign = [];
	const { connection, world } = open({ onForeign: (data) => foreign.push(data) });
	connection.start();
	world.socket.opens();
	world.socket.says("[10:00:00] Welcome to the chat room lobby!");
	world.socket.says("[1,2]");
	assert.equal(foreign.length, 2);
});
