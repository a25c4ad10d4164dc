// Who is in the room: told once by the welcome, then by what changes.

import { MEMBERSHIP, People } from "../client/people.js";
import { learn } from "./faces.js";

export class Members {
	#list;
	#people = new People();

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
		feed.on("welcome", ({ members }) => {
			this.#people.welcomed(members);
			this.draw();
		});
		feed.on("profiles", ({ people }) => {
			learn(people);
			this.#people.shown(people);
			this.draw();
		});
		feed.on(MEMBERSHIP, (record) => {
			this.#people.apply(record);
			this.draw();
		});
	}

	get count() {
		return this.#people.all.size;
	}

	get all() {
		return [...this.#people.all.values()];
	}

	/** @param {string} name */
	get(name) {
		return this.#people.all.get(name);
	}

	/** @param {string} name */
	has(name) {
		return this.#people.all.has(name);
	}

	/** Everybody but the person on this page. */
	others() {
		return [...this.#people.all.keys()].filter((name) => name !== this.me.name);
	}

	draw() {
		this.#list.draw(this);
	}
}
