// Where a message is written: it grows with the text, keeps the draft, completes names, and turns to one person when
// somebody wants to whisper.

import { byId } from "./dom.js";
import { COMMANDS, linesOf, tellsEverybody } from "./lines.js";
import { Recall } from "./recall.js";
import { dropStored, readStored, writeStored } from "./storage.js";
import { text } from "./texts.js";

/** Before there is a room. @type {ComposerUses} */
const NOWHERE = {
	recall: new Recall(),
	submit: () => false,
	notice: () => {},
	names: () => [],
	personOf: () => "",
	typed: () => {},
};

/** What keyCode is while a word is being composed (UI Events, section 7.3.1). */
const COMPOSING = 229;

export class Composer {
	/** @type {HTMLFormElement} */
	#form = byId("composer");
	/** @type {HTMLTextAreaElement} */
	#field = byId("text");
	/** Of the room that is shown. @type {ComposerUses} */
	#uses = NOWHERE;
	#room = "";
	#draftKey = "";
	#limit = 4096;
	#whisperTo = "";
	/** Whose name that is: somebody else may take it. */
	#person = "";
	/** @type {{ found: string[], next: number, from: number } | null} */
	#completion = null;
	/** Files that go with the message. @type {Attachments} */
	#attachments = { count: 0, take: () => [], waits: () => false };

