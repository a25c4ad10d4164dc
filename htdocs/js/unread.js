// What a person has not read in one room: counted by the server when they come in, from then on by the page.

/** Counted so far and no further, by the server too: it means "or more". */
export const MOST_COUNTED = 100;

export class Unread {
	/** Counted by the server: messages up to `#until`, whose ids the page may not know. */
	#before = { count: 0, mentions: 0 };
	#until = "";
	/** Those that came since. @type {{ id: string, mentions: boolean }[]} */
	#since = [];

	/** The newest record that this person has read, on whichever device; "" for none. */
	read = "";

	/** @param {Pick<Welcome, "read" | "unread" | "mentions" | "last">} welcome */
	welcomed({ read = "", unread = 0, mentions = 0, last = "" }) {
		if (read > this.read) this.read = read;
		// Read here, while the server did not hear of it: it is told again, and does not count meanwhile.
		const isBehind = read < this.read && this.read >= last;
		this.#before = isBehind ? { count: 0, mentions: 0 } : { count: unread, mentions };
		this.#until = last;
		this.#since = [];
	}

	/** Somebody else said something. @param {string} id @param {boolean} mentions It is for this person. */
	arrived(id, mentions) {
		if (id <= this.#until || id <= this.read) return;
		this.#since.push({ id, mentions });
		if (this.#since.length > MOST_COUNTED) this.#since.shift();
	}

	/**
	 * Read up to there, here or elsewhere. A mark never goes back.
	 * @param {string} id
	 * @param {{ unread?: number, mentions?: number }} [left] What the server counts from there on.
	 */
	readUpTo(id, left) {
		if (id <= this.read) return false;
		this.read = id;
		this.#since = this.#since.filter((message) => message.id > id);
		if (left?.unread !== undefined) this.#counted(left.unread, left.mentions ?? 0);
		else if (id >= this.#until) this.#before = { count: 0, mentions: 0 };
		return true;
	}

	/** Of what the server counts, the page has heard some already. @param {number} unread @param {number} mentions */
	#counted(unread, mentions) {
		const known = this.#since.filter((message) => message.mentions).length;
		this.#before = { count: Math.max(0, unread - this.#since.length), mentions: Math.max(0, mentions - known) };
	}

	/** The newest that the room is known to have. */
	get newest() {
		return this.#since.at(-1)?.id ?? this.#until;
	}

	get count() {
		return Math.min(MOST_COUNTED, this.#before.count + this.#since.length);
	}

	get mentions() {
		return Math.min(MOST_COUNTED, this.#before.mentions + this.#since.filter(({ mentions }) => mentions).length);
	}
}
