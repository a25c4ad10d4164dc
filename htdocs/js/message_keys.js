// The messages by keyboard, mouse and finger. Alt+Up goes from writing to them; there arrows move, Enter opens what can
// be done with one, a letter does one of these at once, Escape goes back. The mouse gets a bar, the finger holds.

import { byId } from "./dom.js";

/** @type {Record<string, Act>} */
const ACTS = { r: "reply", e: "edit", "+": "react", c: "copy", l: "link", p: "pin", delete: "remove" };
/** @type {Record<string, (all: number, here: number) => number>} */
const MOVES = {
	ArrowUp: (_, here) => here - 1,
	ArrowDown: (_, here) => here + 1,
	Home: () => 0,
	End: (all) => all - 1,
};

/** @param {EventTarget | null} target */
const entryOf = (target) =>
	target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(".entry")) : null;

/** @param {() => void} goBack To where a message is written. @param {() => Room} shown */
export function wireMessageKeys(goBack, shown) {
	const log = byId("log");
	const entries = () => [.../** @type {NodeListOf<HTMLElement>} */ (log.querySelectorAll(".entry:not([hidden])"))];
	/** @param {HTMLElement} entry */
	const recordOf = (entry) => shown().messages.find(entry.dataset.id ?? "");
	/** @param {Act} what @param {HTMLElement} entry */
	const act = (what, entry) => {
		const record = recordOf(entry);
		if (record) shown().messages.act(what, record, /** @type {HTMLElement} */ (entry.querySelector(".when") ?? entry));
	};
	byId("composer").addEventListener("keydown", (event) => {
		if (event.key !== "ArrowUp" || !event.altKey) return;
		event.preventDefault();
		entries().at(-1)?.focus();
	});
	log.addEventListener("keydown", (event) => {
		const { key, target } = event;
		if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
		const entry = entryOf(target);
		if (key === "Escape") goBack();
		else if (!entry || target !== entry) return;
		else if (key === "Enter") act("menu", entry);
		else if (MOVES[key]) {
			const all = entries();
			all[MOVES[key](all.length, all.indexOf(entry))]?.focus();
		} else if (ACTS[letterOf(event)]) act(ACTS[letterOf(event)], entry);
		else return;
		event.preventDefault();
	});
	wireBar(log, shown, recordOf);
	if (matchMedia("(any-pointer: coarse)").matches) {
		import("./messages/hold.js").then(({ wireHolding }) => wireHolding(log, (entry) => act("menu", entry)));
	}
}

/** Where the keyboard has no Latin letters, those that stand there on another. @param {KeyboardEvent} event */
function letterOf({ key, code }) {
	const letter = key.toLowerCase();
	return /^\p{L}$/u.test(letter) && !/^[a-z]$/.test(letter) ? code.replace(/^Key/, "").toLowerCase() : letter;
}

/** @param {HTMLElement} log @param {() => Room} shown @param {(entry: HTMLElement) => Entry | undefined} recordOf */
function wireBar(log, shown, recordOf) {
	/** @type {HTMLElement | null} */
	let wanted = null;
	/** @param {Event} event */
	const come = async (event) => {
		const { target } = event;
		const entry = entryOf(target);
		const isByFinger =
			event instanceof PointerEvent
				? event.pointerType !== "mouse"
				: !(target instanceof Element && target.matches(":focus-visible"));
		if (entry === wanted || isByFinger) return;
		wanted = entry;
		if (!entry) return;
		const { showBar } = await import("./messages/bar.js");
		const record = recordOf(entry);
		if (wanted === entry && record)
			showBar(entry, record, shown(), (what, on, place) => shown().messages.act(what, on, place));
	};
	const leave = async () => {
		wanted = null;
		(await import("./messages/bar.js")).hideBar();
	};
	log.addEventListener("pointerover", come);
	log.addEventListener("pointerleave", leave);
	log.addEventListener("focusin", come);
	log.addEventListener("focusout", ({ relatedTarget }) => !entryOf(relatedTarget) && leave());
}
