// How far this person has read a room, and what they want to be told of it.

import { ReadMarks } from "./read_marks.js";
import { Unread } from "./unread.js";

export class Reading {
	#marks;
	#changed;
	unread = new Unread();
	/** @type {Level} */
	level = "mentions";

	/**
	 * @param {(id: string) => boolean} tell The server; false if it cannot be told now.
	 * @param {() => void} changed
	 */
	constructor(tell, changed) {
		this.#marks = new ReadMarks(tell);
		this.#changed = changed;
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", (welcome) => {
			this.unread.welcomed(welcome);
			if (welcome.notify) this.level = welcome.notify;
		});
	}

	/** The room takes what it is told. @param {string} [read] How far the server knows. */
	welcomed(read = "") {
		this.#marks.welcomed(read);
	}

	/** On this or another device. @param {Mark} mark */
	marked({ read, notify, unread, mentions }) {
		if (notify) this.level = notify;
		if (read) this.unread.readUpTo(read, { unread, mentions });
	}

	/** Where what is new begins; "" where nothing is. */
	get newFrom() {
		return this.unread.count > 0 ? this.unread.read : "";
	}

	/** All up to there was in front of the person. @param {string} id */
	seen(id) {
		const hadUnread = this.unread.count > 0;
		// A whisper is newer than the log that the mark is about.
		this.unread.readUpTo(id > this.unread.newest ? id : this.unread.newest);
		this.#marks.seen(id);
		if (hadUnread) this.#changed();
	}

	/** All counts as read, without being looked at. @param {string} id The newest record that the page knows. */
	seeAll(id) {
		this.seen(id > this.unread.newest ? id : this.unread.newest);
	}

	/** What is to be told, is told now. */
	flush() {
		this.#marks.flush();
	}
}
