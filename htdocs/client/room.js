// One room: who is in it, what is said there, each record once and in order over all connections.

import { ChatError } from "./chat_error.js";
import { Emitter } from "./emitter.js";
import { MEMBERSHIP, People } from "./people.js";
import { Sending } from "./sending.js";

export class Room extends Emitter {
	#send;
	#people = new People();
	/** Loaded when the first is asked. @type {import("./questions.js").Questions | undefined} */
	#questions;
	#environment;
	#sending;
	#isCatchingUp = false;
	/** @type {string[]} First ids. */
	#known = [];
	/** Up to where the log was when it was entered. */
	#newest = "";
	/** How many records of history are wanted at the first entry, and what lets in. */
	#wanted;
	/** Asked for again after each return; false after `part`, a kick, a refusal. */
	isWanted = true;
	/** What it was called when it was entered; the server may call it otherwise. */
	asked;
	/** Between the server's welcome and the end of the stay or of the connection. */
	isWelcome = false;
	/** @type {string} The newest record that was given out; nothing before it is missing. */
	lastId;
	/** Who we are there. @type {{ name: string, color?: string, account?: string, moderator: boolean }} */
	me = { name: "", moderator: false };
	topic = "";
	description = "";

	/**
	 * @param {string} name
	 * @param {import("./types.d.ts").RoomUses} uses
	 * @param {import("./types.d.ts").EnterOptions} [options]
	 */
	constructor(name, { send, store, environment }, { since = "", ...wanted } = {}) {
		super();
		this.name = this.asked = name;
		this.lastId = since;
		this.#wanted = { history: 0, ...wanted };
		this.#send = send;
		this.#environment = environment;
		this.#sending = new Sending({
			store,
			environment,
			send: (message) => this.tell(message),
		});
	}

	/** Who is there, by name. */
	get members() {
		return this.#people.all;
	}

	/** What is not yet known to be kept by the server, oldest first. */
	get unsent() {
		return this.#sending.messages;
	}

	/**
	 * Says something, now or after the connection's return.
	 * @param {string} text
	 * @param {import("./types.d.ts").SendOptions} [options]
	 * @returns When it is in the room's log, and what id it has there. Fails with a {@link ChatError}.
	 */
	send(text, options = {}) {
		return this.#sending.deliver({ type: "say", text, ...options });
	}

	/**
	 * Says something to one person; it is in no log.
	 * @param {string} to
	 * @param {string} text
	 * @param {import("./types.d.ts").SendOptions & { person?: string }} [options]
	 */
	whisper(to, text, options = {}) {
		return this.#sending.deliver({ type: "whisper", ...this.#person(to), text, ...options });
	}

	/**
	 * A page of what was said: before an id, since one, or the newest.
	 * @param {{ before?: string, since?: string, limit?: number }} [place]
	 * @returns {Promise<import("./types.d.ts").HistoryPage>}
	 */
	async history(place = {}) {
		const { Questions } = await import("./questions.js");
		this.#questions ??= new Questions(this.#environment, (code) => new ChatError(code));
		// Until all that was missed is here, answers would be taken for it.
		return this.#questions.ask(() => !this.#isCatchingUp && this.tell({ type: "history", ...place }));
	}

	/** @param {boolean} [state] False: stopped. @param {{ to?: string }} [options] */
	typing(state = true, options = {}) {
		return this.tell({ type: "typing", state, ...options });
	}

	/** All up to there was read. @param {string} [id] */
	read(id = this.lastId) {
		return this.tell({ type: "read", id });
	}

	/** For one person: signalling of calls. @param {string} to @param {unknown} data */
	signal(to, data) {
		return this.tell({ type: "signal", ...this.#person(to), data });
	}

	/** Any other message of the protocol. @param {import("./types.d.ts").Message} message */
	tell(message) {
		return this.isWelcome && this.#send({ ...message, room: this.name });
	}

	/** Leaves it for good. */
	part() {
		this.isWanted = false;
		this.tell({ type: "part" });
		this.disconnected();
	}

	/** From where to go on when it is entered. */
	place() {
		return { ...this.#wanted, ...(this.lastId && { since: this.lastId, history: undefined }) };
	}

	/** @param {string} msgid */
	sends(msgid) {
		return this.#sending.has(msgid);
	}

	disconnected() {
		this.isWelcome = false;
		this.#questions?.interrupted();
		this.#sending.interrupted();
	}

	/** What the server says about this room. @param {import("./types.d.ts").Message} message */
	take(message) {
		const { type } = message;
		if (type === "welcome") this.#welcomed(message);
		else if (type === "history") this.#paged(message);
		else if (type === "ack") this.#sending.kept(message);
		else if (type === "error") this.#refused(message);
		else if (type === "parted") this.#parted(message);
		else if ("from" in message && message.id && type !== "whisper" && type !== "read")
			this.#record(/** @type {any} */ (message));
		else {
			if (type === "you") this.#me(message);
			if (type === "profiles") this.#people.shown(message.people);
			this.emit(type, message);
		}
	}

	/** @param {import("./types.d.ts").Message} welcome */
	#welcomed(welcome) {
		const { you: name, color, account, topic = "", description = "", members, limits, oldest } = welcome;
		const me = { name, color, account, moderator: !!welcome.moderator };
		Object.assign(this, { isWelcome: true, topic, description, me });
		this.#isCatchingUp = true;
		// Where nothing was said yet, all that is newer than this moment is still to come.
		this.#newest = welcome.last ?? welcome.now ?? "";
		this.#wanted = { history: this.#wanted.history };
		this.#people.welcomed(members);
		this.#sending.pace(limits);
		this.emit("welcome", welcome);
		this.emit("members", this.members);
		// The server keeps nothing of so long ago: never a silent hole.
		if (this.lastId && oldest > this.lastId) this.emit("gap", { since: this.lastId, oldest });
		this.#sending.flush();
	}

	/** @param {import("./types.d.ts").Message} answer */
	#paged(answer) {
		const page = /** @type {import("./types.d.ts").HistoryPage} */ ({ records: [], more: false, ...answer });
		if (!this.#isCatchingUp) {
			this.#questions?.answered(page);
			return;
		}
		if (page.since === undefined) {
			this.#isCatchingUp = false;
			this.lastId = page.records.at(-1)?.id ?? this.#newest;
			this.emit("history", page);
			return;
		}
		// What was missed; the server sends page after page by itself.
		if (!page.more) this.#isCatchingUp = false;
		for (const record of page.records) this.#once({ ...record, missed: true });
	}

	/** @param {import("./types.d.ts").ChatRecord} record */
	#record(record) {
		if (MEMBERSHIP.includes(record.type)) {
			this.#people.apply(record);
			// Of a nick the new name, of a color the color.
			if (record.from === this.me.name) this.#me({ name: record.to, color: record.color });
			this.emit("members", this.members);
		}
		if (record.type === "topic") this.topic = record.text ?? "";
		this.#once(record);
	}

	/** @param {import("./types.d.ts").ChatRecord} record */
	#once(record) {
		const { id, was = id } = record;
		if (id > this.lastId) {
			this.lastId = id;
			if (!this.#known.includes(was)) this.emit("record", record);
			this.#known = [...this.#known, was].slice(-300);
		}
	}

	/** What has changed of us. @param {Record<string, any>} change */
	#me(change) {
		/** @type {Record<string, any>} */
		const me = (this.me = { ...this.me });
		for (const key in me) me[key] = change[key] ?? me[key];
	}

	/** Whom a name means. @param {string} to */
	#person(to) {
		return { to, person: this.members.get(to)?.person };
	}

	/** @param {import("./types.d.ts").Message} error */
	#refused(error) {
		if (this.sends(error.msgid)) this.#sending.rejected(error);
		else if (error.code === "storage" && this.#questions?.refused(new ChatError(error.code, error.text))) return;
		this.emit("error", error);
	}

	/** @param {import("./types.d.ts").Message} parted */
	#parted(parted) {
		this.isWanted = false;
		this.disconnected();
		this.emit("parted", parted);
	}
}
