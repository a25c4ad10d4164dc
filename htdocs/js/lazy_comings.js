// Folds comings and goings. Where nobody comes and goes, nothing is loaded for it.

/** @param {Item} item */
const comesOrGoes = ({ record: { type } }) => type === "join" || type === "quit";

export class LazyComings {
	#items;
	#change;
	#isLoading = false;
	/** @type {((items: Item[]) => void) | null} */
	#fold = null;

	/** @param {() => Item[]} items @param {(fold: () => void) => void} change Runs what changes their heights. */
	constructor(items, change) {
		this.#items = items;
		this.#change = change;
	}

	fold() {
		const items = this.#items();
		if (this.#fold) this.#fold(items);
		else if (items.some((item, index) => index > 0 && comesOrGoes(item) && comesOrGoes(items[index - 1]))) this.#load();
	}

	async #load() {
		if (this.#isLoading) return;
		this.#isLoading = true;
		this.#fold = (await import("./comings.js")).foldComings;
		this.#change(() => this.fold());
	}
}
