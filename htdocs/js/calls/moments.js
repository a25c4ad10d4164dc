// When this page came into the room and into the call, by which it tells what is new and what concerns it.

/** So long after coming in, a call that is told of is not new. */
const SETTLED_MS = 5000;
/** So long after entering a call a page can be told that it is full. */
const ENTERING_MS = 15000;

export class Moments {
	#welcomedAt;
	#enteredAt = 0;
	/** Somebody said so while this page was entering. */
	isFull = false;

	/** @param {number} welcomedAt By performance.now(). */
	constructor(welcomedAt) {
		this.#welcomedAt = welcomedAt;
	}

	welcomed() {
		this.#welcomedAt = performance.now();
	}

	enteredCall() {
		[this.#enteredAt, this.isFull] = [performance.now(), false];
	}

	/** Anybody can say so; it counts for who is just entering. */
	toldFull() {
		this.isFull = performance.now() - this.#enteredAt < ENTERING_MS;
		return this.isFull;
	}

	/** A call that begins now: not one that went on before this page came. */
	get isSettled() {
		return performance.now() - this.#welcomedAt > SETTLED_MS;
	}
}
