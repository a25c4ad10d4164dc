// The list above the field: commands, people, emoji. The field stays a text field with `aria-activedescendant`, for a
// field of several lines may not be a combobox; a status says how many there are. Loaded when something is first begun.

import { element, hiddenWords, loadStyle } from "../dom.js";
import { loadTexts, text } from "../texts.js";
import { candidatesFor } from "./candidates.js";

await Promise.all([loadTexts("composing"), loadStyle("css/composing.css")]);

export class Suggestions {
	#field;
	#accept;
	#list = element("ul", { id: "suggestions", class: "suggestions", role: "listbox", tabindex: "0", hidden: true });
	#status = hiddenWords("");
	/** @type {Suggestion[]} */
	#found = [];
	#chosen = 0;
	/** @type {Begun | null} */
	#begun = null;
	/** Closed by hand: it stays closed for that word. */
	#dismissed = "";

	/**
	 * @param {HTMLTextAreaElement} field
	 * @param {(begun: Begun, suggestion: Suggestion) => void} accept
	 */
	constructor(field, accept) {
		this.#field = field;
		this.#accept = accept;
		this.#status.setAttribute("role", "status");
		this.#list.setAttribute("aria-label", text("suggestions"));
		// The field keeps the focus, and on a phone its keyboard.
		this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
		this.#list.addEventListener("click", (event) => this.#clicked(event));
		field.addEventListener("blur", () => this.close());
		field.form?.append(this.#list, this.#status);
		field.setAttribute("aria-autocomplete", "list");
	}

	get isOpen() {
		return !this.#list.hidden;
	}

	/** @param {Begun} begun @param {ComposerUses} uses */
	async show(begun, uses) {
		this.#begun = begun;
		if (this.#dismissed !== placeOf(begun)) this.#dismissed = "";
		if (this.#dismissed) return;
		const found = await candidatesFor(begun, uses);
		// Something else was typed meanwhile.
		if (this.#begun !== begun) return;
		this.#found = found;
		this.#chosen = 0;
		this.#draw();
	}

	/** Nothing is begun any more. */
	close() {
		[this.#begun, this.#found] = [null, []];
		if (this.isOpen) this.#draw();
	}

	/** The word is another one from now on. */
	leave() {
		this.#dismissed = "";
		this.close();
	}

	/** @param {KeyboardEvent} event @returns True if the list took it. */
	key(event) {
		const { key, ctrlKey, altKey, shiftKey, metaKey } = event;
		if (!this.isOpen || ctrlKey || altKey || metaKey) return false;
		const count = this.#found.length;
		if (key === "ArrowDown") this.#choose((this.#chosen + 1) % count);
		else if (key === "ArrowUp") this.#choose((this.#chosen + count - 1) % count);
		else if (key === "Escape") this.#dismiss();
		else if ((key !== "Enter" && key !== "Tab") || shiftKey || !this.#take(key)) return false;
		event.preventDefault();
		return true;
	}

	/** What is written in full already is sent by Enter. @param {string} key */
	#take(key) {
		const [begun, suggestion] = [this.#begun, this.#found[this.#chosen]];
		if (!begun || !suggestion) return false;
		if (key === "Enter" && begun.kind === "command" && suggestion.insert.trim() === `/${begun.typed}`) {
			this.close();
			return false;
		}
		this.#accepted(begun, suggestion);
		return true;
	}

	/** @param {Begun} begun @param {Suggestion} suggestion */
	#accepted(begun, suggestion) {
		this.close();
		this.#accept(begun, suggestion);
	}

	#dismiss() {
		this.#dismissed = this.#begun ? placeOf(this.#begun) : "";
		this.close();
	}

	/** @param {MouseEvent} event */
	#clicked({ target }) {
		const row = target instanceof Element && target.closest("li");
		const suggestion = row ? this.#found[[...this.#list.children].indexOf(row)] : undefined;
		if (this.#begun && suggestion) this.#accepted(this.#begun, suggestion);
	}

	/** @param {number} index */
	#choose(index) {
		this.#chosen = index;
		for (const [at, row] of [...this.#list.children].entries()) row.setAttribute("aria-selected", String(at === index));
		const row = this.#list.children[index];
		row.scrollIntoView({ block: "nearest" });
		this.#field.setAttribute("aria-activedescendant", row.id);
	}

	#draw() {
		this.#list.replaceChildren(...this.#found.map((suggestion, index) => drawn(suggestion, index)));
		this.#list.hidden = this.#found.length === 0;
		this.#status.textContent = this.isOpen ? text("suggestionCount", { count: this.#found.length }) : "";
		if (this.isOpen) {
			this.#field.setAttribute("aria-controls", this.#list.id);
			this.#choose(this.#chosen);
		} else {
			this.#field.removeAttribute("aria-controls");
			this.#field.removeAttribute("aria-activedescendant");
		}
	}
}

/** @param {Begun} begun */
const placeOf = ({ kind, from }) => `${kind} ${from}`;

/** @param {Suggestion} suggestion @param {number} index */
function drawn({ picture, avatar, color, title, rest, does }, index) {
	const face = avatar && element("span", { class: "avatar", "aria-hidden": "true" }, avatar);
	if (face && color) face.style.setProperty("--name-color", color);
	return element(
		"li",
		{ role: "option", id: `suggestion-${index}`, "aria-selected": "false" },
		face,
		picture && element("span", { class: "picture", "aria-hidden": "true" }, picture),
		element("bdi", { class: "title" }, title, rest ? element("span", { class: "arguments" }, rest) : null),
		does ? element("span", { class: "does" }, does) : null,
	);
}
