// Where the line "new messages" stands: above a record, or above the first that was not read on an earlier visit.

import { SPOKEN } from "./protocol.js";

export class NewLine {
	#isOther;
	/** What is newer than this is new; "" where the line stands above a record that is known. */
	#readUpTo = "";
	/** The record that it stands above; "" for none. */
	at = "";

	/** @param {(record: Entry) => boolean} isOther Somebody else's: one's own words are not new. */
	constructor(isOther) {
		this.#isOther = isOther;
	}

	/** @param {string} id @returns {string[]} Records that are to be drawn anew. */
	set(id) {
		this.#readUpTo = "";
		return this.#move(id);
	}

	/** @param {string} id What was read before; "" for all of it. */
	after(id) {
		this.#readUpTo = id;
	}

	/** Older records may have come into the page. @param {Item[]} items @returns {string[]} */
	find(items) {
		if (!this.#readUpTo) return [];
		const first = items.find(({ record }) => record.id > this.#readUpTo && this.#isNews(record));
		return first && first.record.id !== this.at ? this.#move(first.record.id) : [];
	}

	/** @param {Entry} record */
	#isNews(record) {
		return SPOKEN.has(record.type) && this.#isOther(record);
	}

	/** @param {string} id */
	#move(id) {
		const old = this.at;
		this.at = id;
		return [old, id].filter(Boolean);
	}
}
