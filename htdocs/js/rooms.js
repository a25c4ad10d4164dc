// The rooms on this window's connection: which of them get what the server says, and which are entered when it begins.
// A server may know protocol 1 alone: then there is one room, that of the address.

import { isRoomName } from "./addresses.js";
import { preference } from "./preferences.js";

/** The most that a page asks for, also where the server does not say how many it takes. */
const MAX_ROOMS = 50;

/** So long after a room was entered the server may still have lost it, if it was killed. */
const KEPT_AFTER_MS = 10_000;

export class Rooms {
	#uses;
	/** @type {Map<string, Room>} */
	#rooms = new Map();
	/** What `hello` said, which a room's `welcome` leaves out. @type {Partial<Welcome>} */
	#common = {};
	/** What the connection's address asked for. */
	#asked = "";
	#limit = MAX_ROOMS;

	/** Of the present connection: 0 until it has said something. */
	protocol = 0;
	/** @type {Room | null} */
	shown = null;

	/** @param {RoomsUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	get all() {
		return [...this.#rooms.values()];
	}

	/** The room of that name, made where there is none yet. It is entered by `enter`. @param {string} name */
	have(name) {
		const known = this.#rooms.get(name) ?? this.all.find((room) => isSame(room.name, name));
		if (known) return known;
		const room = this.#uses.make(name);
		this.#rooms.set(name, room);
		return room;
	}

	/** @param {Room} room */
	enter(room) {
		Object.assign(room, { isWanted: true, out: "" });
		if (this.protocol !== 2) return;
		room.isEntering = true;
		this.#uses.send({ type: "enter", rooms: [{ room: room.name, ...room.place() }] });
	}

	/** Leaves it for good: it is none of this person's rooms any more. @param {Room} room */
	part(room) {
		// What is no room's name was never entered.
		if (isRoomName(room.name)) this.#uses.send({ type: "part", room: room.name });
		this.#drop(room);
	}

	/** The room that the connection is opened with; "" for none. */
	begin() {
		this.protocol = 0;
		const room = this.shown;
		// What lets in goes into no address.
		const hasKeys = room && Object.keys(room.keys).length > 0;
		this.#asked = room && !room.out && !hasKeys ? room.name : "";
		return this.#asked;
	}

	disconnected() {
		this.protocol = 0;
		const lately = performance.now() - KEPT_AFTER_MS;
		for (const room of this.#rooms.values()) {
			room.isWanted ||= room.welcomedAt > lately;
			room.disconnected();
		}
	}

	/** @param {Message} message */
	tell(message) {
		if (message.type === "hello") this.#hello(message);
		else if (message.type === "bye") this.#bye(message);
		else if (message.type === "mark") this.#mark(message);
		else if (message.type === "about") this.#about(message);
		else if (message.type === "welcome") this.#welcome(message);
		else if (message.type === "parted" && message.reason === "part") this.#parted(message.room);
		else this.#roomOf(message)?.tell(message);
	}

	/** @param {Message} message */
	#roomOf({ room, msgid }) {
		if (room !== undefined && this.protocol === 2) return this.#rooms.get(room);
		return (msgid && this.all.find((sender) => sender.sends(msgid))) || this.shown;
	}

	/** @param {Message} hello */
	#hello({ name, account, person, now, lang, limits, rooms }) {
		this.protocol = 2;
		this.#common = { you: name, account, person, now, lang, limits };
		this.#limit = Math.min(MAX_ROOMS, limits?.rooms ?? MAX_ROOMS);
		if (rooms) this.#own(rooms);
		const others = this.all.filter((room) => room.name !== this.#asked && !room.out).slice(0, this.#limit - 1);
		if (others.length > 0) {
			for (const room of others) room.isEntering = true;
			const ignored = preference("ignored");
			// Who is hidden here is not counted there.
			if (ignored.length > 0) this.#uses.send({ type: "ignored", people: ignored.map((to) => ({ to })) });
			this.#uses.send({ type: "enter", rooms: others.map((room) => ({ room: room.name, ...room.place() })) });
		}
		this.#uses.changed();
	}

	/** Rooms that the person is in on any device, as the server keeps them. @param {OwnRoom[]} rooms */
	#own(rooms) {
		const own = new Set(rooms.map(({ room }) => room));
		// Left on another device meanwhile, or kept from a visit long ago.
		for (const room of this.all) {
			if (!own.has(room.name) && !room.isWanted && room !== this.shown) this.#drop(room);
		}
		for (const { room, ...mark } of rooms) this.have(room).reading.marked(mark);
	}

	/** @param {Message} welcome */
	#welcome(welcome) {
		if (this.protocol === 0) this.protocol = 1;
		if (this.protocol === 1) {
			this.shown?.tell(welcome);
			this.#uses.changed();
			return;
		}
		const { room: name, asked } = welcome;
		const room = this.#called(asked, name);
		Object.assign(room, { isWanted: false, welcomedAt: performance.now() });
		room.tell({ ...this.#common, ...welcome });
		this.#uses.changed();
	}

	/** The server may call it otherwise than it was asked for. @param {string | undefined} asked @param {string} name */
	#called(asked, name) {
		const room = asked ? this.#rooms.get(asked) : undefined;
		if (!room || asked === name) return this.have(name);
		this.#rooms.delete(room.name);
		const same = this.#rooms.get(name);
		if (same) {
			if (room === this.shown) this.#uses.show(same);
			return same;
		}
		room.name = room.label = name;
		this.#rooms.set(name, room);
		this.#uses.renamed(room);
		return room;
	}

	/** The person did something on another device. @param {Message} mark */
	#mark({ room: name, own, read, notify, unread, mentions }) {
		const known = this.#rooms.get(name);
		if (own === false) {
			if (known) this.#drop(known);
			return;
		}
		const room = this.have(name);
		room.reading.marked({ read, notify, unread, mentions });
		if (!known) this.enter(room);
		this.#uses.changed();
	}

	/** What a conversation is called; without a title, by who is in it. @param {Message} about */
	#about(about) {
		const room = this.#rooms.get(about.room);
		if (!room) return;
		room.about = /** @type {any} */ (about);
		const names = (about.people ?? []).map((/** @type {Person} */ { name }) => name).join(", ");
		room.label = about.title || names || room.label;
		room.tell(about);
		this.#uses.renamed(room);
		this.#uses.changed();
	}

	/** @param {string} name */
	#parted(name) {
		const room = this.#rooms.get(name);
		if (room) this.#drop(room);
	}

	/** The end of the connection, for all rooms. @param {Message} bye */
	#bye(bye) {
		for (const room of this.#rooms.values()) room.tell(bye);
		this.#uses.bye(/** @type {any} */ (bye));
	}

	/** @param {Room} room */
	#drop(room) {
		if (!this.#rooms.delete(room.name)) return;
		room.calls.end();
		this.#uses.dropped(room);
	}
}

/** The server has the last word; but what differs in case alone is one room. @param {string} a @param {string} b */
const isSame = (a, b) => a.toLowerCase() === b.toLowerCase();
