// Tells the server how far a room was read: at once, then once in some seconds, and before the page is left.

/** A mark is written to disk and told to the person's other devices. */
const AT_MOST_EVERY_MS = 3000;

export class ReadMarks {
	#send;
	#told = "";
	#wanted = "";
	#timer = 0;
	#at = -AT_MOST_EVERY_MS;

	/** @param {(id: string) => boolean} send False if it cannot be sent now. */
	constructor(send) {
		this.#send = send;
	}

	/** @param {string} id */
	seen(id) {
		if (id <= this.#wanted) return;
		this.#wanted = id;
		if (this.#timer) return;
		const wait = this.#at + AT_MOST_EVERY_MS - performance.now();
		if (wait <= 0) this.flush();
		else this.#timer = setTimeout(() => this.flush(), wait);
	}

	flush() {
		clearTimeout(this.#timer);
		this.#timer = 0;
		if (this.#wanted <= this.#told) return;
		this.#at = performance.now();
		if (this.#send(this.#wanted)) this.#told = this.#wanted;
	}

	/** How far the server knows, when it lets the person in. @param {string} read */
	welcomed(read) {
		this.#told = read;
		this.flush();
	}
}
