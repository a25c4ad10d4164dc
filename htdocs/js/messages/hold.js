// A finger that rests on a message opens what can be done with it.

import { byId } from "../dom.js";

const HOLD_MS = 500;
/** Pixels that a resting finger moves. */
const SLACK = 10;
/** So long after the finger is up the browser may still close what it opened. */
const RELEASE_MS = 400;

/** @param {HTMLElement} log @param {(entry: HTMLElement) => void} open */
export function wireHolding(log, open) {
	let timer = 0;
	let place = { x: 0, y: 0 };
	/** It was held, and is not up again yet. @type {HTMLElement | null} */
	let held = null;
	/** It is just up. @type {HTMLElement | null} */
	let released = null;
	const end = () => clearTimeout(timer);
	log.addEventListener("pointerdown", (event) => {
		const { target, pointerType, isPrimary, clientX, clientY } = event;
		end();
		held = null;
		if (pointerType !== "touch" || !isPrimary || !(target instanceof Element) || target.closest("a, button")) return;
		const entry = /** @type {HTMLElement | null} */ (target.closest(".entry"));
		if (!entry) return;
		place = { x: clientX, y: clientY };
		timer = setTimeout(() => {
			held = entry;
			navigator.vibrate?.(10);
			open(entry);
		}, HOLD_MS);
	});
	log.addEventListener("pointermove", ({ clientX, clientY }) => {
		if (Math.hypot(clientX - place.x, clientY - place.y) > SLACK) end();
	});
	log.addEventListener("pointerup", () => {
		end();
		released = held;
		setTimeout(() => (released = null), RELEASE_MS);
	});
	// The browser closes what is open when a finger goes up beside it, this menu too.
	byId("message-menu").addEventListener("toggle", ({ newState }) => {
		const entry = released;
		if (newState !== "closed" || !entry) return;
		released = null;
		open(entry);
	});
	log.addEventListener("pointercancel", end);
	// Neither the browser's own menu nor what a tap does.
	log.addEventListener("contextmenu", (event) => {
		const isLink = event.target instanceof Element && event.target.closest("a");
		if (/** @type {PointerEvent} */ (event).pointerType === "touch" && !isLink) event.preventDefault();
	});
	log.addEventListener(
		"click",
		(event) => {
			if (!held) return;
			held = null;
			event.preventDefault();
			event.stopPropagation();
		},
		{ capture: true },
	);
}
