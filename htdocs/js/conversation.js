// The room's log as this page follows it: what is shown, how far it has been read, and who hears of it.

import { changeBy } from "./messages/changes.js";
import { isIgnored } from "./preferences.js";
import { CHANGES, RECORDS, SPOKEN } from "./protocol.js";
import { mentions } from "./tokens.js";

/** Records that change what is shown and are no line of their own. */
const UNSHOWN = new Set([...CHANGES, "color"]);

export class Conversation {
	#me;
	#members;
	#timeline;
	#events;
	#catchingUp = false;
	#showsComings = true;
	#lastOwn = 0;
	/** How far the browser's clock is ahead of the server's, in milliseconds. */
	#ahead = 0;

	/** The room is entered without its history: the answer says nothing about what is in it. */
	expectsNothing = false;
	/** True between the server's welcome and the end of the connection. */
	isWelcome = false;
	/** The newest record when the server let the person in. */
	last = "";
	/** The newest record seen, without a gap before it: where to resume. */
	resumeId = "";

	/** @param {ConversationUses} parts */
	constructor({ me, members, timeline, events }) {
		this.#me = me;
		this.#members = members;
		this.#timeline = timeline;
		this.#events = events;
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ now, last = "", comings = true }) => {
			this.last = last;
			this.#showsComings = comings;
			this.#ahead = Date.now() - (Date.parse(now) || Date.now());
			this.isWelcome = true;
			this.#catchingUp = true;
		});
		feed.on("history", (message) => this.#history(message));
		feed.on(RECORDS, (record) => this.#record(record));
		feed.on("whisper", (message) => this.#whisper(message));
		feed.on("info", ({ text }) => this.notice("info", text));
		feed.on("notice", ({ text }) => this.notice("notice", text));
	}

	/** Answers to history come in the order asked; the first after a welcome comes unasked. */
	get canAsk() {
		return this.isWelcome && !this.#catchingUp;
	}

	disconnected() {
		this.isWelcome = false;
		this.#timeline.forgetLoading();
	}

	/**
	 * A line only for this person, in its place among the messages.
	 * @param {"notice" | "info" | "error"} type
	 * @param {string} text
	 */
	notice(type, text) {
		this.#timeline.addLive({ type, id: this.#idNow(), text, from: "" }, { own: true });
	}

	/** @param {HistoryPage} page */
	#history({ records = [], more = false, before, since, cursor = "" }) {
		const timeline = this.#timeline;
		if (this.#catchingUp && this.expectsNothing) {
			this.#catchingUp = false;
			return;
		}
		const shown = records.filter((record) => this.#isShown(record)).map((record) => this.#prepared(record));
		const end = (since === undefined ? records[0] : records.at(-1))?.id ?? "";
		const answer = { records: shown, more, cursor: cursor || end };
		if (before !== undefined) timeline.addOlder(answer, before);
		else if (since !== undefined && this.#catchingUp) this.#catchUp(records, shown, more);
		else if (since !== undefined) {
			timeline.addNewer(answer, since);
			for (const record of records) this.#change(record);
		} else {
			this.#advance(records);
			this.#catchingUp = false;
			timeline.showNewest(answer);
		}
		for (const { msgid } of records) if (msgid) this.#events.onArrived(msgid);
	}

	/**
	 * What was missed while the connection was gone; the server sends page after page by itself.
	 * @param {Entry[]} records
	 * @param {Entry[]} shown
	 * @param {boolean} more
	 */
	#catchUp(records, shown, more) {
		this.#advance(records);
		if (records.some(({ type }) => type === "clear")) this.#timeline.empty();
		for (const record of shown) {
			this.#timeline.addLive(record);
			this.#announce(record);
		}
		for (const record of records) this.#change(record);
		if (!more) this.#catchingUp = false;
	}

	/** @param {Entry} record */
	#record(record) {
		// A line that another program wrote in the old form has no id while it is followed.
		if (record.id) this.#advance([record]);
		else record = { ...record, id: this.#idNow() };
		if (record.type === "clear") this.#timeline.empty();
		if (record.msgid) this.#events.onArrived(record.msgid);
		this.#change(record);
		if (!this.#isShown(record)) return;
		const shown = this.#prepared(record);
		this.#timeline.addLive(shown);
		this.#announce(shown);
	}

	/** Some rooms show nobody who comes and goes. @param {Entry} record */
	#isShown({ type }) {
		return !UNSHOWN.has(type) && (this.#showsComings || (type !== "join" && type !== "quit"));
	}

	/** @param {Entry} record */
	#change(record) {
		const change = changeBy(record, this.#me);
		if (!change || !record.target) return;
		this.#timeline.replace(record.target, change);
		this.#events.onChanged(record.target, change);
	}

	/** @param {Entry} message */
	#whisper(message) {
		if (message.msgid) this.#events.onArrived(message.msgid);
		const { color } = this.#members.get(message.from) ?? {};
		const record = { color, ...message, id: message.id ?? this.#idNow() };
		this.#timeline.addLive(record, { own: true });
		this.#announce(record);
	}

	/** @param {Entry[]} records */
	#advance(records) {
		for (const { id } of records) if (id > this.resumeId) this.resumeId = id;
	}

	/** @param {Entry} record */
	#prepared(record) {
		// What monitoring tells (incoming webhooks) names half the site: it calls nobody.
		const isPosted = Boolean(record.account?.startsWith("hook:"));
		const others = SPOKEN.has(record.type) && record.from !== this.#me.name && !isPosted;
		return others && mentions(record.text ?? "", this.#me.name) ? { ...record, mentionsYou: true } : record;
	}

	/** @param {Entry} record */
	#announce(record) {
		const whisper = record.type === "whisper";
		if (record.from === this.#me.name || isIgnored(record.from) || !(whisper || SPOKEN.has(record.type))) return;
		this.#events.onSpoken(record, whisper || Boolean(record.mentionsYou));
	}

	/** An id for what has none of the server's: sorts after everything seen so far, and is its time. */
	#idNow() {
		const newest = Math.max(Date.parse(this.resumeId) || 0, this.#lastOwn);
		this.#lastOwn = Math.max(Date.now() - this.#ahead, newest + 1);
		return new Date(this.#lastOwn).toISOString().replace("Z", "000Z");
	}
}
