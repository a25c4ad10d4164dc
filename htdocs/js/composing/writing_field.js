// The field itself: as high as its text, never longer than the server takes, and with an eye on what is pasted.

import { byId } from "../dom.js";
import { isCommand } from "../../client/commands.js";
import { longest } from "../lines.js";
import { text } from "../texts.js";

/** More pasted lines than this are asked about. */
const MAX_PASTED_LINES = 10;

export class WritingField {
	/** @type {HTMLTextAreaElement} */
	node = byId("text");
	/** What the server takes. @type {NonNullable<Welcome["limits"]>} */
	limits = {};
	/** What it begins with was pasted: no command. */
	isPasted = false;
	/** No message for all: no block of code is offered. */
	isPlain = false;
	#changed;

	/** @param {() => void} changed The person has changed the text. */
	constructor(changed) {
		this.#changed = changed;
		this.node.addEventListener("input", changed);
		this.node.addEventListener("paste", (event) => this.#pasted(event));
	}

	get words() {
		return this.node.value;
	}

	set words(words) {
		this.node.value = words;
	}

	/** @param {string} words */
	set placeholder(words) {
		this.node.placeholder = words;
		byId("text-label").textContent = words;
	}

	/** -1 where more is selected than a place. */
	get cursor() {
		const { selectionStart, selectionEnd } = this.node;
		return selectionStart === selectionEnd ? selectionStart : -1;
	}

	focus() {
		this.node.focus();
	}

	toEnd() {
		this.node.setSelectionRange(this.words.length, this.words.length);
	}

	/** Puts `words` where the cursor is, with blanks around them as needed. @param {string} words */
	insert(words) {
		const { value, selectionStart, selectionEnd } = this.node;
		const before = selectionStart > 0 && !/\s$/.test(value.slice(0, selectionStart)) ? " " : "";
		const after = /^\s/.test(value.slice(selectionEnd)) ? "" : " ";
		this.put(before + words + after, selectionStart, selectionEnd);
		this.focus();
	}

	/** @param {string} words @param {number} from @param {number} to */
	put(words, from, to) {
		this.node.setRangeText(words, from, to, "end");
		this.#changed();
	}

	/** Characters too many; 0 or less: it fits. */
	get over() {
		return longest(this.words, this.limits.lines) - this.#limit;
	}

	get #limit() {
		return this.limits.message ?? 4096;
	}

	/** What there is to say about the text, and how high it is. */
	draw() {
		if (this.words === "") this.isPasted = false;
		const { over } = this;
		let said = "";
		if (over > 0) said = text("tooLong", { count: over, limit: this.#limit });
		else if (this.isPasted && isCommand(this.words)) said = text("pastedIsText");
		const note = byId("over-limit");
		note.hidden = said === "";
		note.textContent = said;
		this.node.form?.classList.toggle("over", over > 0);
		// Browsers without field-sizing.
		if (CSS.supports("field-sizing", "content")) return;
		this.node.style.height = "auto";
		this.node.style.height = `${this.node.scrollHeight}px`;
	}

	/** @param {ClipboardEvent} event */
	async #pasted(event) {
		const pasted = event.clipboardData?.getData("text/plain").replace(/\r\n?/gu, "\n") ?? "";
		// Pictures come with their address as text.
		if (!pasted || event.clipboardData?.files.length) return;
		const { selectionStart, selectionEnd } = this.node;
		const isStart = selectionStart === 0;
		if (pasted.trimEnd().split("\n").length <= MAX_PASTED_LINES) {
			this.isPasted ||= isStart;
			return;
		}
		event.preventDefault();
		const { openPasteDialog } = await import("./paste_dialog.js");
		const how = { several: this.limits.lines === true, isPlain: this.isPlain };
		openPasteDialog(pasted.trimEnd(), how, (words) => {
			this.isPasted ||= isStart;
			this.put(words, selectionStart, selectionEnd);
			this.focus();
		});
	}
}
