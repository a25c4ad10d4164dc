// The conversation as a window onto the room's log: a bounded number of entries, sorted by id, in the page at a time.
// What leaves at one end comes back from the server when somebody scrolls there.

import { Aim } from "./aim.js";
import { DrawnEntries } from "./drawn_entries.js";
import { KeptRecords } from "./kept_records.js";
import { LazyComings } from "./lazy_comings.js";
import { NewLine } from "./new_line.js";
import { OnePass, quietly } from "./one_pass.js";
import { OwnEntries } from "./own_entries.js";
import { Paging } from "./paging.js";

/** Entries kept in the page. More make layout slow; two screens of a large monitor show about 100. */
export const MAX_ENTRIES = 300;
/** Left over when the window is cut, so that it is not cut for every message. */
const KEEP = 240;
/** How close to an end, in pixels, the next page is asked for. */
const NEAR_END = 600;

export class Timeline {
	#list;
	#paging;
	#onSettled;
	#scroller;
	#drawn;
	#own = new OwnEntries();
	/** @type {Entry[]} */
	#queue = [];
	#soon = new OnePass(() => this.#flush());
	#line;
	/** While another room is shown. @type {KeptRecords | null} */
	#kept = new KeptRecords();
	#comings = new LazyComings(
		() => this.#drawn.items,
		(fold) => (this.#scroller.keeping(this.#list, fold), this.#settle()),
	);

	/** What it was to go to last. */
	aim;
	/** True while the first, respectively the newest, record of the room is in the window. */
	reachesStart = false;
	reachesEnd = true;

	/** @param {TimelineUses} parts */
	constructor({ scroller, list, look, isOther, load, onSettled }) {
		this.#list = list;
		this.#line = new NewLine(isOther);
		this.#drawn = this.#line.drawn = new DrawnEntries(list, look, this.#line);
		this.#paging = new Paging(load);
		this.aim = new Aim(this.#drawn, scroller);
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

	/** What the page has of the room now. */
	get records() {
		return this.#kept?.records ?? [...this.#drawn.records, ...this.#queue];
	}

	get firstId() {
		return this.#drawn.items[0]?.record.id ?? "";
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
			if (isCut) [this.reachesStart, this.#paging.older] = [false, ""];
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
		this.#paging.answered();
		this.#clear();
		this.aim.drop();
		this.#paging.older = cursor;
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
		this.#paging.answered();
		// It is asked for again when somebody scrolls there.
		if (this.#kept) return;
		this.#paging.older = cursor;
		// An answer that leads nowhere is not asked for again.
		this.reachesStart = !more || cursor === "" || cursor >= before;
		quietly(this.#list, () => this.#insert(records));
		this.#cut("bottom");
		if (this.aim.id === before) this.aim.show({ isLast: true });
		this.#settle();
		if (records.length === 0 && this.#scroller.above < NEAR_END) this.#paging.askForOlder(this);
	}

	/** An answer to load({since}). @param {HistoryAnswer} answer @param {string} since */
	addNewer({ records, more, cursor }, since) {
		this.#paging.answered();
		if (this.#kept) return;
		const isElsewhere = this.aim.since === since;
		if (isElsewhere) this.#clear();
		this.#paging.newer = cursor;
		this.reachesEnd = !more || cursor <= since;
		if (isElsewhere) {
			this.reachesStart = this.#scroller.isPinned = false;
			quietly(this.#list, () => this.#insert(records));
			this.aim.show({ isLast: false });
			this.#paging.ask({ before: this.aim.id });
		} else this.#insert(records);
		this.#cut("top");
		this.#settle();
	}

	/**
	 * To a message; where the window is elsewhere, the server is asked for what is around it.
	 * @param {string} id
	 * @param {{ isMessage: boolean }} how Else to the first record from there on.
	 */
	goTo(id, { isMessage }) {
		this.#line.isGoal = false;
		this.aim.take(id, isMessage);
		if (!this.aim.isInside(this)) return this.#paging.ask({ since: this.aim.since });
		this.aim.show({ isLast: true });
		this.#settle();
	}

	/** The connection went: a question asked over it will not be answered. */
	forgetLoading() {
		this.#paging.answered();
	}

	/** Draws an entry anew after its record changed. @param {string} id @param {Change} change */
	replace(id, change) {
		this.#kept?.replace(id, change);
		this.#queue = this.#queue.map((record) => (record.id === id ? { ...record, ...change(record) } : record));
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

	/** From this record on, a line says "new messages"; "" takes it away. @param {string} id */
	setLine(id) {
		this.#line.set(id);
		this.#comings.fold();
	}

	/** The line stands above the first record of others that is newer than `id`; "" for none. @param {string} id */
	newFrom(id) {
		this.#line.after(id);
	}

	get line() {
		return this.#line.at;
	}

	/** To the newest message; asks the server for it if the window is elsewhere. */
	jumpToEnd() {
		if (this.#kept) return;
		this.#line.isGoal = false;
		this.aim.drop();
		this.#scroller.isPinned = true;
		if (!this.reachesEnd) this.loadNewest();
		else {
			this.#scroller.toBottom();
			this.#settle();
		}
	}

	loadNewest() {
		this.#paging.ask({});
	}

	/** Where what is new does not fit into the window, it is read from its beginning. */
	#toEndOrLine() {
		this.#scroller.toBottom();
		const first = this.#line.isGoal && this.#drawn.at(this.line);
		this.#line.isGoal = false;
		if (first) this.#scroller.toTopOf(first.node);
	}

	#clear() {
		this.#drawn.clear();
		this.#queue = [];
		this.#paging.clear();
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
		const wanted = this.#own.into(records, this);
		this.#scroller.keeping(this.#list, () => {
			for (const record of wanted) this.#drawn.insert(record);
			this.#line.find();
			this.#comings.fold();
		});
	}

	/** @param {"top" | "bottom"} end */
	#cut(end) {
		if (this.#drawn.items.length <= MAX_ENTRIES) return;
		this.#scroller.keeping(this.#list, () => {
			this.#drawn.cut(end, KEEP);
			if (end === "bottom") [this.reachesEnd, this.#paging.newer] = [false, ""];
			else [this.reachesStart, this.#paging.older] = [false, ""];
			this.#comings.fold();
		});
	}

	#settle() {
		if (this.#kept) return;
		if (this.#scroller.isPinned) this.#scroller.toBottom();
		this.#onSettled();
		// A page of history may be shorter than the screen: then there is no scrolling that would ask for more.
		if (this.#scroller.above + this.#scroller.below <= NEAR_END) this.#paging.askForOlder(this);
	}

	#scrolled() {
		if (this.#scroller.above < NEAR_END) this.#paging.askForOlder(this);
		if (this.#scroller.below < NEAR_END) this.#paging.askForNewer(this);
		this.#onSettled();
	}
}
