// The ways files come to a message: the button, pasting and dropping. What becomes of them is loaded with the first.

import { byId } from "../dom.js";

export class Attach {
	#room;
	/** @type {HTMLButtonElement} */
	#button = byId("attach-button");
	/** @type {HTMLInputElement} */
	#input = byId("attach-input");
	/** @type {import("./tray.js").Tray | null} */
	#tray = null;
	/** The largest that the server takes, in bytes; 0: none. */
	#most = 0;

	/** @param {() => AttachRoom} room The room that is shown. @param {Composer} composer Sends them. */
	constructor(room, composer) {
		this.#room = room;
		composer.setAttachments(this);
		this.#button.addEventListener("click", () => this.#input.click());
		this.#input.addEventListener("change", () => {
			this.#add([...(this.#input.files ?? [])]);
			this.#input.value = "";
		});
		byId("text").addEventListener("paste", (event) => {
			const files = [...(event.clipboardData?.files ?? [])];
			// A piece of a web page or a table brings a picture of itself along: its text is what is meant.
			if (files.length === 0 || event.clipboardData?.types.includes("text/plain") || !this.#most) return;
			event.preventDefault();
			this.#add(files);
		});
		addEventListener("dragover", (event) => this.#dragged(event));
		addEventListener("dragleave", (event) => event.relatedTarget === null && this.#mark(false));
		addEventListener("drop", (event) => this.#dropped(event));
	}

	/** @param {number} most */
	set limit(most) {
		this.#most = most;
		this.#button.hidden = most === 0;
		if (this.#tray) this.#tray.limit = most;
	}

	/** Another room is shown. */
	shown() {
		this.#tray?.show(this.#room());
	}

	/** Files that are ready to go with the next message. */
	get count() {
		return this.#tray?.ready.length ?? 0;
	}

	take() {
		return this.#tray?.take() ?? [];
	}

	/** Whether the message waits until its files are there; it is sent then. @param {() => void} send */
	waits(send) {
		return this.#tray?.waits(send) ?? false;
	}

	/** @param {DragEvent} event */
	#dragged(event) {
		if (!event.dataTransfer?.types.includes("Files")) return;
		// Else the browser would open the file in place of the chat.
		event.preventDefault();
		event.dataTransfer.dropEffect = this.#most ? "copy" : "none";
		this.#mark(this.#most > 0);
	}

	/** @param {DragEvent} event */
	#dropped(event) {
		if (!event.dataTransfer?.types.includes("Files")) return;
		event.preventDefault();
		this.#mark(false);
		if (this.#most) this.#add([...event.dataTransfer.files]);
	}

	/** @param {boolean} isOver */
	#mark(isOver) {
		byId("composer").classList.toggle("drop-here", isOver);
	}

	/** @param {File[]} files */
	async #add(files) {
		if (files.length === 0) return;
		const room = this.#room();
		const { Tray } = await import("./tray.js");
		this.#tray ??= new Tray(this.#most);
		this.#tray.show(this.#room());
		this.#tray.add(files, room);
	}
}
