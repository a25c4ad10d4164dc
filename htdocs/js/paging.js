// The pages of the log that are asked for at the ends of the window, one question at a time.

export class Paging {
	#load;
	#loading = "";
	/** How far the server has looked in each direction, beyond what is shown; "" where the entries say it. */
	older = "";
	newer = "";

	/** @param {(question: Question) => boolean} load Asks the server; false if it cannot now. */
	constructor(load) {
		this.#load = load;
	}

	/** @param {Question} question */
	ask(question) {
		const key = JSON.stringify(question);
		if (this.#loading !== key && this.#load(question)) this.#loading = key;
	}

	/**
	 * One that goes elsewhere asks by itself.
	 * @param {{ reachesStart: boolean, firstId: string, aim: { id: string } }} window
	 */
	askForOlder({ reachesStart, firstId, aim }) {
		const before = this.older || firstId;
		if (!reachesStart && before && !aim.id) this.ask({ before });
	}

	/** @param {{ reachesEnd: boolean, lastId: string, aim: { id: string } }} window */
	askForNewer({ reachesEnd, lastId, aim }) {
		if (!reachesEnd && !aim.id) this.ask({ since: this.newer > lastId ? this.newer : lastId });
	}

	/** The answer has come, or will not come: the connection went. */
	answered() {
		this.#loading = "";
	}

	/** The window is elsewhere. */
	clear() {
		[this.older, this.newer] = ["", ""];
	}
}
