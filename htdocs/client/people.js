// Who is in a room: told once by the welcome, then by what changes.

/** Records that say who is in the room, under which name and in which color. */
export const MEMBERSHIP = ["join", "quit", "nick", "color"];

export class People {
	/** @type {Map<string, import("./types.d.ts").Person>} */
	#people = new Map();

	/** By name. @returns {ReadonlyMap<string, import("./types.d.ts").Person>} */
	get all() {
		return this.#people;
	}

	/** @param {import("./types.d.ts").Person[]} [members] */
	welcomed(members = []) {
		this.#people = new Map(members.map((person) => [person.name, person]));
	}

	/** @param {import("./types.d.ts").ChatRecord} record */
	apply({ type, from, to, color, account, person: number }) {
		const person = this.#people.get(from);
		if (type === "join") this.#people.set(from, { name: from, color, account, person: number });
		else if (type === "color") this.#people.set(from, { ...person, name: from, color });
		else if (type === "quit" || type === "nick") this.#people.delete(from);
		if (type === "nick" && to) this.#people.set(to, { ...person, name: to });
	}
}
