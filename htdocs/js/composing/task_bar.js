// The bar above the field that says which message is answered or edited.

import { byId } from "../dom.js";
import { text } from "../texts.js";

export class TaskBar {
	#bar = byId("task-bar");
	/** @type {Task | undefined} */
	task = undefined;

	/** @param {() => void} leave */
	constructor(leave) {
		byId("task-stop").addEventListener("click", leave);
	}

	get id() {
		return this.task?.id ?? "";
	}

	/** What was in the field before the message to edit. */
	get stash() {
		return this.task?.stash ?? "";
	}

	/** @param {Task["kind"]} kind */
	is(kind) {
		return this.task?.kind === kind;
	}

	/** @param {Task | undefined} task */
	set(task) {
		this.task = task;
		this.#bar.hidden = !task;
		byId("task-text").textContent = task ? sentence(task) : "";
	}
}

/** @param {Task} task */
const sentence = ({ kind, from, words }) =>
	kind === "edit" ? text("editing") : text("replyingTo", { name: from, words: words.replace(/\s+/gu, " ") });
