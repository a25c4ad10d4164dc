// Who types, loaded when somebody types and says so: most visits never need it.

import { byId } from "./dom.js";
import { preference } from "./preferences.js";

export class LazyTyping {
	#uses;
	#isShown = false;
	/** @type {Promise<Typing> | null} */
	#loading = null;

	/** @param {TypingUses} uses */
	constructor(uses) {
		this.#uses = uses;
	}

	/** Somebody else types, or has stopped. @param {string} from @param {boolean} state @param {string} [words] */
	async heard(from, state, words) {
		if (state || this.#loading) (await this.#load()).heard(from, state, words);
	}

	/**
	 * The person changed what stands in the composer.
	 * @param {string} words
	 * @param {string} whisperTo
	 * @param {string} person
	 */
	async typed(words, whisperTo, person) {
		const tells = preference("typing") || preference("liveTyping");
		if (tells || this.#loading) (await this.#load()).typed(words, whisperTo, person);
	}

	/** @param {boolean} isShown Only then who types is in the page. */
	async show(isShown) {
		this.#isShown = isShown;
		if (isShown) byId("typing-line").textContent = "";
		(await this.#loading)?.draw();
	}

	async stopped() {
		(await this.#loading)?.stopped();
	}

	#load() {
		this.#loading ??= import("./typing.js").then(({ Typing }) => new Typing(this.#uses, () => this.#isShown));
		return this.#loading;
	}
}
