// The entries that are in the page, sorted by id, each once.

export class DrawnEntries {
	#list;
	#look;
	#line;
	#known = new Set();
	#target = "";
	/** @type {Item[]} */
	items = [];

	/** @param {HTMLElement} list @param {Look} look @param {{ at: string }} line The record that has the line. */
	constructor(list, look, line) {
		this.#list = list;
		this.#look = look;
		this.#line = line;
	}

	get lastId() {
		return this.items.at(-1)?.record.id ?? "";
	}

	/** The entry that somebody pointed to, marked wherever it is drawn. @param {string} id "" for none. */
	set target(id) {
		const old = this.#target;
		this.#target = id;
		for (const changed of [old, id]) if (changed) this.fit(changed);
	}

	get records() {
		return this.items.map(({ record }) => record);
	}

	/** @param {string} id */
	at(id) {
		const item = this.items[this.#indexOf(id)];
		return item?.record.id === id ? item : null;
	}

	/** @param {string} id */
	#indexOf(id) {
		let low = 0;
		let high = this.items.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.items[middle].record.id < id) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	/** @param {Entry} record */
	insert(record) {
		const { was = record.id } = record;
		if (this.#known.has(was)) return;
		this.#known.add(was);
		const index = this.lastId < record.id ? this.items.length : this.#indexOf(record.id);
		const node = this.#look.entry(record);
		this.#list.insertBefore(node, this.items[index]?.node ?? null);
		this.items.splice(index, 0, { record, node });
		this.#decorate(index, index + 2);
	}

	/** @param {string} id @param {Change} change @returns True if it is here, and another element now. */
	replace(id, change) {
		const item = this.at(id);
		if (!item) return false;
		const before = item.record;
		item.record = { ...before, ...change(before) };
		if (this.#look.update(item.node, item.record, before)) return false;
		this.#redraw(item);
		this.fit(id);
		return true;
	}

	redrawAll() {
		for (const item of this.items) this.#redraw(item);
		this.#decorate(0, this.items.length);
	}

	/** Fits an entry to what is around it. @param {string} id */
	fit(id) {
		const index = this.#indexOf(id);
		if (this.items[index]?.record.id === id) this.#decorate(index, index + 1);
	}

	/** @param {"top" | "bottom"} end Where what is too much goes. @param {number} keep */
	cut(end, keep) {
		const gone = end === "top" ? this.items.splice(0, this.items.length - keep) : this.items.splice(keep);
		for (const { node, record } of gone) {
			node.remove();
			this.#known.delete(record.was ?? record.id);
		}
		this.#decorate(0, 1);
	}

	clear() {
		for (const { node } of this.items) node.remove();
		this.items = [];
		this.#known.clear();
	}

	/** @param {Item} item */
	#redraw(item) {
		const node = this.#look.entry(item.record);
		const hadFocus = item.node.contains(document.activeElement);
		item.node.replaceWith(node);
		item.node = node;
		if (hadFocus) node.focus({ preventScroll: true });
	}

	/** @param {number} from @param {number} to */
	#decorate(from, to) {
		for (let index = Math.max(from, 0); index < Math.min(to, this.items.length); index += 1) {
			const { node, record } = this.items[index];
			this.#look.decorate(node, record, this.items[index - 1]?.record, record.id === this.#line.at);
			node.classList.toggle("target", record.id === this.#target);
		}
	}
}
