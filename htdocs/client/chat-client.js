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
import { Servers } from "./servers.js";
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
	#limit = MAX_ROOMS;
	#isGreeted = false;
	/** What `hello` said, which a room's `welcome` leaves out. @type {Record<string, any>} */
	#common = {};
	/** @type {import("./types.d.ts").State} */
	state = "closed";
	/** Who we are. @type {{ name: string, account?: string, person?: string }} */
	me = { name: "" };

	/** @param {import("./types.d.ts").ChatOptions} options */
	constructor({ servers, nick, client, storage = memory(), WebSocket, environment = surroundings }) {
		super();
		this.#environment = WebSocket
			? { ...environment, open: (/** @type {URL} */ address) => new WebSocket(address) }
			: environment;
		this.#storage = storage;
		this.#nick = nick;
		this.#token = client ?? this.#kept("client");
		this.#connection = new Connection(
			{
				servers: new Servers(typeof servers === "function" ? servers : () => servers, this.#environment.now),
				address: (server) => this.#address(server),
				onMessage: (message) => this.#take(message),
				onState: (state, detail) => this.#changed(state, detail),
				onForeign: () => this.#stop("too_old", "the server does not speak this protocol"),
			},
			this.#environment,
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
		const known = this.#rooms.get(name) ?? [...this.#rooms.values()].find(({ asked }) => asked === name);
		if (known?.isWanted) return known;
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
		if (this.#isGreeted) this.#ask([room]);
		return room;
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

	/** @param {string} key A token of this storage, made once. */
	#kept(key) {
		const token = this.#storage.get(key) ?? randomId();
		this.#storage.set(key, token);
		return token;
	}

	/** @param {string} server */
	#address(server) {
		const address = new URL(server);
		address.protocol = address.protocol.replace("http", "ws");
		if (!address.pathname.endsWith("/")) address.pathname += "/";
		const query = { format: "json", protocol: "2", client: this.#token, page: this.#page };
		for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
		if (this.#nick) address.searchParams.set("nick", this.#nick);
		return address;
	}

	/** @param {import("./types.d.ts").Message} message */
	#take(message) {
		const { type, room: name } = message;
		if (type === "hello") this.#greeted(message);
		else if (type === "bye") this.#bye(message);
		else if (type === "welcome") this.#welcomed(message);
		else {
			const room = name === undefined ? this.#sender(message.msgid) : this.#rooms.get(name);
			room?.take(message);
			if (room && type === "parted" && message.reason === "part") this.#rooms.delete(room.name);
			if (!room || type === "mark" || type === "about") this.emit(type, message);
		}
	}

	/** @param {string | undefined} msgid */
	#sender(msgid) {
		return msgid ? [...this.#rooms.values()].find((room) => room.sends(msgid)) : undefined;
	}

	/** @param {import("./types.d.ts").Message} hello */
	#greeted(hello) {
		const { name, account, person, now, lang, limits } = hello;
		this.me = { name, account, person };
		this.#common = { you: name, account, person, now, lang, limits };
		this.#limit = limits?.rooms ?? MAX_ROOMS;
		this.#isGreeted = true;
		this.emit("hello", hello);
		this.#ask([...this.#rooms.values()].filter((room) => room.isWanted && !room.isWelcome));
	}

	/** @param {Room[]} rooms */
	#ask(rooms) {
		for (const room of rooms.splice(this.#limit)) {
			room.take({ type: "parted", room: room.name, reason: "refused", code: "too_many_rooms" });
		}
		if (rooms.length === 0) return;
		this.#connection.send({ type: "enter", rooms: rooms.map((room) => ({ room: room.name, ...room.place() })) });
	}

	/** @param {import("./types.d.ts").Message} welcome */
	#welcomed(welcome) {
		if (!this.#isGreeted) {
			this.#stop("too_old", "the server does not know many rooms on one connection");
			return;
		}
		const { room: name, asked = name } = welcome;
		const room = this.#rooms.get(asked);
		if (!room) return;
		// The server has the last word on what it is called.
		this.#rooms.delete(asked);
		this.#rooms.set(name, room);
		room.name = name;
		room.take({ ...this.#common, ...welcome });
	}

	/** @param {import("./types.d.ts").Message} bye */
	#bye(bye) {
		this.emit("bye", bye);
		if (bye.reason === "shutting down") this.#connection.spreadOver(Number(bye.spread) || 0);
		else this.#connection.stop(bye);
	}

	/** @param {string} code @param {string} words */
	#stop(code, words) {
		this.emit("error", new ChatError(code, words));
		this.#connection.stop({ reason: code });
	}

	/** @param {import("./types.d.ts").State} state @param {any} [detail] */
	#changed(state, detail) {
		this.state = state;
		if (state !== "connecting") {
			this.#isGreeted = false;
			for (const room of this.#rooms.values()) room.disconnected();
		}
		this.emit("state", { state, ...detail });
	}
}
