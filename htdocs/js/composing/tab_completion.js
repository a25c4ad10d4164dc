// Tab completes the name or command before the cursor where no list is open; again: the next one.

import { COMMANDS } from "../lines.js";

export class TabCompletion {
	/** @type {{ found: string[], next: number, from: number } | null} */
	#found = null;

	/** Another key was pressed. */
	leave() {
		this.#found = null;
	}

	/**
	 * @param {HTMLTextAreaElement} field
	 * @param {() => string[]} names
	 * @returns False: the key moves on as usual.
	 */
	complete(field, names) {
		this.#found ??= candidates(field, names);
		if (!this.#found) return false;
		const { found, from } = this.#found;
		const name = found[this.#found.next % found.length];
		this.#found.next += 1;
		const completed = from === 0 && !name.startsWith("/") ? `${name}, ` : `${name} `;
		field.setRangeText(completed, from, field.selectionStart, "end");
		return true;
	}
}

/** @param {HTMLTextAreaElement} field @param {() => string[]} names */
function candidates({ value, selectionStart }, names) {
	const begun = /[^\s]+$/u.exec(value.slice(0, selectionStart))?.[0] ?? "";
	const plain = begun.replace(/^@/, "").toLocaleLowerCase();
	if (!plain) return null;
	const isStart = selectionStart === begun.length;
	const all = isStart && plain.startsWith("/") ? COMMANDS : names();
	const found = all.filter((name) => name.toLocaleLowerCase().startsWith(plain));
	return found.length ? { found: found.sort(), next: 0, from: selectionStart - begun.length } : null;
}
