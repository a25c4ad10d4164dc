// The conversation as a window onto the room's log: a bounded number of entries, sorted by id, in the page at a time.
// What leaves at one end comes back from the server when somebody scrolls there.

import { DrawnEntries } from "./drawn_entries.js";
import { KeptRecords } from "./kept_records.js";
import { LazyComings } from "./lazy_comings.js";
import { NewLine } from "./new_line.js";
import { OnePass, quietly } from "./one_pass.js";
import { OwnEntries } from "./own_entries.js";

/** Entries kept in the page. More make layout slow; two screens of a large monitor show about 100. */
export const MAX_ENTRIES = 300;
/** Left over when the window is cut, so that it is not cut for every message. */
const KEEP = 240;
/** How close to an end, in pixels, the next page is asked for. */
const NEAR_END = 600;

export class Timeline {
	#list;
	#load;
	#onSettled;
	#scroller;
	#drawn;
	#own = new OwnEntries();
	/** @type {Entry[]} */
	#queue = [];
	#soon = new OnePass(() => this.#flush());
	#loading = "";
	/** How far the server has looked in each direction, beyond what is shown; "" where the entries say it. */
	#older = "";
	#newer = "";
	#line;
	#goesToLine = false;
	/** While another room is shown. @type {KeptRecords | null} */
	#kept = new KeptRecords();
	#comings = new LazyComings(
		() => this.#drawn.items,
		(fold) => (this.#scroller.keeping(this.#list, fold), this.#settle()),
	);

	/** True while the first, respectively the newest, record of the room is in the window. */
	reachesStart = false;
	reachesEnd = true;

	/** @param {TimelineUses} parts */
	constructor({ scroller, list, look, isOther, load, onSettled }) {
		this.#list = list;
		this.#line = new NewLine(isOther);
		this.#drawn = new DrawnEntries(list, look, this.#line);
		this.#load = load;
		this.#onSettled = onSettled;
		this.#scroller = scroller;
	}

	/** The reader sees what comes. */
	get isPinned() {
		return !this.#kept && this.#scroller.isPinned && this.reachesEnd;
	}

	/** Puts the room's records into the page, where the reader left them. */
	show() {
		const kept = this.#kept;
		if (!kept) return;
		this.#kept = null;
		this.#scroller.onScroll = () => this.#scrolled();
		this.#scroller.isPinned = kept.isPinned;
		quietly(this.#list, () => this.#insert(kept.records));
		if (kept.isPinned) this.#toEndOrLine();
		else if (kept.anchor) this.#scroller.toAnchor(kept.anchor, this.#drawn.at(kept.anchor.id)?.node);
		this.#settle();
	}

	/** Takes them out of the page again, and keeps them. */
	hide() {
		if (this.#kept) return;
		const place = { isPinned: this.isPinned, anchor: this.#scroller.anchor(this.#list) };
		this.#kept = new KeptRecords([...this.#drawn.records, ...this.#queue], place);
		this.#queue = [];
		this.#drawn.clear();
	}

	get lastId() {
		return this.#drawn.lastId;
	}

	/**
	 * A record that just happened. Not shown when the window is elsewhere: then scrolling brings it.
	 * @param {Entry} record
	 */
	addLive(record, { own = false } = {}) {
		if (own) this.#own.add(record);
		if (!this.reachesEnd) return;
		if (this.#kept) {
			const isCut = this.#kept.add(record, { most: MAX_ENTRIES, keep: KEEP });
			if (isCut) [this.reachesStart, this.#older] = [false, ""];
			return;
		}
		this.#queue.push(record);
		this.#soon.soon();
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
		if (this.#kept) {
			this.#kept = new KeptRecords(records);
			return;
		}
		this.#scroller.isPinned = true;
		quietly(this.#list, () => this.#insert(records));
		this.#toEndOrLine();
		this.#settle();
	}

	/** An answer to load({before}). @param {HistoryAnswer} answer @param {string} before */
	addOlder({ records, more, cursor }, before) {
		this.#loading = "";
		// It is asked for again when somebody scrolls there.
		if (this.#kept) return;
		this.#older = cursor;
		// An answer that leads nowhere is not asked for again.
		this.reachesStart = !more || cursor === "" || cursor >= before;
		quietly(this.#list, () => this.#insert(records));
		this.#cut("bottom");
		this.#settle();
		if (records.length === 0 && this.#scroller.above < NEAR_END) this.#askForOlder();
	}

	/** An answer to load({since}). @param {HistoryAnswer} answer @param {string} since */
	addNewer({ records, more, cursor }, since) {
		this.#loading = "";
		if (this.#kept) return;
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
		this.#kept?.replace(id, change);
		if (this.#drawn.replace(id, change)) this.#comings.fold();
	}

	redrawAll() {
		this.#drawn.redrawAll();
		this.#comings.fold();
	}

	/** Everything goes: a moderator cleared the room. */
	empty() {
		this.#own.clear();
		this.#clear();
		if (this.#kept) this.#kept = new KeptRecords();
		this.reachesStart = true;
		this.#settle();
	}

	/**
	 * From this record on, a line says "new messages"; "" takes it away.
	 * @param {string} id
	 */
	setLine(id) {
		this.#drawLine(this.#line.set(id));
		this.#comings.fold();
	}

	/** The line stands above the first record of others that is newer than `id`; "" for none. @param {string} id */
	newFrom(id) {
		this.#goesToLine = id !== "";
		this.#line.after(id);
		this.#drawLine(this.#line.find(this.#drawn.items));
	}

	/** @param {string[]} ids */
	#drawLine(ids) {
		for (const id of ids) this.#drawn.fit(id);
	}

	get line() {
		return this.#line.at;
	}

	/** To the newest message; asks the server for it if the window is elsewhere. */
	jumpToEnd() {
		if (this.#kept) return;
		this.#goesToLine = false;
		this.#scroller.isPinned = true;
		if (this.reachesEnd) this.#scroller.toBottom();
		else this.#ask({});
	}

	/** Asks for the newest page. */
	loadNewest() {
		this.#ask({});
	}

	/** Where what is new does not fit into the window, it is read from its beginning. */
	#toEndOrLine() {
		this.#scroller.toBottom();
		const first = this.#goesToLine && this.#drawn.at(this.line);
		this.#goesToLine = false;
		if (first) this.#scroller.toTopOf(first.node);
	}

	#clear() {
		this.#drawn.clear();
		this.#queue = [];
		[this.#older, this.#newer] = ["", ""];
	}

	#flush() {
		if (this.#kept) return;
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

	/** @param {Entry[]} records */
	#insert(records) {
		const wanted = [...records, ...this.#own.among(records, this)];
		wanted.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
		this.#scroller.keeping(this.#list, () => {
			for (const record of wanted) this.#drawn.insert(record);
			this.#drawLine(this.#line.find(this.#drawn.items));
			this.#comings.fold();
		});
	}

	/** @param {"top" | "bottom"} end */
	#cut(end) {
		if (this.#drawn.items.length <= MAX_ENTRIES) return;
		this.#scroller.keeping(this.#list, () => {
			this.#drawn.cut(end, KEEP);
			if (end === "bottom") [this.reachesEnd, this.#newer] = [false, ""];
			else [this.reachesStart, this.#older] = [false, ""];
			this.#comings.fold();
		});
	}

	#settle() {
		if (this.#kept) return;
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
		const before = this.#older || this.#drawn.items[0]?.record.id;
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
