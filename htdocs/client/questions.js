// Questions that the server answers in the order in which they were asked.

/** So long an answer may take. The place in the row is kept: what comes late is nobody else's answer. */
const ANSWER_TIMEOUT_MS = 30_000;
/** More than these are not asked at the same time. */
const MAX_ASKED = 20;

export class Questions {
	#environment;
	#error;
	/** @type {{ settle: (answer: any) => void, fail: (error: Error) => void }[]} */
	#asked = [];

	/**
	 * @param {import("./types.d.ts").Environment} environment
	 * @param {(code: string) => Error} error What they fail with.
	 */
	constructor(environment, error) {
		this.#environment = environment;
		this.#error = error;
	}

	/**
	 * @param {() => boolean} ask False if it could not be sent.
	 * @returns {Promise<any>}
	 */
	ask(ask) {
		if (this.#asked.length >= MAX_ASKED) return Promise.reject(this.#error("busy"));
		if (!ask()) return Promise.reject(this.#error("not_connected"));
		const { setTimeout, clearTimeout } = this.#environment;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(this.#error("time_out")), ANSWER_TIMEOUT_MS);
			this.#asked.push({
				settle: (answer) => (clearTimeout(timer), resolve(answer)),
				fail: (error) => (clearTimeout(timer), reject(error)),
			});
		});
	}

	/** @param {unknown} answer */
	answered(answer) {
		this.#asked.shift()?.settle(answer);
	}

	/** The first could not be answered. @param {Error} error @returns False if nobody asked. */
	refused(error) {
		const [first] = this.#asked.splice(0, 1);
		first?.fail(error);
		return Boolean(first);
	}

	/** Nothing that was asked will be answered any more. */
	interrupted() {
		const asked = this.#asked;
		this.#asked = [];
		for (const { fail } of asked) fail(this.#error("not_connected"));
	}
}
