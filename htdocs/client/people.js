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

	/** @param {import("./types.d.ts").Shown[]} people */
	shown(people) {
		for (const person of people) {
			const known = this.#people.get(person.name);
			if (known?.person === person.person) this.#people.set(person.name, { color: known.color, ...person });
		}
	}

	/** @param {import("./types.d.ts").ChatRecord} record */
	apply({ type, from, to, color, account, person: number }) {
		const all = this.#people;
		const person = type === "join" ? { account, person: number } : all.get(from);
		if (type === "join" || type === "color") all.set(from, { ...person, name: from, color });
		else {
			all.delete(from);
			if (to) all.set(to, { ...person, name: to });
		}
	}
}
