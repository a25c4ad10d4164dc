// The messages by keyboard: Alt+Up goes from writing to them; there arrows move, Enter opens what can be done with one,
// Escape goes back.

import { byId } from "./dom.js";

/** @param {() => void} goBack To where a message is written. */
export function wireMessageKeys(goBack) {
	const log = byId("log");
	const entries = () => [.../** @type {NodeListOf<HTMLElement>} */ (log.querySelectorAll(".entry:not([hidden])"))];
	byId("composer").addEventListener("keydown", (event) => {
		if (event.key !== "ArrowUp" || !event.altKey) return;
		event.preventDefault();
		entries().at(-1)?.focus();
	});
	log.addEventListener("keydown", (event) => {
		const { key, target } = event;
		if (!(target instanceof HTMLElement) || !target.matches(".entry")) return;
		const all = entries();
		const here = all.indexOf(target);
		if (key === "Enter") /** @type {HTMLElement | null} */ (target.querySelector(".when"))?.click();
		else if (key === "Escape") goBack();
		else if (key === "ArrowUp") all[here - 1]?.focus();
		else if (key === "ArrowDown") all[here + 1]?.focus();
		else return;
		event.preventDefault();
	});
}
