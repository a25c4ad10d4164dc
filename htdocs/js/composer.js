// Where a message is written: keeps the draft, sends what was written, and turns to one person when somebody wants to
// whisper, to one message when it is answered or edited.

import { keepDraft, newTask, readDraft } from "./composing/drafts.js";
import { LazyHelp } from "./composing/lazy_help.js";
import { recalled } from "./composing/recalling.js";
import { TabCompletion } from "./composing/tab_completion.js";
import { TaskBar } from "./composing/task_bar.js";
import { NOWHERE } from "./composing/uses.js";
import { WritingField } from "./composing/writing_field.js";
import { byId } from "./dom.js";
import { commandOf, linesOf, tellsEverybody } from "./lines.js";
import { onPreference, preference } from "./preferences.js";
import { text } from "./texts.js";

/** What keyCode is while a word is being composed (UI Events, section 7.3.1). */
const COMPOSING = 229;
/** Where Enter is a key of the screen, it begins a line and the button sends. */
const IS_TOUCH = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer {
	/** @type {HTMLFormElement} */
	#form = byId("composer");
	#field = new WritingField(() => this.#changed());
	#help = new LazyHelp(this.#field);
	#tab = new TabCompletion();
	#task = new TaskBar(() => this.#leaveTask());
	/** Of the room that is shown. @type {ComposerUses} */
	#uses = NOWHERE;
	#room = { name: "", label: "" };
	#account = "";
	#whisperTo = "";
	/** Whose name that is: somebody else may take it. */
	#person = "";
	/** Somebody has changed the text since it was shown. */
	#isTouched = false;
	/** Files that go with the message. @type {Attachments} */
	#attachments = { count: 0, take: () => [], waits: () => false };

	constructor() {
		this.#field.node.addEventListener("keydown", (event) => this.#key(event));
		this.#form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#submit();
		});
		byId("whisper-stop").addEventListener("click", () => this.whisper(""));
		const nameEnter = () => (this.#field.node.enterKeyHint = enterSends() ? "send" : "enter");
		onPreference((name) => name === "ctrlEnter" && nameEnter());
		nameEnter();
	}

	/** Takes up what was being written in that room. @param {Named} room @param {ComposerUses} uses */
	show({ name, label }, uses) {
		this.#uses = uses;
		this.#room = { name, label };
		this.#restore();
	}

	#restore() {
		this.#help.close();
		this.#tab.leave();
		this.#account = this.#uses.account();
		const { words, to, person, isPasted = false, task } = readDraft(this.#account, this.#room.name);
		this.#task.set(task);
		this.#address(to, person);
		this.#fill(words, isPasted);
		this.#isTouched = false;
	}

	/** @param {string} label What the room is called. */
	set label(label) {
		this.#room.label = label;
		this.#address(this.#whisperTo, this.#person);
	}

	/** The room has let this person in, maybe as somebody else. @param {Welcome["limits"]} limits */
	welcomed(limits) {
		this.#field.limits = limits ?? {};
		// A draft of who is not logged in any more is not for the next one's eyes; what is being written now stays.
		if (this.#uses.account() !== this.#account && !this.#isTouched) this.#restore();
		else this.#field.draw();
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
		if (name && this.#task.task) this.#leaveTask();
		this.#address(name, person);
		this.#keepDraft();
		if (name) this.focus();
	}

	/** The next message answers this one. @param {Entry} record */
	reply(record) {
		if (this.#task.is("edit")) this.#leaveTask();
		this.#begin(newTask("reply", record, ""));
	}

	/** What is in the field meanwhile comes back afterwards. @param {Entry} record One's own message. */
	edit(record) {
		const stash = this.#task.is("edit") ? this.#task.stash : this.#field.words;
		this.#begin(newTask("edit", record, stash));
		this.#fill(record.text ?? "");
		this.#field.toEnd();
	}

	/** @param {Task} task */
	#begin(task) {
		this.#address("", "");
		this.#task.set(task);
		this.#keepDraft();
		this.focus();
	}

	#leaveTask() {
		const { stash } = this.#task;
		const words = this.#task.is("edit") ? stash : this.#field.words;
		this.#task.set(undefined);
		this.#fill(words, this.#field.isPasted);
		this.focus();
	}

	/** @param {string} name @param {string} person */
	#address(name, person) {
		this.#whisperTo = name;
		this.#person = person;
		const words = name ? text("whisperTo", { name }) : text("messageTo", { room: this.#room.label });
		Object.assign(this.#field, { placeholder: words, isPlain: name !== "" });
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
		if (this.#field.words !== "") return false;
		this.#fill(words);
		return true;
	}

	/** Puts `words` where the cursor is, with blanks around them as needed. @param {string} words */
	insert(words) {
		this.#field.insert(words);
	}

	/** To everybody, with `words` to begin with. @param {string} words */
	answer(words) {
		this.whisper("");
		this.insert(words);
	}

	#submit() {
		const { words, over } = this.#field;
		const isEmpty = words.trim() === "";
		this.#help.close();
		if (over > 0 || (!this.#whisperTo && this.#attachments.waits(() => this.#submit()))) return;
		if (this.#task.is("edit")) this.#submitEdit(words);
		else if (!isEmpty) this.#submitLines(words);
		else if (this.#attachments.count && !this.#whisperTo) this.#submitAll([{ words: "", to: "" }]);
	}

	/** @param {string} words */
	#submitEdit(words) {
		const edited = words.trimEnd();
		if (!edited) this.#uses.notice(text("editEmpty"));
		else if (this.#uses.submit({ words: edited, to: "", edit: this.#task.id })) this.#leaveTask();
	}

	/** @param {string} words */
	#submitLines(words) {
		const { limits, isPasted } = this.#field;
		const lines = linesOf(words, this.#whisperTo, { several: limits.lines, isPasted });
		if (lines.some(tellsEverybody)) {
			this.#uses.notice(text("meIsPublic"));
			return;
		}
		const draft = { words, to: this.#whisperTo, person: this.#person };
		const rest = this.#submitAll(lines);
		if (rest.length < lines.length) this.#uses.recall.add(draft);
		this.#fill(rest.map((line) => line.words).join("\n"), isPasted);
	}

	/** With what goes along: which message is answered, and files. @param {Line[]} lines @returns Those not taken. */
	#submitAll(lines) {
		const person = this.#person;
		const [first] = lines;
		const isMessage = first.to === "" && !commandOf(first);
		const along = {
			reply: isMessage && this.#task.is("reply") ? this.#task.id : undefined,
			files: isMessage && this.#attachments.count ? this.#attachments.take() : undefined,
		};
		const refused = lines.findIndex(
			(line, index) => !this.#uses.submit({ ...line, person, ...(index === 0 ? along : {}) }),
		);
		if (refused !== 0 && along.reply) this.#task.set(undefined);
		this.#keepDraft();
		return refused < 0 ? [] : lines.slice(refused);
	}

	/** Not typed by the person. @param {string} words */
	#fill(words, isPasted = false) {
		this.#field.words = words;
		this.#field.isPasted = isPasted;
		this.#field.draw();
		this.#isTouched &&= words !== "";
		this.#keepDraft();
	}

	#changed() {
		this.#isTouched = true;
		this.#field.draw();
		this.#keepDraft();
		this.#uses.typed(this.#field.words, this.#whisperTo, this.#person);
		this.#help.suggest(this.#uses);
	}

	/** With its addressee: restored without it, a whisper would go to everybody. */
	#keepDraft() {
		const { words, isPasted } = this.#field;
		const draft = { words, to: this.#whisperTo, person: this.#person, isPasted, task: this.#task.task };
		keepDraft(this.#account, this.#room.name, draft);
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		// Safari ends the composition before the Enter that confirms it; the key's code still says so.
		if (event.isComposing || event.keyCode === COMPOSING) return;
		if (this.#help.key(event)) return;
		const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
		if (key !== "Tab") this.#tab.leave();
		const state = { isEmpty: this.#field.words === "" && !this.#task.task, canEdit: this.#canEdit };
		const back = recalled(event, this.#uses, state);
		if (!back) this.#uses.recall.leave();
		if (key === "Enter" && (ctrlKey || metaKey || (!shiftKey && !altKey && enterSends()))) this.#submit();
		else if (key === "Escape" && this.#task.task) this.#leaveTask();
		else if (key === "Escape" && this.#whisperTo) this.whisper("");
		else if (back && "own" in back) this.edit(back.own);
		else if (back) this.#show(back.draft);
		else if (key !== "Tab" || shiftKey || ctrlKey || altKey || metaKey || !this.#complete()) return;
		event.preventDefault();
	}

	#complete() {
		const isDone = this.#tab.complete(this.#field.node, () => this.#uses.people().map(({ name }) => name));
		if (isDone) this.#changed();
		return isDone;
	}

	/** The server says for how many minutes; 0: not at all. One that takes no several lines knows no edits either. */
	get #canEdit() {
		const { lines, edit } = this.#field.limits;
		return lines === true && edit !== 0;
	}

	/** @param {Draft | undefined} draft */
	#show(draft) {
		if (draft) this.#address(draft.to, draft.person);
		this.#fill(draft?.words ?? "");
	}
}

const enterSends = () => !IS_TOUCH.matches && !preference("ctrlEnter");
