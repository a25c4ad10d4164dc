// Who is in the room: told once by the welcome, then by what changes.

import { MEMBERSHIP } from "./protocol.js";

export class Members {
	#list;
	/** @type {Map<string, Person>} */
	#people = new Map();

	/**
	 * @param {Me} me
	 * @param {{ draw: (members: Members) => void }} list Shows the members of the room that is shown.
	 * @param {Set<string>} callers Names of those in the call.
	 */
	constructor(me, list, callers) {
		this.me = me;
		this.callers = callers;
		this.#list = list;
		me.addEventListener("change", () => this.draw());
	}

	/** @param {Feed} feed */
	follow(feed) {
		feed.on("welcome", ({ members = [] }) => {
			this.#people = new Map(members.map((/** @type {Person} */ person) => [person.name, person]));
			this.draw();
		});
		feed.on(MEMBERSHIP, (record) => this.#apply(record));
	}

	/** @param {Entry} record */
	#apply({ type, from, to, color, account, person: number }) {
		const person = this.#people.get(from);
		if (type === "join") this.#people.set(from, { name: from, color, account, person: number });
		else if (type === "color") this.#people.set(from, { ...person, name: from, color });
		else this.#people.delete(from);
		if (type === "nick" && to) this.#people.set(to, { ...person, name: to });
		this.draw();
	}

	get count() {
		return this.#people.size;
	}

	get all() {
		return [...this.#people.values()];
	}

	/** @param {string} name */
	get(name) {
		return this.#people.get(name);
	}

	/** @param {string} name */
	has(name) {
		return this.#people.has(name);
	}

	/** Everybody but the person on this page. */
	others() {
		return [...this.#people.keys()].filter((name) => name !== this.me.name);
	}

	draw() {
		this.#list.draw(this);
	}
}