	constructor() {
		this.#field.addEventListener("keydown", (event) => this.#key(event));
		this.#field.addEventListener("input", () => this.#changed());
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#submit();
		});
		byId("whisper-stop").addEventListener("click", () => this.whisper(""));
		const drawBoard = async () => new (await import("./smiley_board.js")).SmileyBoard((typed) => this.insert(typed));
		byId("smiley-board").addEventListener("beforetoggle", drawBoard, { once: true });
	}

	/** Takes up what was being written in that room. @param {Named} room @param {ComposerUses} uses */
	show({ name, label }, uses) {
		this.#uses = uses;
		this.#room = label;
		this.#draftKey = `draft.${name}`;
		this.#completion = null;
		const { words, to, person } = storedDraft(this.#draftKey);
		this.#field.value = words;
		this.#address(to, person);
		this.#changed({ quiet: true });
	}

	/** @param {string} label What the room is called. */
	set label(label) {
		this.#room = label;
		this.#address(this.#whisperTo, this.#person);
	}

	/** @param {number} limit The longest message, in characters. */
	set limit(limit) {
		this.#limit = limit;
		this.#changed({ quiet: true });
	}

	/** @param {Attachments} attachments */
	setAttachments(attachments) {
		this.#attachments = attachments;
	}

	focus() {
		this.#field.focus();
	}

	/**
	 * From now on messages go to `name` only; "" is everybody again.
	 * @param {string} name
	 * @param {string} [person] Whose name that is.
	 */
	whisper(name, person = this.#uses.personOf(name)) {
		this.#address(name, person);
		this.#keepDraft();
		if (name) this.focus();
	}

	/** @param {string} name @param {string} person */
	#address(name, person) {
		this.#whisperTo = name;
		this.#person = person;
		const words = name ? text("whisperTo", { name }) : text("messageTo", { room: this.#room });
		this.#field.placeholder = words;
		byId("text-label").textContent = words;
		byId("whisper-chip").hidden = !name;
		byId("whisper-chip-text").textContent = name ? words : "";
		this.#form.classList.toggle("whispering", Boolean(name));
	}

	/**
	 * Somebody is called otherwise now: what is for them stays for them.
	 * @param {string} from
	 * @param {string} to
	 */
	renamed(from, to) {
		if (this.#whisperTo === from) this.#address(to, this.#person);
		this.#keepDraft();
	}

	/**
	 * What the server would not take comes back, unless something else is being written.
	 * @param {string} words
	 * @returns False if there is something else.
	 */
	giveBack(words) {
		if (this.#field.value !== "") return false;
		this.#field.value = words;
		this.#changed({ quiet: true });
		return true;
	}

	/**
	 * Puts `words` where the cursor is, with blanks around them as needed.
	 * @param {string} words
	 */
	insert(words) {
		const { value, selectionStart, selectionEnd } = this.#field;
		const before = selectionStart > 0 && !/\s$/.test(value.slice(0, selectionStart)) ? " " : "";
		const after = /^\s/.test(value.slice(selectionEnd)) ? "" : " ";
		this.#field.setRangeText(before + words + after, selectionStart, selectionEnd, "end");
		this.#changed();
		this.focus();
	}

	/**
	 * To everybody, with `words` to begin with.
	 * @param {string} words
	 */
	answer(words) {
		this.whisper("");
		this.insert(words);
	}

	#submit() {
		const words = this.#field.value;
		if (this.#over() > 0 || (!this.#whisperTo && this.#attachments.waits(() => this.#submit()))) return;
		const hasFiles = !this.#whisperTo && this.#attachments.count > 0;
		if (words.trim() === "") {
			if (hasFiles) this.#uses.submit({ words: "", to: "", files: this.#attachments.take() });
			return;
		}
		const lines = linesOf(words, this.#whisperTo);
		if (lines.some(tellsEverybody)) {
			this.#uses.notice(text("meIsPublic"));
			return;
		}
		const person = this.#person;
		const files = hasFiles ? this.#attachments.take() : undefined;
		const refused = lines.findIndex(
			(line, index) => !this.#uses.submit({ ...line, person, ...(index === 0 ? { files } : {}) }),
		);
		if (refused !== 0) this.#uses.recall.add({ words, to: this.#whisperTo, person });
		const rest = refused < 0 ? [] : lines.slice(refused);
		this.#field.value = rest.map((line) => line.words).join("\n");
		this.#changed({ quiet: true });
	}

	#over() {
		const longest = Math.max(...this.#field.value.split(/\r?\n/).map((line) => [...line].length));
		return longest - this.#limit;
	}

	#changed({ quiet = false } = {}) {
		const over = this.#over();
		const note = byId("over-limit");
		note.hidden = over <= 0;
		note.textContent = over > 0 ? text("tooLong", { count: over, limit: this.#limit }) : "";
		this.#form.classList.toggle("over", over > 0);
		this.#keepDraft();
		this.#fit();
		if (!quiet) this.#uses.typed(this.#field.value, this.#whisperTo, this.#person);
	}

	/** With its addressee: restored without it, a whisper would go to everybody. */
	#keepDraft() {
		const words = this.#field.value;
		if (words) writeStored(this.#draftKey, { words, to: this.#whisperTo, person: this.#person });
		else dropStored(this.#draftKey);
	}

	/** For browsers without field-sizing: the field is as high as its text, up to the style's limit. */
	#fit() {
		if (CSS.supports("field-sizing", "content")) return;
		this.#field.style.height = "auto";
		this.#field.style.height = `${this.#field.scrollHeight}px`;
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		// Safari ends the composition before the Enter that confirms it; the key's code still says so.
		if (event.isComposing || event.keyCode === COMPOSING) return;
		const { key, shiftKey, ctrlKey, altKey } = event;
		if (key !== "Tab") this.#completion = null;
		const recalled = this.#recalled(key);
		if (recalled === null) this.#uses.recall.leave();
		if (key === "Enter" && !shiftKey && !altKey) this.#submit();
		else if (key === "Escape" && this.#whisperTo) this.whisper("");
		else if (recalled !== null) this.#show(recalled);
		else if (key !== "Tab" || shiftKey || ctrlKey || altKey || !this.#complete()) return;
		event.preventDefault();
	}

	/** @param {string} key */
	#recalled(key) {
		if (key === "ArrowUp" && (this.#field.value === "" || this.#uses.recall.isOn)) return this.#uses.recall.older();
		if (key === "ArrowDown" && this.#uses.recall.isOn) return this.#uses.recall.newer();
		return null;
	}

	/** @param {Draft | undefined} draft */
	#show(draft) {
		this.#field.value = draft?.words ?? "";
		if (draft) this.#address(draft.to, draft.person);
		this.#changed({ quiet: true });
	}

	/** Completes the name begun before the cursor; again: the next one. False: the key moves on as usual. */
	#complete() {
		this.#completion ??= this.#candidates();
		const completion = this.#completion;
		if (!completion) return false;
		const { found, from } = completion;
		const name = found[completion.next % found.length];
		completion.next += 1;
		this.#field.setRangeText(
			from === 0 && !name.startsWith("/") ? `${name}, ` : `${name} `,
			from,
			this.#field.selectionStart,
			"end",
		);
		this.#changed();
		return true;
	}

	#candidates() {
		const { value, selectionStart } = this.#field;
		const begun = /[^\s]+$/u.exec(value.slice(0, selectionStart))?.[0] ?? "";
		const plain = begun.replace(/^@/, "").toLocaleLowerCase();
		if (!plain) return null;
		const isStart = selectionStart === begun.length;
		const all = isStart && plain.startsWith("/") ? COMMANDS : this.#uses.names();
		const found = all.filter((name) => name.toLocaleLowerCase().startsWith(plain));
		return found.length ? { found: found.sort(), next: 0, from: selectionStart - begun.length } : null;
	}
}

/**
 * A draft of an earlier version is its text alone.
 * @param {string} key
 * @returns {Draft}
 */
function storedDraft(key) {
	const kept = readStored(key, "");
	const { words, to, person } = typeof kept === "string" ? { words: kept } : (kept ?? {});
	const string = (/** @type {unknown} */ value) => (typeof value === "string" ? value : "");
	return { words: string(words), to: string(to), person: string(person) };
}
