// Files that are to go with the next message of each room, on their way to the server and there.

import { byId, loadStyle } from "../dom.js";
import { askServer } from "../server.js";
import { loadTexts, text } from "../texts.js";
import { beKnown } from "./address.js";
import { Chip } from "./chip.js";
import { upload } from "./upload.js";
import { isLasting, refusalWords, tooLargeWords } from "./refusals.js";

await Promise.all([loadTexts("files"), loadStyle("css/attachments.css")]);

/** Files of one message, as the server has it. */
const MOST = 10;
/** On their way at once: a phone's line is shared by them. */
const AT_ONCE = 2;

/**
 * @typedef {{ file: File, room: string, chip: Chip, state: "waiting" | "going" | "ready" | "failed",
 *   told?: Attached, cancel?: () => void }} Item
 */

export class Tray {
	#box = byId("attachments");
	/** @type {Item[]} */
	#items = [];
	#room = "";
	/** @type {(() => void) | null} */
	#send = null;

	/** @param {number} limit The largest file, in bytes. */
	constructor(limit) {
		this.limit = limit;
		beKnown();
	}

	/** @param {AttachRoom} room */
	show({ name }) {
		if (name !== this.#room) this.#send = null;
		this.#room = name;
		this.#draw();
	}

	get #shown() {
		return this.#items.filter(({ room }) => room === this.#room);
	}

	get ready() {
		return this.#shown.filter(({ state }) => state === "ready");
	}

	/** @param {File[]} files @param {AttachRoom} room */
	add(files, room) {
		const has = this.#items.filter((item) => item.room === room.name).length;
		if (has + files.length > MOST) room.conversation.notice("error", text("mostFiles", { most: MOST }));
		for (const file of files.slice(0, Math.max(0, MOST - has))) {
			const chip = new Chip(file, {
				remove: () => this.#remove(item),
				again: () => this.#again(item),
			});
			/** @type {Item} */
			const item = { file, room: room.name, chip, state: "waiting" };
			this.#items.push(item);
			if (file.size > this.limit) this.#failed(item, tooLargeWords(this.limit), true);
			else if (file.size === 0) this.#failed(item, text("file_empty_file"), true);
		}
		this.#draw();
		this.#next();
	}

	/** Those that are there, for the message that is sent now. */
	take() {
		const taken = this.ready;
		this.#items = this.#items.filter((item) => !taken.includes(item));
		this.#draw();
		return taken.flatMap(({ told }) => told ?? []);
	}

	/** @param {() => void} send */
	waits(send) {
		const isWaiting = this.#shown.some(({ state }) => state === "waiting" || state === "going");
		this.#send = isWaiting ? send : null;
		if (isWaiting) byId("announcement").textContent = text("sendsWhenThere");
		return isWaiting;
	}

	#next() {
		const going = this.#items.filter(({ state }) => state === "going").length;
		const waiting = this.#items.filter(({ state }) => state === "waiting");
		for (const item of waiting.slice(0, Math.max(0, AT_ONCE - going))) this.#start(item);
		if (waiting.length || going || !this.#send) return;
		const send = this.#send;
		this.#send = null;
		// One that did not come is seen to first.
		if (!this.#shown.some(({ state }) => state === "failed")) send();
	}

	/** @param {Item} item */
	async #start(item) {
		item.state = "going";
		const { done, cancel } = upload(item.file, item.room, (part) => item.chip.progress(part));
		item.cancel = cancel;
		item.chip.progress(0);
		try {
			item.told = await done;
			item.state = "ready";
			item.chip.ready(item.told, item.room);
		} catch (error) {
			if (this.#items.includes(item)) this.#failed(item, refusalWords(error, this.limit), isLasting(error));
		}
		this.#next();
	}

	/** @param {Item} item @param {string} words @param {boolean} lasts */
	#failed(item, words, lasts) {
		item.state = "failed";
		item.chip.failed(words, lasts);
	}

	/** @param {Item} item */
	#again(item) {
		item.state = "waiting";
		item.chip.waiting();
		this.#next();
	}

	/** @param {Item} item */
	#remove(item) {
		this.#items = this.#items.filter((other) => other !== item);
		item.cancel?.();
		if (item.told) {
			const { id } = item.told;
			// Else it goes by itself in an hour.
			askServer(`files/${id}?room=${encodeURIComponent(item.room)}`, { method: "DELETE" }).catch(() => {});
		}
		this.#draw();
		byId("text").focus();
		this.#next();
	}

	#draw() {
		const shown = this.#shown;
		this.#box.hidden = shown.length === 0;
		this.#box.replaceChildren(...shown.map(({ chip }) => chip.node));
	}
}
