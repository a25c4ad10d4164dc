// The one connection of a browser, for all tabs that show the widget: in a shared worker, or in the tab that leads.
// Each room is entered once; a tab that comes later is told who is there, and gets a page of history of its own. What
// is said goes to all tabs, and each shows what it has open.

import { ChatClient } from "./chat-client.js";
import { randomId } from "./random_id.js";

/** Conversations that are followed; the others come when somebody says something there. */
const MAX_CONVERSATIONS = 20;
/** Of a count: more is not counted, as by the server. */
const MAX_COUNT = 100;
/** Changes of who is there are told together. */
const TOGETHER_MS = 300;
/** A page of history that cannot be had just now is asked for again. */
const AGAIN_MS = 200;
const MAX_TRIES = 25;
const SPOKEN = ["say", "me", "dice"];

export class Hub {
	/** Tabs tell by it that this is another one than before. */
	id = randomId();
	#post;
	/** @type {ChatClient} */
	#client;
	/** @type {import("./types.d.ts").State | "open"} */
	#state = "connecting";
	/**
	 * What is known of each room that was entered.
	 * @type {Map<import("./chat-client.js").Room, import("./types.d.ts").HubRoom>}
	 */
	#rooms = new Map();
	/** What private rooms are, by name. @type {Map<string, { kind: string, title: string }>} */
	#abouts = new Map();
	/** The tab that began a conversation last. */
	#beginner = "";
	/** Rooms whose members have changed, until tabs are told. @type {Set<import("./chat-client.js").Room>} */
	#changing = new Set();

