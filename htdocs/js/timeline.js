// The conversation as a window onto the room's log: a bounded number of entries, sorted by id, in the page at a time.
// What leaves at one end comes back from the server when somebody scrolls there.

import { LazyComings } from "./lazy_comings.js";
import { OwnEntries } from "./own_entries.js";
import { Scroller } from "./scroller.js";

/** Entries kept in the page. More make layout slow; two screens of a large monitor show about 100. */
export const MAX_ENTRIES = 300;
/** Left over when the window is cut, so that it is not cut for every message. */
const KEEP = 240;
/** How close to an end, in pixels, the next page is asked for. */
const NEAR_END = 600;
/** A covered window may be visible by name and still get no frames: then it is drawn after this long. */
const LONGEST_FRAME_MS = 200;

export class Timeline {
	#list;
	#look;
	#load;
	#onSettled;
	#scroller;
	/** @type {Item[]} */
	#items = [];
	#known = new Set();
	#own = new OwnEntries();
	/** @type {Entry[]} */
	#queue = [];
	#scheduled = false;
	#loading = "";
	/** How far the server has looked in each direction, beyond what is shown; "" where the entries say it. */
	#older = "";
	#newer = "";
	#lineAt = "";
	#comings = new LazyComings(
		() => this.#items,
		(fold) => (this.#scroller.keeping(this.#list, fold), this.#settle()),
	);

	/** True while the first, respectively the newest, record of the room is in the window. */
	reachesStart = false;
	reachesEnd = true;

	/** @param {TimelineUses} parts */
	constructor({ scroller, list, look, load, onSettled }) {
		this.#list = list;
		this.#look = look;
		this.#load = load;
		this.#onSettled = onSettled;
		this.#scroller = new Scroller(scroller, list.parentElement ?? list, () => this.#scrolled());
	}

	get isPinned() {
		return this.#scroller.isPinned && this.reachesEnd;
	}

	get lastId() {
		return this.#items.at(-1)?.record.id ?? "";
	}

	/**
	 * A record that just happened. Not shown when the window is elsewhere: then scrolling brings it.
	 * @param {Entry} record
	 */
	addLive(record, { own = false } = {}) {
		if (own) this.#own.add(record);
		if (!this.reachesEnd) return;
		this.#queue.push(record);
		this.#schedule();
	}

	/**
	 * The newest page: after the first welcome, and when the person jumps to the end.
	 * @param {HistoryAnswer} answer
	 */
	showNewest({ records, more, cursor }) {
		this.#loading = "";
		this.#clear();
		this.#older = cursor;
		this.reachesStart = !more;
		this.reachesEnd = true;
		this.#scroller.isPinned = true;
		this.#queue = [...records];
		this.#flush();
	}

