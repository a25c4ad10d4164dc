// What was sent before, and to whom, brought back by the up and down keys.

/** Messages kept. */
const MAX_RECALLED = 50;

export class Recall {
	/** @type {Draft[]} */
	#sent = [];
	/** How far back it stands; -1: nowhere. */
	#at = -1;

	/** True while an earlier message is shown. */
	get isOn() {
		return this.#at >= 0;
	}

	get last() {
		return this.#sent.at(-1);
	}

	/** @param {Draft} draft */
	add(draft) {
		const last = this.#sent.at(-1);
		if (last?.words !== draft.words || last.to !== draft.to) this.#sent.push(draft);
		if (this.#sent.length > MAX_RECALLED) this.#sent.shift();
		this.leave();
	}

	leave() {
		this.#at = -1;
	}

	older() {
		return this.#move(1);
	}

	newer() {
		return this.#move(-1);
	}

	/** @param {number} step @returns {Draft | undefined} Undefined past the last one: an empty field. */
	#move(step) {
		this.#at = Math.min(Math.max(this.#at + step, -1), this.#sent.length - 1);
		return this.#sent[this.#sent.length - 1 - this.#at];
	}
}
