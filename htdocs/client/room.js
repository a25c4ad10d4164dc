// One room: who is in it, what is said there, each record once and in order, whatever becomes of the connection.

import { ChatError } from "./chat_error.js";
import { Emitter } from "./emitter.js";
import { MEMBERSHIP, People } from "./people.js";
import { Questions } from "./questions.js";
import { Sending } from "./sending.js";

/** What stands in no log though it has an id: it says nothing about how far the log was read. */
const UNLOGGED = new Set(["whisper", "read", "history", "ack", "mark", "former"]);

export class Room extends Emitter {
	#send;
	#people = new People();
	#questions;
	#sending;
	#isCatchingUp = false;
	/** Up to where the log was when it was entered. */
	#newest = "";
	/** How many records of history are wanted at the first entry. */
	#history;
	/** What lets in. @type {{ invitation?: string, password?: string }} */
	#keys;
	/** Asked for again after each return; false after `part`, a kick, a refusal. */
	isWanted = true;
	/** What it was called when it was entered; the server may call it otherwise. */
	asked;
	/** Between the server's welcome and the end of the stay or of the connection. */
	isWelcome = false;
	/** The newest record that was given out; nothing before it is missing. */
	lastId = "";
	/** Who we are there. @type {{ name: string, color?: string, account?: string, moderator: boolean }} */
	me = { name: "", moderator: false };
	topic = "";
	description = "";

	/**
	 * @param {string} name
	 * @param {import("./types.d.ts").RoomUses} uses
	 * @param {import("./types.d.ts").EnterOptions} [options]
	 */
	constructor(name, { send, store, environment }, { history = 0, since = "", invitation, password } = {}) {
		super();
		this.name = this.asked = name;
		this.lastId = since;
		this.#history = history;
		this.#keys = { invitation, password };
		this.#send = (/** @type {import("./types.d.ts").Message} */ message) => send({ ...message, room: this.name });
		this.#questions = new Questions(environment);
		this.#sending = new Sending({
			store,
			environment,
			send: (message) => this.isWelcome && this.#send(message),
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
		return this.#sending.add({ type: "say", text, ...options });
	}

	/**
	 * Says something to one person; it is in no log.
	 * @param {string} to
	 * @param {string} text
	 * @param {import("./types.d.ts").SendOptions & { person?: string }} [options]
	 */
	whisper(to, text, options = {}) {
		return this.#sending.add({ type: "whisper", to, person: this.members.get(to)?.person, text, ...options });
	}

	/**
	 * A page of what was said: before an id, since one, or the newest.
	 * @param {{ before?: string, since?: string, limit?: number }} [place]
	 * @returns {Promise<import("./types.d.ts").HistoryPage>}
	 */
	history(place = {}) {
		// Until all that was missed is here, answers would be taken for it.
		if (!this.isWelcome || this.#isCatchingUp) {
			return Promise.reject(new ChatError("not_connected", `${this.name} is not entered yet`));
		}
		return this.#questions.ask(() => this.#send({ type: "history", ...place }));
	}

	/** @param {boolean} [state] False: stopped. @param {{ to?: string }} [options] */
	typing(state = true, options = {}) {
		return this.isWelcome && this.#send({ type: "typing", state, ...options });
	}

	/** All up to there was read. @param {string} [id] */
	read(id = this.lastId) {
		return this.isWelcome && this.#send({ type: "read", id });
	}

	/** For one person: signalling of calls. @param {string} to @param {unknown} data */
	signal(to, data) {
		return this.isWelcome && this.#send({ type: "signal", to, person: this.members.get(to)?.person, data });
	}

	/** Any other message of the protocol. @param {import("./types.d.ts").Message} message */
	tell(message) {
		return this.isWelcome && this.#send(message);
	}

	/** Leaves it for good. */
	part() {
		this.isWanted = false;
		if (this.isWelcome) this.#send({ type: "part" });
		this.disconnected();
	}

	/** From where to go on when it is entered. */
	place() {
		const { invitation, password } = this.#keys;
		const keys = { ...(invitation && { invitation }), ...(password && { password }) };
		return this.lastId ? { since: this.lastId, ...keys } : { history: this.#history, ...keys };
	}

	/** @param {string} msgid */
	sends(msgid) {
		return this.#sending.has(msgid);
	}

	disconnected() {
		this.isWelcome = false;
		this.#questions.interrupted();
		this.#sending.interrupted();
	}

	/** What the server says about this room. @param {import("./types.d.ts").Message} message */
	take(message) {
		const { type } = message;
		if (type === "welcome") this.#welcomed(message);
		else if (type === "history") this.#paged(message);
		else if (type === "ack") this.#sending.acknowledged(message);
		else if (type === "error") this.#refused(message);
		else if (type === "parted") this.#parted(message);
		else if (message.id && message.from !== undefined && !UNLOGGED.has(type))
			this.#record(/** @type {any} */ (message));
		else {
			if (type === "you") this.me = { ...this.me, ...known(message, ["name", "color", "moderator"]) };
			this.emit(type, message);
		}
	}

	/** @param {import("./types.d.ts").Message} welcome */
	#welcomed(welcome) {
		const { you, color, account, moderator = false, topic = "", description = "", members, limits } = welcome;
		Object.assign(this, { isWelcome: true, topic, description, me: { name: you, color, account, moderator } });
		this.#isCatchingUp = true;
		// Where nothing was said yet, all that is newer than this moment is still to come.
		this.#newest = welcome.last ?? welcome.now ?? "";
		this.#keys = {};
		this.#people.welcomed(members);
		this.#sending.pace({ rate: limits?.rate || 10, burst: limits?.burst || 20 });
		this.emit("welcome", welcome);
		this.emit("members", this.members);
		this.#sending.flush();
	}

	/** @param {import("./types.d.ts").Message} answer */
	#paged(answer) {
		const page = /** @type {import("./types.d.ts").HistoryPage} */ ({ records: [], more: false, ...answer });
		if (!this.#isCatchingUp) {
			this.#questions.answered(page);
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
		for (const record of page.records) this.#once(record, true);
	}

	/** @param {import("./types.d.ts").ChatRecord} record */
	#record(record) {
		if (MEMBERSHIP.includes(record.type)) {
			this.#people.apply(record);
			if (record.from === this.me.name) {
				if (record.type === "nick" && record.to) this.me = { ...this.me, name: record.to };
				if (record.type === "color") this.me = { ...this.me, color: record.color };
			}
			this.emit("members", this.members);
		}
		if (record.type === "topic") this.topic = record.text ?? "";
		this.#once(record, false);
	}

	/** @param {import("./types.d.ts").ChatRecord} record @param {boolean} missed It was said while we were away. */
	#once(record, missed) {
		if (record.id <= this.lastId) return;
		this.lastId = record.id;
		this.emit("record", missed ? { ...record, missed } : record);
	}

	/** @param {import("./types.d.ts").Message} error */
	#refused(error) {
		if (error.msgid && this.#sending.has(error.msgid)) this.#sending.refused(error);
		else if (error.code === "storage" && this.#questions.refused(new ChatError(error.code, error.text))) return;
		this.emit("error", error);
	}

	/** @param {import("./types.d.ts").Message} parted */
	#parted(parted) {
		this.isWanted = false;
		this.disconnected();
		this.emit("parted", parted);
	}
}

/** @param {Record<string, any>} from @param {string[]} names Those of its fields that are there. */
const known = (from, names) =>
	Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