	/** An answer to load({before}). @param {HistoryAnswer} answer @param {string} before */
	addOlder({ records, more, cursor }, before) {
		this.#loading = "";
		this.#older = cursor;
		// An answer that leads nowhere is not asked for again.
		this.reachesStart = !more || cursor === "" || cursor >= before;
		this.#quietly(() => this.#insert(records));
		this.#cut("bottom");
		this.#settle();
		if (records.length === 0 && this.#scroller.above < NEAR_END) this.#askForOlder();
	}

	/** An answer to load({since}). @param {HistoryAnswer} answer @param {string} since */
	addNewer({ records, more, cursor }, since) {
		this.#loading = "";
		this.#newer = cursor;
		this.reachesEnd = !more || cursor <= since;
		this.#insert(records);
		this.#cut("top");
		this.#settle();
	}

	/** The connection went: a question asked over it will not be answered. */
	forgetLoading() {
		this.#loading = "";
	}

	/**
	 * Draws an entry anew after its record changed.
	 * @param {string} id
	 * @param {Partial<Entry>} change
	 */
	replace(id, change) {
		const index = this.#indexOf(id);
		const item = this.#items[index];
		if (item?.record.id !== id) return;
		item.record = { ...item.record, ...change };
		this.#redraw(item);
		this.#decorateFrom(index, index + 1);
		this.#comings.fold();
	}

	redrawAll() {
		for (const item of this.#items) this.#redraw(item);
		this.#decorateFrom(0, this.#items.length);
		this.#comings.fold();
	}

	/** Everything goes: a moderator cleared the room. */
	empty() {
		this.#own.clear();
		this.#clear();
		this.reachesStart = true;
		this.#settle();
	}

	/**
	 * From this record on, a line says "new messages"; "" takes it away.
	 * @param {string} id
	 */
	setLine(id) {
		const old = this.#lineAt;
		this.#lineAt = id;
		for (const place of [old, id]) {
			const index = place ? this.#indexOf(place) : -1;
			if (this.#items[index]?.record.id === place) this.#decorateFrom(index, index + 1);
		}
		this.#comings.fold();
	}

	get line() {
		return this.#lineAt;
	}

	/** To the newest message; asks the server for it if the window is elsewhere. */
	jumpToEnd() {
		this.#scroller.isPinned = true;
		if (this.reachesEnd) this.#scroller.toBottom();
		else this.#ask({});
	}

	/** The past is not read out: the person asked to see it. @param {() => void} change */
	#quietly(change) {
		this.#list.setAttribute("aria-live", "off");
		change();
		setTimeout(() => this.#list.setAttribute("aria-live", "polite"), LONGEST_FRAME_MS);
	}

	#clear() {
		this.#items = [];
		this.#known.clear();
		this.#queue = [];
		[this.#older, this.#newer] = ["", ""];
		this.#list.replaceChildren();
	}

	/** One pass per frame however many messages came; a hidden page gets no frames, so it uses a timer. */
	#schedule() {
		if (this.#scheduled) return;
		this.#scheduled = true;
		const run = () => {
			if (!this.#scheduled) return;
			this.#scheduled = false;
			this.#flush();
		};
		setTimeout(run, document.hidden ? 0 : LONGEST_FRAME_MS);
		requestAnimationFrame(run);
	}

	#flush() {
		let records = this.#queue;
		if (records.length > MAX_ENTRIES && this.#scroller.isPinned) {
			records = records.slice(-KEEP);
			this.#clear();
			this.reachesStart = false;
		}
		this.#queue = [];
		this.#insert(records);
		this.#cut(this.#scroller.isPinned ? "top" : "bottom");
		this.#settle();
	}

	/** @param {string} id */
	#indexOf(id) {
		let low = 0;
		let high = this.#items.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#items[middle].record.id < id) low = middle + 1;
			else high = middle;
		}
		return low;
	}

	/** @param {Entry[]} records */
	#insert(records) {
		const wanted = [...records, ...this.#own.among(records, this)];
		wanted.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
		this.#scroller.keeping(this.#list, () => {
			for (const record of wanted) this.#insertOne(record);
			this.#comings.fold();
		});
	}

	/** @param {Entry} record */
	#insertOne(record) {
		if (this.#known.has(record.id)) return;
		this.#known.add(record.id);
		const index = this.lastId < record.id ? this.#items.length : this.#indexOf(record.id);
		const node = this.#look.entry(record);
		this.#list.insertBefore(node, this.#items[index]?.node ?? null);
		this.#items.splice(index, 0, { record, node });
		this.#decorateFrom(index, index + 2);
	}

	/** @param {Item} item */
	#redraw(item) {
		const node = this.#look.entry(item.record);
		item.node.replaceWith(node);
		item.node = node;
	}

	/** @param {number} from @param {number} to */
	#decorateFrom(from, to) {
		for (let index = Math.max(from, 0); index < Math.min(to, this.#items.length); index += 1) {
			const { node, record } = this.#items[index];
			this.#look.decorate(node, record, this.#items[index - 1]?.record, record.id === this.#lineAt);
		}
	}

	/** @param {"top" | "bottom"} end */
	#cut(end) {
		if (this.#items.length <= MAX_ENTRIES) return;
		this.#scroller.keeping(this.#list, () => {
			const gone = end === "top" ? this.#items.splice(0, this.#items.length - KEEP) : this.#items.splice(KEEP);
			for (const { node, record } of gone) {
				node.remove();
				this.#known.delete(record.id);
			}
			if (end === "bottom") [this.reachesEnd, this.#newer] = [false, ""];
			else [this.reachesStart, this.#older] = [false, ""];
			this.#decorateFrom(0, 1);
			this.#comings.fold();
		});
	}

	#settle() {
		if (this.#scroller.isPinned) this.#scroller.toBottom();
		this.#onSettled();
		// A page of history may be shorter than the screen: then there is no scrolling that would ask for more.
		if (this.#scroller.above + this.#scroller.below <= NEAR_END) this.#askForOlder();
	}

	#scrolled() {
		if (this.#scroller.above < NEAR_END) this.#askForOlder();
		if (this.#scroller.below < NEAR_END && !this.reachesEnd) this.#askForNewer();
		this.#onSettled();
	}

	#askForOlder() {
		const before = this.#older || this.#items[0]?.record.id;
		if (!this.reachesStart && before) this.#ask({ before });
	}

	#askForNewer() {
		this.#ask({ since: this.#newer > this.lastId ? this.#newer : this.lastId });
	}

	/** @param {Question} question */
	#ask(question) {
		const key = JSON.stringify(question);
		if (this.#loading !== key && this.#load(question)) this.#loading = key;
	}
}
