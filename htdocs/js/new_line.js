// Where the line "new messages" stands: above a record, or above the first that was not read on an earlier visit.

import { SPOKEN } from "./protocol.js";

export class NewLine {
	#isOther;
	/** What is newer than this is new; "" where the line stands above a record that is known. */
	#readUpTo = "";
	/** The record that it stands above; "" for none. */
	at = "";
	/** The reader is to begin there. */
	isGoal = false;
	/** What is in the page. @type {import("./drawn_entries.js").DrawnEntries | null} */
	drawn = null;

	/** @param {(record: Entry) => boolean} isOther Somebody else's: one's own words are not new. */
	constructor(isOther) {
		this.#isOther = isOther;
	}

	/** @param {string} id */
	set(id) {
		this.#readUpTo = "";
		this.#move(id);
	}

	/** @param {string} id What was read before; "" for all of it. */
	after(id) {
		this.isGoal = id !== "";
		this.#readUpTo = id;
		this.find();
	}

	/** Older records may have come into the page. */
	find() {
		if (!this.#readUpTo) return;
		const first = this.drawn?.items.find(({ record }) => record.id > this.#readUpTo && this.#isNews(record));
		if (first && first.record.id !== this.at) this.#move(first.record.id);
	}

	/** @param {Entry} record */
	#isNews(record) {
		return SPOKEN.has(record.type) && this.#isOther(record);
	}

	/** @param {string} id */
	#move(id) {
		const old = this.at;
		this.at = id;
		for (const changed of [old, id]) if (changed) this.drawn?.fit(changed);
	}
}
