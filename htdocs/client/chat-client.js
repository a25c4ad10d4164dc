// A person's connection to the chat, for programs: any page, or Node. docs/client.md.
//
//     const chat = new ChatClient({ servers: ["wss://chat.example.org/chat/rooms/"], nick: "alice" });
//     const lobby = chat.enter("lobby", { history: 50 });
//     lobby.on("record", ({ type, from, text }) => type === "say" && console.log(`${from}: ${text}`));
//     chat.connect();
//     await lobby.send("hello");

import { ChatError } from "./chat_error.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { environment as surroundings } from "./environment.js";
import { randomId } from "./random_id.js";
import { Room } from "./room.js";
import { memory, outboxStore } from "./storage.js";

export { ChatError, Room };

/** What a server takes that does not say otherwise. */
const MAX_ROOMS = 50;

export class ChatClient extends Emitter {
	#connection;
	#environment;
	#storage;
	#nick;
	#token;
	/** Of this object: who comes back with it takes over what a lost connection left behind. */
	#page = randomId();
	/** @type {Map<string, Room>} */
	#rooms = new Map();
	#limit = 0;
	#isGreeted = false;
	/** What `hello` said: what a room's `welcome` has in common with it, it leaves out. @type {Record<string, any>} */
	#common = {};
	/** @type {import("./types.d.ts").State} */
	state = "closed";
	/** Who we are. @type {{ name: string, account?: string, person?: string }} */
	me = { name: "" };

	/** @param {import("./types.d.ts").ChatOptions} options */
	constructor({ servers, nick, client, token, storage = memory(), WebSocket, environment = surroundings }) {
		super();
		this.#environment = {
			...environment,
			...(WebSocket && { open: (/** @type {URL} */ address) => new WebSocket(address) }),
		};
		this.#storage = storage;
		this.#nick = nick;
		this.#token = client ?? storage.get("client") ?? randomId();
		if (!client) storage.set("client", this.#token);
		const given = typeof servers === "function" ? servers : () => servers;
		const ask = token ? () => import("./token.js").then((it) => it.sign(this, token, this.#environment, given)) : given;
		this.#connection = new Connection(
			{
				first: ask,
				address: (server) => this.#address(server),
				onMessage: (message) => this.#take(message),
				onState: (state, detail) => {
					this.state = state;
					if (state !== "connecting") {
						this.#isGreeted = false;
						for (const room of this.#rooms.values()) room.disconnected();
					}
					this.emit("state", { state, ...detail });
				},
				onForeign: () => this.#tooOld(),
			},
			this.#environment,
		);
		// Which is next is for those who have several.
		if (given === servers || /** @type {string[]} */ (servers)[1])
			import("./servers.js").then(
				({ Servers }) => (this.#connection.servers = new Servers(ask, this.#environment.now)),
				// The first has to do.
				() => {},
			);
	}

	/** @returns {ReadonlyMap<string, Room>} By name, as the server calls them. */
	get rooms() {
		return this.#rooms;
	}

	/** Connects, and comes back by itself until {@link close}. */
	connect() {
		this.#connection.start();
		return this;
	}

	/** Leaves. What is unsent stays in the storage. */
	close() {
		this.#connection.stop({ reason: "closed" });
	}

	/** Does not wait for the next try any longer. */
	tryNow() {
		this.#connection.tryNow();
	}

	/**
	 * The room of that name; entered now or with the connection.
	 * @param {string} name
	 * @param {import("./types.d.ts").EnterOptions} [options]
	 */
	enter(name, options) {
		const known = this.#rooms.get(name) ?? this.#find(({ asked }) => asked === name);
		if (known?.isWanted) return known;
		const room = this.#make(name, options);
		if (this.#isGreeted) this.#ask([room]);
		return room;
	}

	/** @param {string} name @param {import("./types.d.ts").EnterOptions} [options] */
	#make(name, options) {
		const room = new Room(
			name,
			{
				send: (message) => this.#connection.send(message),
				store: outboxStore(this.#storage, name),
				environment: this.#environment,
			},
			options,
		);
		this.#rooms.set(name, room);
		return room;
	}

	/**
	 * Hears a channel of the site from now on, or from behind an event; `event` tells what.
	 * @param {string} channel
	 * @param {{ since?: string }} [options]
	 */
	subscribe(channel, options) {
		return import("./channels.js").then((it) => it.subscribe(this, ChatError, channel, options));
	}

	/** In all rooms. @param {string} name */
	rename(name) {
		this.#nick = name;
		return this.#connection.send({ type: "nick", nick: name });
	}

	/** Any message of the protocol that is about no room. @param {import("./types.d.ts").Message} message */
	tell(message) {
		return this.#isGreeted && this.#connection.send(message);
	}

	/** @param {string} server */
	#address(server) {
		const address = new URL(server);
		address.protocol = address.protocol.replace("http", "ws");
		address.pathname = address.pathname.replace(/\/?$/u, "/");
		const query = { format: "json", protocol: 2, client: this.#token, page: this.#page, nick: this.#nick };
		for (const [name, value] of Object.entries(query)) if (value) address.searchParams.set(name, String(value));
		return address;
	}

	/** @param {import("./types.d.ts").Message} message */
	#take(message) {
		const { type, room: name, msgid } = message;
		if (type === "hello") this.#greeted(message);
		else if (type === "bye") {
			this.emit(type, message);
			this.#connection.ended(/** @type {any} */ (message), message);
		} else if (type === "welcome") this.#welcomed(message);
		else {
			const room = name === undefined ? this.#find((one) => one.sends(msgid)) : this.#rooms.get(name);
			room?.take(message);
			if (room && type === "parted" && message.reason === "part") this.#rooms.delete(room.name);
			if (!room || type === "mark" || type === "about") this.emit(type, message);
		}
	}

	/** @param {(room: Room) => boolean} isIt */
	#find(isIt) {
		return [...this.#rooms.values()].find(isIt);
	}

	/** @param {import("./types.d.ts").Message} hello */
	#greeted(hello) {
		const { name, account, person, limits } = hello;
		this.me = { name, account, person };
		this.#common = { ...hello, you: name };
		this.#limit = limits?.rooms || MAX_ROOMS;
		this.#isGreeted = true;
		this.emit("hello", hello);
		this.#ask([...this.#rooms.values()].filter((room) => room.isWanted && !room.isWelcome));
	}

	/** @param {Room[]} rooms */
	#ask(rooms) {
		for (const room of rooms.splice(this.#limit)) {
			room.take({ type: "parted", room: room.name, reason: "refused", code: "too_many_rooms" });
		}
		if (rooms.length > 0)
			this.#connection.send({ type: "enter", rooms: rooms.map((room) => ({ room: room.name, ...room.place() })) });
	}

	/** @param {import("./types.d.ts").Message} welcome */
	#welcomed(welcome) {
		if (!this.#isGreeted) {
			this.#tooOld();
			return;
		}
		const { room: name, asked = name } = welcome;
		// One that nobody asked for is a conversation that was begun by `converse`.
		const known = this.#rooms.get(asked);
		const room = known ?? this.#make(name);
		if (!known) this.emit("room", room);
		// The server has the last word on what it is called.
		this.#rooms.delete(asked);
		this.#rooms.set(name, room);
		room.name = name;
		room.take({ ...this.#common, ...welcome });
	}

	/** The server does not speak this protocol, or knows one room on a connection only. */
	#tooOld() {
		const error = new ChatError("too_old");
		this.emit("error", error);
		this.#connection.stop({ reason: error.code });
	}
}
