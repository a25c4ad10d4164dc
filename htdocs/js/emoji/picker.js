// The board of emoji: groups, names to search by, the tone of skin, what was used last; and for the composer the
// chat's own smileys. Loaded when it is first opened.

import { element, loadStyle } from "../dom.js";
import { preference, setPreference } from "../preferences.js";
import { loadTexts, text } from "../texts.js";
import { SMILEYS } from "../tokens.js";
import { moveInBoard, moveInRow } from "./board_keys.js";
import { recentEmoji, usedEmoji } from "./recent.js";
import { TONES, findEmoji, loadEmoji, plainOf, toned } from "./table.js";

await Promise.all([loadTexts("composing"), loadStyle("css/composing.css")]);

/** Pixels between the board and what opened it, and from the edge of the screen. */
const GAP = 8;
const MAX_FOUND = 80;
const RECENT = "recent";
const OWN = "smileys";

/** Of each group: the picture on its tab, and its words. @type {Record<string, [string, string]>} */
const GROUPS = {
	[RECENT]: ["🕘", "emojiRecent"],
	[OWN]: [":-)", "smileys"],
	"Smileys & Emotion": ["😀", "emojiSmileys"],
	"People & Body": ["👋", "emojiPeople"],
	"Animals & Nature": ["🐻", "emojiAnimals"],
	"Food & Drink": ["🍎", "emojiFood"],
	"Travel & Places": ["🚗", "emojiTravel"],
	Activities: ["⚽", "emojiActivities"],
	Objects: ["💡", "emojiObjects"],
	Symbols: ["❤️", "emojiSymbols"],
	Flags: ["🏁", "emojiFlags"],
};

class Picker {
	#box = element("div", { id: "emoji-picker", class: "emoji-picker", popover: true, role: "dialog" });
	#search = element("input", { type: "search", id: "emoji-search", autocomplete: "off" });
	#tone = element("select", { id: "emoji-tone", "aria-label": text("skinTone") });
	#tabs = element("div", { class: "emoji-tabs", role: "tablist", "aria-label": text("emojiGroups") });
	#panel = element("div", { class: "emoji-panel", role: "tabpanel", id: "emoji-panel", tabindex: "-1" });
	#status = element("p", { class: "hint", role: "status" });
	/** @type {Emoji[]} */
	#all = [];
	#isOffline = false;
	#group = RECENT;
	#withSmileys = false;
	/** Takes what was chosen. @type {(text: string | null) => void} */
	#done = () => {};

