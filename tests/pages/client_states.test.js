import assert from "node:assert/strict";
import { test } from "node:test";

import { openConnection as open } from "./client_surroundings.js";

// How a connection comes into each of its states ...
const STATES = {
	"not started": () => {},
	opening: ({ connection }) => connection.start(),
	open: ({ connection, world }) => {
		connection.start();
		world.socket.opens();
	},
	asking: ({ connection, world }) => {
		connection.start();
		world.socket.opens();
		world.pass(30_000);
	},
	waiting: ({ connection, world }) => {
		connection.start();
		world.socket.goes();
	},
	left: ({ connection, world }) => {
		connection.start();
		world.socket.opens();
		world.watched.leave();
	},
	stopped: ({ connection, world }) => {
		connection.start();
		world.socket.opens();
		connection.stop();
	},
};

// ... and what each event makes of it: the states it goes through and how many sockets were opened in all.
const EVENTS = {
	"start()": { run: ({ connection }) => connection.start() },
	"stop()": { run: ({ connection }) => connection.stop() },
	"tryNow()": { run: ({ connection }) => connection.tryNow() },
	"the socket opens": { run: ({ world }) => world.socket?.opens() },
	"the server speaks": { run: ({ world }) => world.socket?.says({ type: "hello" }) },
	"the socket closes": { run: ({ world }) => world.socket?.goes() },
	"the network is back": { run: ({ world }) => world.watched.back() },
	"the network is gone": { run: ({ world }) => world.watched.gone() },
	"the page is left": { run: ({ world }) => world.watched.leave() },
	"three quarters of a minute pass": { run: ({ world }) => world.pass(46_000) },
};

const EXPECTED = {
	"not started": {
		"start()": ["connecting", 1],
		"stop()": ["closed", 0],
	},
	opening: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
		"the server speaks": ["", 1, "hello"],
		"the socket closes": ["waiting", 1],
		"the network is gone": ["waiting", 1],
		"the page is left": ["offline", 1],
		// Fifteen seconds without a word end each try.
		"three quarters of a minute pass": ["waiting connecting waiting connecting waiting", 3],
	},
	open: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
		"the server speaks": ["", 1, "hello"],
		"the socket closes": ["waiting", 1],
		"the network is gone": ["waiting", 1],
		"the page is left": ["offline", 1],
		"three quarters of a minute pass": ["waiting connecting", 2],
	},
	asking: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
		"the server speaks": ["", 1, "hello"],
		"the socket closes": ["waiting", 1],
		"the network is gone": ["waiting", 1],
		"the page is left": ["offline", 1],
		"three quarters of a minute pass": ["waiting connecting waiting connecting waiting", 3],
	},
	waiting: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
		"tryNow()": ["connecting", 2],
		"the network is back": ["connecting", 2],
		"the network is gone": ["waiting", 1],
		"the page is left": ["offline", 1],
		"three quarters of a minute pass": ["connecting waiting connecting waiting connecting", 4],
	},
	left: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
		"tryNow()": ["connecting", 2],
		"the network is back": ["connecting", 2],
		"the network is gone": ["waiting", 1],
		"the page is left": ["offline", 1],
	},
	stopped: {
		"start()": ["connecting", 2],
		"stop()": ["closed", 1],
	},
};

for (const [state, reach] of Object.entries(STATES)) {
	for (const [event, { run }] of Object.entries(EVENTS)) {
		test(`${state}: ${event}`, () => {
			const opened = open();
			reach(opened);
			opened.states.length = 0;
			run(opened);
			const [states, sockets, heard = ""] = EXPECTED[state][event] ?? ["", opened.world.sockets.length];
			assert.equal(opened.states.join(" "), states);
			assert.equal(opened.world.sockets.length, sockets);
			assert.equal(opened.messages.map(({ type }) => type).join(" "), heard);
			const live = opened.world.sockets.filter(({ readyState }) => readyState < 2);
			assert.ok(live.length <= 1, "there is never more than one socket");
		});
	}
}

test("nothing is left running after the end", () => {
	for (const reach of Object.values(STATES)) {
		const opened = open();
		reach(opened);
		opened.connection.stop();
		assert.equal(opened.world.timers.size, 0);
		assert.equal(opened.world.watches, 0);
	}
});
