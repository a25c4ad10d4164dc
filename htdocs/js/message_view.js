// One record of the log as an element. Names, texts and colors come from strangers: they become text nodes and a
// computed hex color, nothing else.

import { parameter } from "./addresses.js";
import { filesOf } from "./attachments/files_of.js";
import { nameColor } from "./colors.js";
import { element, hiddenWords, icon } from "./dom.js";
import { face } from "./faces.js";
import { isProgram } from "./initial.js";
import { bodyNodes } from "./messages/body.js";
import { eventNodes } from "./messages/event_words.js";
import { reactionRow } from "./messages/reaction_row.js";
import { replyLine } from "./messages/reply_line.js";
import { isIgnored } from "./preferences.js";
import { language, text } from "./texts.js";
import { clockTime, dayBeside, dayOf, fullTime, longDay, timeOf } from "./times.js";

/** Messages of one person this close together share one heading. */
const GROUP_MS = 5 * 60 * 1000;
const GROUPED = new Set(["say", "me", "dice"]);

export class MessageView {
	#me;
	#backdrop;
	#actions;
	#room;
	/** Long messages that are shown whole. @type {Set<string>} */
	#unfolded = new Set();

	/**
	 * @param {{ name: string, moderator?: boolean }} me Whose own messages and mentions are marked.
	 * @param {() => Rgb} backdrop What names are written on.
	 * @param {Actions} [actions]
	 * @param {() => string} [room] Whose files are shown.
	 */
	constructor(me, backdrop, actions, room = () => parameter("room") || "lobby") {
		this.#me = me;
		this.#backdrop = backdrop;
		this.#actions = actions;
		this.#room = room;
	}

	/** @param {Entry} record */
	entry(record) {
		const node = this.#entry(record);
		node.hidden = record.from !== this.#me.name && isIgnored(record.from);
		return node;
	}