	constructor() {
		this.#box.setAttribute("aria-label", text("emoji"));
		Object.assign(this.#search, { placeholder: text("findEmoji"), ariaLabel: text("findEmoji") });
		this.#box.append(
			element("div", { class: "emoji-head" }, this.#search, this.#tone),
			this.#tabs,
			this.#status,
			this.#panel,
		);
		this.#tone.append(...TONES.map((tone, index) => this.#toneOption(tone, index)));
		this.#tone.addEventListener("change", () => {
			setPreference("skinTone", this.#tone.value);
			this.#draw();
		});
		this.#search.addEventListener("input", () => this.#draw());
		this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
		moveInBoard(this.#panel);
		moveInRow(this.#tabs);
		this.#box.addEventListener("toggle", ({ newState }) => newState === "closed" && this.#end(null));
		document.body.append(this.#box);
	}

	/** @param {HTMLElement} anchor @param {boolean} withSmileys @returns {Promise<string | null>} */
	open(anchor, withSmileys) {
		this.#end(null);
		this.#withSmileys = withSmileys;
		this.#search.value = "";
		this.#group = recentEmoji().length ? RECENT : "Smileys & Emotion";
		this.#draw();
		this.#box.showPopover();
		this.#place(anchor);
		// On a phone the keyboard would cover it.
		if (matchMedia("(hover: none) and (pointer: coarse)").matches) this.#panel.focus();
		else this.#search.focus();
		this.#load();
		return new Promise((resolve) => (this.#done = resolve));
	}

	async #load() {
		try {
			this.#all = await loadEmoji();
			this.#isOffline = false;
		} catch {
			this.#isOffline = true;
			if (this.#withSmileys) this.#group = OWN;
		}
		this.#draw();
	}

	/** @param {string | null} chosen */
	#end(chosen) {
		const done = this.#done;
		this.#done = () => {};
		done(chosen);
	}

	/** @param {HTMLElement} anchor */
	#place(anchor) {
		const place = anchor.getBoundingClientRect();
		const { offsetWidth: width, offsetHeight: height } = this.#box;
		const above = place.top - height - GAP;
		const top = above >= GAP ? above : Math.min(place.bottom + GAP, innerHeight - height - GAP);
		this.#box.style.left = `${Math.max(GAP, Math.min(place.left, innerWidth - width - GAP))}px`;
		this.#box.style.top = `${Math.max(GAP, top)}px`;
	}

	/** @param {string} tone @param {number} index */
	#toneOption(tone, index) {
		const label = `✋${tone} ${text(`skinTone${index}`)}`;
		return element("option", { value: tone, selected: preference("skinTone") === tone }, label);
	}

	#draw() {
		const typed = this.#search.value.trim();
		this.#drawTabs(typed !== "");
		const focused = [...this.#panel.children].findIndex((button) => button === document.activeElement);
		const buttons = typed ? this.#found(typed) : this.#ofGroup();
		const reached = Math.min(Math.max(focused, 0), buttons.length - 1);
		for (const [index, button] of buttons.entries()) button.tabIndex = index === reached ? 0 : -1;
		this.#panel.replaceChildren(...buttons);
		this.#panel.scrollTop = 0;
		// Whoever is in it stays there when the names have come.
		if (focused >= 0) buttons[reached]?.focus();
		this.#panel.setAttribute("aria-label", typed ? text("emojiFound") : text(GROUPS[this.#group][1]));
		this.#status.textContent = this.#said(typed, buttons.length);
	}

	/** @param {string} typed @param {number} count */
	#said(typed, count) {
		if (this.#isOffline) return text("emojiOffline");
		if (!this.#all.length) return text("emojiLoading");
		if (typed) return text("emojiCount", { count });
		return count ? "" : text("emojiNone");
	}

	/** @param {string} typed */
	#found(typed) {
		return findEmoji(this.#all, typed, MAX_FOUND).map((one) => this.#button(one));
	}

	#ofGroup() {
		if (this.#group === OWN) return this.#pictures();
		if (this.#group !== RECENT)
			return this.#all.filter(({ group }) => group === this.#group).map((one) => this.#button(one));
		return recentEmoji().map((used) => {
			const name = plainOf(this.#all, used)?.name ?? used;
			return this.#choice(used, name, used);
		});
	}

	/** @param {Emoji} emoji */
	#button(emoji) {
		const shown = toned(emoji, preference("skinTone"));
		return this.#choice(shown, emoji.name, shown);
	}

	/** The chat's own smileys: one button for each picture, with the first way to type it. */
	#pictures() {
		return [...new Set(SMILEYS.map(([, picture]) => picture))].map((picture) => {
			const typed = SMILEYS.find(([, other]) => other === picture)?.[0] ?? "";
			return this.#choice(typed, picture, element("img", { src: `smileys/${picture}.svg`, alt: "" }));
		});
	}

	/** @param {string} chosen @param {string} name @param {Child} shown */
	#choice(chosen, name, shown) {
		const onclick = () => {
			if (this.#group !== OWN || this.#search.value) usedEmoji(chosen);
			this.#end(chosen);
			this.#box.hidePopover();
		};
		return element("button", { type: "button", "aria-label": name, title: name, onclick }, shown);
	}

	/** @param {boolean} isSearching */
	#drawTabs(isSearching) {
		const names = Object.keys(GROUPS).filter((name) => name !== OWN || this.#withSmileys);
		const hasFocus = this.#tabs.contains(document.activeElement);
		this.#tabs.replaceChildren(...names.map((name) => this.#tab(name, !isSearching && name === this.#group)));
		if (![...this.#tabs.children].some((tab) => tab instanceof HTMLElement && tab.tabIndex === 0))
			/** @type {HTMLElement} */ (this.#tabs.firstElementChild).tabIndex = 0;
		if (hasFocus) /** @type {HTMLElement | null} */ (this.#tabs.querySelector("[tabindex='0']"))?.focus();
	}

	/** @param {string} name @param {boolean} isChosen */
	#tab(name, isChosen) {
		const [picture, key] = GROUPS[name];
		const onclick = () => {
			this.#group = name;
			this.#search.value = "";
			this.#draw();
		};
		const attributes = { type: "button", role: "tab", "aria-label": text(key), title: text(key), onclick };
		const state = { "aria-selected": String(isChosen), tabindex: isChosen ? "0" : "-1" };
		const controls = isChosen ? { "aria-controls": "emoji-panel" } : {};
		return element("button", { ...attributes, ...state, ...controls }, picture);
	}

	/** @param {KeyboardEvent} event */
	#searchKey(event) {
		if (event.isComposing) return;
		const first = this.#panel.querySelector("button");
		if (event.key === "ArrowDown") first?.focus();
		else if (event.key === "Enter") first?.click();
		else return;
		event.preventDefault();
	}
}

/** @type {Picker | null} */
let picker = null;

/**
 * Opens the board beside `anchor`, which has the focus again afterwards.
 * @param {HTMLElement} anchor
 * @param {{ smileys?: boolean }} [how] With the chat's own smileys, which are text and no emoji.
 * @returns {Promise<string | null>} Null if it was closed without a choice.
 */
export function openEmojiPicker(anchor, { smileys = false } = {}) {
	picker ??= new Picker();
	return picker.open(anchor, smileys);
}
