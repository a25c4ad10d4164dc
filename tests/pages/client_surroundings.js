// What the client library runs in, in tests: a clock that stands until it is moved, and sockets that nobody is behind.

import { ChatClient } from "../../htdocs/client/chat-client.js";
import { Connection } from "../../htdocs/client/connection.js";
import { Servers } from "../../htdocs/client/servers.js";

/** A server's end of a socket is its `opens`, `says` and `goes`. */
class Socket {
	readyState = 0;
	sent = [];
	#listeners = { open: [], message: [], error: [], close: [] };

	constructor(address) {
		this.address = address;
	}

	addEventListener(type, listener) {
		this.#listeners[type].push(listener);
	}

	send(data) {
		this.sent.push(JSON.parse(data));
	}

	close() {
		this.readyState = 3;
	}

	#tell(type, event = {}) {
		for (const listener of this.#listeners[type]) listener(event);
	}

	opens() {
		this.readyState = 1;
		this.#tell("open");
	}

	says(message) {
		this.#tell("message", { data: typeof message === "string" ? message : JSON.stringify(message) });
	}

	goes() {
		this.readyState = 3;
		this.#tell("close");
	}
}

/** An environment, and what moves it. */
export function surroundings({ chance = 0.5 } = {}) {
	let now = 0;
	let last = 0;
	const timers = new Map();
	const nobody = { back() {}, gone() {}, leave() {} };
	const watched = { ...nobody };
	const world = {
		sockets: [],
		offline: false,
		watches: 0,
		chance,
		watched,
		timers,
		/** The newest. */
		get socket() {
			return world.sockets.at(-1);
		},
	};
	const environment = {
		open(address) {
			const socket = new Socket(address);
			world.sockets.push(socket);
			return socket;
		},
		now: () => now,
		random: () => world.chance,
		setTimeout(run, ms) {
			last += 1;
			timers.set(last, { run, at: now + ms });
			return last;
		},
		clearTimeout: (timer) => timers.delete(timer),
		isOffline: () => world.offline,
		watch(on) {
			Object.assign(watched, on);
			world.watches += 1;
			return () => {
				Object.assign(watched, nobody);
				world.watches -= 1;
			};
		},
	};
	return Object.assign(world, {
		environment,
		/** Lets time pass; what falls due, in its order. */
		pass(ms) {
			const end = now + ms;
			for (;;) {
				const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
				if (!due) break;
				const [timer, { run, at }] = due;
				timers.delete(timer);
				now = at;
				run();
			}
			now = end;
		},
	});
}

/** Lets promises that are settled be heard of. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A connection to some servers, the world around it and the states that it went through. */
export function openConnection({ servers = ["wss://one/"], chance, ...uses } = {}) {
	const world = surroundings({ chance });
	const states = [];
	const messages = [];
	const connection = new Connection(
		{
			servers: new Servers(typeof servers === "function" ? servers : () => servers, world.environment.now),
			address: (server) => new URL(server),
			onMessage: (message) => messages.push(message),
			onState: (state) => states.push(state),
			...uses,
		},
		world.environment,
	);
	return { connection, world, states, messages };
}

/** Of a record. */
export const id = (second) => `2026-11-29T10:00:${String(second).padStart(2, "0")}.000000Z`;

/** A client, and a server's end that answers what is asked. */
export function openClient(options = {}) {
	const world = surroundings({ chance: 1 });
	const heard = [];
	const client = new ChatClient({
		servers: ["https://chat.example.org/rooms"],
		environment: world.environment,
		...options,
	});
	for (const event of ["error", "bye", "mark"])
		client.on(event, (detail) => heard.push([event, detail.code ?? detail.reason ?? ""]));
	const server = {
		greets(more = {}) {
			world.socket.opens();
			world.socket.says({
				type: "hello",
				protocol: 2,
				name: "alice",
				limits: { rate: 10, burst: 20, rooms: 50 },
				rooms: [],
				...more,
			});
		},
		welcomes(room, { records = [], more = false, ...welcome } = {}, place = {}) {
			world.socket.says({ type: "welcome", room, you: "alice", members: [{ name: "alice" }], now: id(0), ...welcome });
			world.socket.says({ type: "history", room, records, more, ...place });
		},
		says: (message) => world.socket.says(message),
		asked: (type) => world.socket.sent.filter((message) => message.type === type),
	};
	return { client, world, server, heard };
}

/** A room that is entered, and what it gives out. */
export function entered(options) {
	const opened = openClient(options);
	const room = opened.client.enter("lobby");
	const records = [];
	room.on("record", ({ id: place, text }) => records.push(text ?? place));
	opened.client.connect();
	opened.server.greets();
	opened.server.welcomes("lobby");
	return { ...opened, room, records };
}