	/** @param {Entry} record */
	#entry(record) {
		if (record.type === "whisper" || GROUPED.has(record.type)) return this.#message(record);
		if (["notice", "info", "error"].includes(record.type)) return this.#notice(record);
		return this.#event(record);
	}

	/**
	 * Fits an entry to the one before it: a shared heading, a day's line, the line before new messages.
	 * @param {HTMLElement} node
	 * @param {Entry} record
	 * @param {Entry | undefined} before
	 * @param {boolean} hasLine
	 */
	decorate(node, record, before, hasLine) {
		const day = dayOf(record.id);
		const newDay = !record.old && day !== (before ? dayOf(before.id) : "");
		node.classList.toggle("continued", !hasLine && !newDay && before !== undefined && continues(record, before));
		for (const line of node.querySelectorAll(":scope > .day, :scope > .new-line")) line.remove();
		/** @param {string} kind @param {string} words */
		const line = (kind, words) => node.prepend(element("div", { class: kind }, element("span", {}, words)));
		if (hasLine) line("new-line", text("newMessages"));
		if (newDay) line("day", dayWords(record.id));
	}

	/**
	 * Their picture, or a round initial in their color.
	 * @param {string} name
	 * @param {string} [color]
	 * @param {string} [account]
	 */
	avatar(name, color, account) {
		return this.#colored(face(name, account), name, color);
	}

	/** @template {HTMLElement} Node @param {Node} node @param {string} name @param {string} [color] */
	#colored(node, name, color) {
		node.style.setProperty("--name-color", nameColor(name, color, this.#backdrop()));
		return node;
	}

	/**
	 * A name, and a badge for those who are logged in.
	 * @param {string} name
	 * @param {string} [color]
	 * @param {string} [account]
	 */
	who(name, color, account) {
		const open = this.#actions?.openPerson;
		const words = element("bdi", {}, name);
		// Not in the tab order: the list of people is, and three hundred names would be in the way.
		const node = open
			? element("button", { type: "button", class: "who", tabindex: "-1", onclick: () => open(name, node) }, words)
			: element("strong", { class: "who" }, words);
		this.#colored(node, name, color);
		if (!account) return [node];
		if (isProgram(account)) return [node, element("span", { class: "badge" }, text("bot"))];
		const title = text("account", { name: account });
		return [node, element("span", { class: "badge", title }, icon("shield"), hiddenWords(title))];
	}

	/** @param {Entry} record */
	#time({ id, clock }) {
		// Lines of the old script carry a time of day and no date.
		if (clock) return element("time", {}, clock.slice(0, 5));
		const date = timeOf(id);
		return element("time", { datetime: id, title: fullTime(date, language) }, clockTime(date, language));
	}

	/**
	 * The time of a message opens what can be done with it.
	 * @param {Entry} record
	 */
	#when(record) {
		const time = this.#time(record);
		const { act } = this.#actions ?? {};
		if (!act || record.clock || record.redacted) return time;
		const label = `${text("messageActions")}, ${time.textContent}`;
		const button = element("button", { type: "button", class: "when", tabindex: "-1", "aria-label": label }, time);
		button.addEventListener("click", () => act("menu", record, button));
		return button;
	}

	/** @param {Entry} record */
	#message(record) {
		const { type, from, to } = record;
		const own = from === this.#me.name;
		const tabindex = this.#actions ? "-1" : null;
		const node = element("div", { class: `entry ${type}`, "data-id": record.id, tabindex });
		node.classList.toggle("own", own);
		node.classList.toggle("redacted", Boolean(record.redacted));
		node.classList.toggle("mention", Boolean(record.mentionsYou));
		const whisper = type === "whisper" && (own ? text("whisperYou", { name: to ?? "" }) : text("whisperFrom"));
		const side = whisper && element("span", { class: "side-note" }, whisper);
		const heading = element("div", { class: "meta" }, ...this.who(from, record.color, record.account), side);
		heading.append(this.#when(record));
		const line = element("div", { class: "line" }, this.avatar(from, record.color, record.account), heading);
		line.append(...Object.values(this.#parts(record)).filter((part) => part !== null));
		line.addEventListener("click", (event) => touched(event, heading));
		node.append(line);
		if (own && record.msgid) {
			node.dataset.state = "sent";
			line.append(element("span", { class: "tick", title: text("sent") }, icon("check"), hiddenWords(text("sent"))));
		}
		return node;
	}

	/**
	 * What stands below the heading, each with its class.
	 * @param {Entry} record
	 * @returns {Record<string, HTMLElement | null>}
	 */
	#parts(record) {
		const { id, reply, edited, redacted } = record;
		const actions = this.#actions;
		const words = element("div", { class: "words", dir: "auto" }, bodyNodes(record, this.#me.name, this.#unfolded));
		if (redacted) return { "reply-to": null, words, files: null, edited: null, reactions: null };
		return {
			"reply-to": reply && actions ? replyLine(reply, actions.referenced(reply, id), actions) : null,
			words,
			files: record.files?.length ? filesOf(record.files, this.#room(), record.text ?? "") : null,
			edited: edited ? this.#edited(record, edited) : null,
			reactions: record.reactions?.length ? reactionRow(record, actions) : null,
		};
	}

	/** What it said before is for moderators. @param {Entry} record @param {string} edited */
	#edited(record, edited) {
		const title = text("editedAt", { time: fullTime(timeOf(edited), language) });
		const { act } = this.#actions ?? {};
		if (!act || !this.#me.moderator) return element("span", { class: "edited", title }, text("edited"));
		const onclick = () => act("former", record, button);
		const button = element("button", { type: "button", class: "link edited", title, onclick }, text("edited"));
		return button;
	}

	/**
	 * Draws what has changed of a message, and leaves the rest as it is: somebody may be in the middle of it. Silently:
	 * it has been read out once.
	 * @param {HTMLElement} node
	 * @param {Entry} record
	 * @param {Entry} before
	 * @returns False where it is to be drawn as a whole.
	 */
	update(node, record, before) {
		const line = node.querySelector(":scope > .line");
		if (!line || record.redacted || before.redacted) return false;
		node.setAttribute("aria-live", "off");
		node.classList.toggle("mention", Boolean(record.mentionsYou));
		/** @type {Element} */
		let last = line.children[1];
		for (const [name, part] of Object.entries(this.#parts(record))) {
			const old = line.querySelector(`:scope > .${name}`);
			// The files of a message never change.
			const stays = old && (name === "files" || (name === "words" && record.text === before.text));
			if (part && !stays) last.after(part);
			if (old && !stays) giveWay(old, part, node);
			last = (stays ? old : part) ?? last;
		}
		return true;
	}

	/** @param {Entry} record */
	#event(record) {
		const line = element("div", { class: "event" }, element("span", {}, eventNodes(record)), this.#time(record));
		return element("div", { class: `entry-event ${record.type}`, "data-id": record.id }, line);
	}

	/** @param {Entry} record */
	#notice(record) {
		const kind = record.type === "error" ? "notice bad" : "notice";
		const words = element("div", { class: kind, dir: "auto" }, record.text);
		return element("div", { class: "entry-notice", "data-id": record.id }, words);
	}
}

/** @param {Element} old Goes. @param {HTMLElement | null} part Stands in its place. @param {HTMLElement} entry */
function giveWay(old, part, entry) {
	const focused = old.contains(document.activeElement) ? document.activeElement : null;
	const { emoji } = /** @type {HTMLElement | null} */ (focused)?.dataset ?? {};
	old.remove();
	if (!focused) return;
	const buttons = /** @type {HTMLElement[]} */ ([...(part?.querySelectorAll("button") ?? [])]);
	const same = buttons.find((button) => button.dataset.emoji === emoji) ?? entry;
	same.focus({ preventScroll: true });
}

/** @param {Entry} record @param {Entry} before */
function continues(record, before) {
	const same = record.from === before.from && !record.reply && GROUPED.has(record.type) && GROUPED.has(before.type);
	return same && timeOf(record.id).getTime() - timeOf(before.id).getTime() < GROUP_MS;
}

/**
 * On a screen without a mouse the message itself is what is pressed: its time is too small, and mostly not shown.
 * @param {Event} event
 * @param {HTMLElement} heading
 */
function touched({ target }, heading) {
	if (!matchMedia("(hover: none)").matches || !getSelection()?.isCollapsed) return;
	if (target instanceof Element && target.closest("a, button")) return;
	const when = /** @type {HTMLElement | null} */ (heading.querySelector(".when"));
	when?.click();
}

/** @param {string} id */
function dayWords(id, now = new Date()) {
	const date = timeOf(id);
	if (date.toDateString() === now.toDateString()) return text("today");
	if (date.toDateString() === dayBeside(now, -1).toDateString()) return text("yesterday");
	return longDay(date, language);
}
