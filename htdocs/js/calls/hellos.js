// Who is told what this page takes part in, and when. A hello is a state, not an event: it is made when it is sent, it
// may come twice, and it is said again until the other page has said something back.

/** The first few leave at once: most rooms are small, and leaving a page leaves no time. */
const AT_ONCE = 8;
/** The rest are spread out, so that they never use up what messages may need: answers too, strangers ask for them. */
const EVERY_MS = 150;
/** In larger rooms a call is announced to as many as this, the others learn of it when they come in. */
const MAX_NAMES = 100;
/** Pages that do not answer are asked again after this long, then twice as long, some times: old pages never answer. */
const AGAIN_MS = 2000;
const MAX_TRIES = 5;

export class Hellos {
	#say;
	/** An answer names the page it is for. @type {{ name: string, tries: number, page: string }[]} */
	#queue = [];
	#timer = 0;
	/** May leave at once. */
	#credit = AT_ONCE;
	/** @type {Map<string, number>} */
	#unanswered = new Map();

	/** @param {(name: string, page: string) => void} say Sends the hello of this moment; "" for any page. */
	constructor(say) {
		this.#say = say;
	}

	/** @param {string[]} names Those first in the list are told first. */
	tellAll(names) {
		for (const timer of this.#unanswered.values()) clearTimeout(timer);
		this.#unanswered.clear();
		const answers = this.#queue.filter(({ page }) => page);
		this.#queue = names.slice(0, MAX_NAMES).map((name) => ({ name, tries: 0, page: "" }));
		for (const { name } of this.#queue.splice(0, AT_ONCE)) this.tell(name);
		this.#queue.push(...answers);
		this.#pace();
	}

	/** @param {string} name */
	tell(name, tries = 0) {
		this.answered(name);
		this.#say(name, "");
		if (tries + 1 >= MAX_TRIES) return;
		const timer = setTimeout(
			() => {
				this.#queue.push({ name, tries: tries + 1, page: "" });
				this.#pace();
			},
			AGAIN_MS * 2 ** tries,
		);
		this.#unanswered.set(name, timer);
	}

	/** To a page that has asked, however often it did just now. @param {string} name @param {string} page */
	answer(name, page) {
		if (this.#queue.length >= MAX_NAMES || this.#queue.some((waiting) => waiting.page === page)) return;
		if (this.#credit > 0) {
			this.#credit -= 1;
			this.#say(name, page);
		} else this.#queue.push({ name, tries: 0, page });
		this.#pace();
	}

	/**
	 * They know, or they are gone: nothing needs to be said again.
	 * @param {string} name
	 */
	answered(name) {
		clearTimeout(this.#unanswered.get(name));
		this.#unanswered.delete(name);
		this.#queue = this.#queue.filter((waiting) => waiting.name !== name || waiting.page);
	}

	#pace() {
		this.#timer ||= setInterval(() => {
			const next = this.#queue.shift();
			if (next?.page) this.#say(next.name, next.page);
			else if (next) this.tell(next.name, next.tries);
			else if (this.#credit < AT_ONCE) this.#credit += 1;
			else {
				clearInterval(this.#timer);
				this.#timer = 0;
			}
		}, EVERY_MS);
	}
}