	/**
	 * @param {{ servers: string[], nick?: string, client: string }} who
	 * @param {(message: import("./types.d.ts").HubMessage) => void} post To all tabs.
	 */
	constructor({ servers, nick, client }, post) {
		this.#post = post;
		this.#client = new ChatClient({ servers, nick, client });
		this.#client.on("state", ({ state }) => this.#changed(state));
		this.#client.on("hello", () => this.#changed("open"));
		this.#client.on("room", (room) => {
			this.#follow(room);
			this.#post({ type: "begun", room: room.name, to: this.#beginner });
		});
		this.#client.on("about", (about) => this.#about(about));
		this.#client.on("mark", (mark) => this.#marked(mark));
		this.#client.on("error", (/** @type {any} */ { text, message }) =>
			post({ type: "note", note: { type: "error", text: text ?? message } }),
		);
		this.#client.connect();
	}

	/** What a tab asks for. @param {any} asked */
	take(asked) {
		const room = this.#named(asked.room);
		switch (asked.type) {
			case "open":
				this.#post({ type: "hub", id: this.id, to: asked.tab });
				this.#changed(this.#state);
				this.#listed();
				return;
			case "visible":
				this.#post({ type: "here", to: asked.tab });
				return void this.#client.tryNow();
			case "follow":
				return void this.#follow(this.#client.enter(asked.room), asked.room);
			case "enter":
				return void this.#enter(asked);
			case "history":
				return void this.#page(room, asked);
			case "send":
				return void this.#send(asked);
			case "read":
				if (room?.read()) this.#count(room, 0);
				return;
			case "rename":
				return void this.#client.rename(asked.name);
			case "converse":
				this.#beginner = asked.tab;
				this.#client.tell({ type: "converse", people: [{ to: asked.to, person: asked.person }], msgid: randomId() });
				return;
		}
	}

	/** @param {string} name As tabs call it. */
	#named(name) {
		return [...this.#rooms].find(([, known]) => known.name === name)?.[0];
	}

	close() {
		this.#client.close();
	}

	/** @param {import("./types.d.ts").State | "open"} state */
	#changed(state) {
		this.#state = state;
		this.#post({ type: "state", state, me: this.#client.me });
	}

	/** @param {{ room: string, tab: string, limit: number }} asked */
	#enter({ room: name, tab, limit }) {
		const room = this.#client.enter(name);
		this.#follow(room, name);
		if (!room.isWelcome) return;
		this.#told(room);
		this.#page(room, { tab, limit });
	}

	/** @param {import("./chat-client.js").Room} room @param {string} [name] What tabs call it. */
	#follow(room, name = room.name) {
		if (this.#rooms.has(room)) return;
		this.#rooms.set(room, { name, unread: 0, title: "", kind: "" });
		const note = (/** @type {any} */ message) => this.#post({ type: "note", room: name, note: message });
		room.on("welcome", ({ unread = 0 }) => {
			this.#count(room, unread);
			this.#told(room);
			// Each tab asks for as much as it shows.
			this.#post({ type: "entered", room: name });
		});
		room.on("members", () => this.#toldSoon(room));
		room.on("you", () => this.#told(room));
		room.on("record", (record) => this.#record(room, record));
		for (const event of ["info", "notice", "error", "whisper"]) room.on(event, note);
		room.on("gap", () => note({ type: "gap" }));
		room.on("parted", (parted) => {
			this.#rooms.delete(room);
			note(parted);
			this.#listed();
		});
	}

	/** @param {import("./chat-client.js").Room} room @param {any} record */
	#record(room, record) {
		const known = this.#rooms.get(room);
		this.#post({ type: "record", room: known?.name, record });
		if (SPOKEN.includes(record.type) && record.from !== room.me.name) this.#count(room, (known?.unread ?? 0) + 1);
		else if (SPOKEN.includes(record.type)) this.#listed();
	}

	/** @param {import("./chat-client.js").Room} room @param {number} unread */
	#count(room, unread) {
		const known = this.#rooms.get(room);
		if (known) known.unread = Math.min(MAX_COUNT, unread);
		this.#listed();
	}

	/** Another device has read there. @param {any} mark */
	#marked({ room: name, unread, own }) {
		const room = this.#client.rooms.get(name);
		if (room && unread !== undefined) this.#count(room, unread);
		// One that somebody has begun with us.
		else if (!room && own && name.startsWith("~")) this.#begun(name);
	}

	/** @param {any} about */
	#about({ room: name, kind, title }) {
		this.#abouts.set(name, { kind, title });
		if (!this.#client.rooms.has(name)) this.#begun(name);
		this.#listed();
	}

	/** @param {string} name */
	#begun(name) {
		if (this.#abouts.size <= MAX_CONVERSATIONS) this.#follow(this.#client.enter(name));
	}

	/** Who is there, and who we are. @param {import("./chat-client.js").Room} room */
	#told(room) {
		const { me, topic, members } = room;
		const about = this.#abouts.get(room.name);
		const name = this.#rooms.get(room)?.name;
		this.#post({
			type: "room",
			room: name,
			called: about?.title || room.name,
			me,
			topic,
			members: [...members.values()],
		});
	}

	/** Many come and go at once. @param {import("./chat-client.js").Room} room */
	#toldSoon(room) {
		if (this.#changing.has(room)) return;
		this.#changing.add(room);
		setTimeout(() => {
			this.#changing.delete(room);
			if (room.isWelcome) this.#told(room);
		}, TOGETHER_MS);
	}

	#listed() {
		const rooms = [...this.#rooms].map(([room, { name, unread }]) => ({
			name,
			unread,
			kind: this.#abouts.get(room.name)?.kind ?? "room",
			title: this.#abouts.get(room.name)?.title || room.name,
		}));
		this.#post({ type: "rooms", rooms });
	}

	/**
	 * @param {import("./chat-client.js").Room | undefined} room
	 * @param {{ tab: string, before?: string, limit: number }} asked
	 */
	async #page(room, { tab, before, limit }) {
		const name = room && this.#rooms.get(room)?.name;
		// With the connection's return all is told again.
		for (let tries = 0; room?.isWelcome && tries < MAX_TRIES; tries += 1) {
			try {
				const page = await room.history({ before, limit });
				this.#post({ type: "page", room: name, to: tab, before, page });
				return;
			} catch {
				// What was missed is still coming.
				await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
			}
		}
	}

	/** @param {{ msgid: string, room: string, text: string }} asked */
	async #send({ msgid, room: name, text }) {
		const room = this.#named(name) ?? this.#client.enter(name);
		this.#follow(room, name);
		// Two tabs may offer the same after a third has gone.
		if (room.unsent.some((message) => message.msgid === msgid)) return;
		try {
			await room.send(text, { msgid });
			this.#post({ type: "done", msgid });
		} catch (error) {
			const { code, message } = /** @type {any} */ (error);
			this.#post({ type: "done", msgid, room: name, code, reason: message });
		}
	}
}
