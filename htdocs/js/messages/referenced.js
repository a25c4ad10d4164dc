// Messages that others point to: answered ones, pinned ones. What the page has is taken from there; the rest is asked
// for, some at a time.

/** As many as one question may have, and as are remembered. */
const AT_ONCE = 20;
const MAX_KNOWN = 200;
/** Not answered after that long (the server may be busy), they are asked again when somebody draws it again. */
const ANSWER_MS = 15_000;
/** Questions of one moment go together. */
const GATHER_MS = 30;

export class Referenced {
	#uses;
	/** What the server said; null for what is gone. @type {Map<string, Entry | null>} */
	#known = new Map();
	/** @type {Set<string>} */
	#wanted = new Set();
	/** @type {string[]} */
	#asked = [];
	#timer = 0;
	#due = 0;
	/** Who shows it: ids of answers, by what they answer. @type {Map<string, Set<string>>} */
	#shownBy = new Map();

	/** @param {ReferencedUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("messages", ({ records = [] }) => this.#answered(records));
		feed.on("welcome", () => {
			for (const id of this.#asked) this.#wanted.add(id);
			this.#asked = [];
			this.#soon();
		});
	}

	/**
	 * @param {string} id
	 * @param {string} [by] The entry that shows it, drawn again when it is known.
	 * @returns {Entry | null | undefined} Null if it is gone, undefined while nobody knows.
	 */
	get(id, by) {
		if (by) this.#shownBy.set(id, (this.#shownBy.get(id) ?? new Set()).add(by));
		const here = this.#uses.find(id) ?? this.#known.get(id);
		if (here === undefined && !this.#asked.includes(id)) {
			this.#wanted.add(id);
			this.#soon();
		}
		return here;
	}

	/** It was changed. @param {string} id @param {Change} change */
	changed(id, change) {
		const known = this.#known.get(id);
		if (known) this.#known.set(id, { ...known, ...change(known) });
		this.#redraw(id);
	}

	/** What the page has of it may be wrong. @param {string} id */
	renew(id) {
		this.#wanted.add(id);
		this.#soon();
	}

	#soon() {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#ask(), GATHER_MS);
	}

	#ask() {
		if (this.#asked.length > 0 || this.#wanted.size === 0) return;
		const ids = [...this.#wanted].slice(0, AT_ONCE);
		if (!this.#uses.ask(ids)) return;
		this.#asked = ids;
		this.#due = setTimeout(() => (this.#asked = []), ANSWER_MS);
		for (const id of ids) this.#wanted.delete(id);
	}

	/** @param {Entry[]} records */
	#answered(records) {
		for (const id of this.#asked) this.#known.set(id, records.find((record) => record.id === id) ?? null);
		for (const id of [...this.#known.keys()].slice(0, -MAX_KNOWN)) this.#known.delete(id);
		clearTimeout(this.#due);
		const done = this.#asked;
		this.#asked = [];
		for (const id of done) this.#redraw(id);
		this.#ask();
		this.#uses.answered(records);
	}

	/** @param {string} id */
	#redraw(id) {
		for (const by of this.#shownBy.get(id) ?? []) {
			if (this.#uses.find(by)) this.#uses.redraw(by);
			else this.#shownBy.get(id)?.delete(by);
		}
		if (this.#shownBy.get(id)?.size === 0) this.#shownBy.delete(id);
	}
}
