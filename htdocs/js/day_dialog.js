// Goes to a day: the first message of it, or of those after it. Loaded when it is first opened.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { idOf } from "./ids.js";
import { text } from "./texts.js";

/** @param {Room} room @param {(name: string) => void} show Goes to the room. */
export function openDayDialog(room, show) {
	openDialog(text("goToDay"), (close) => {
		const day = element("input", { type: "date", id: "day-wanted", required: true, max: today() });
		const form = element(
			"form",
			{ class: "day-form", id: "day-form" },
			element("label", {}, text("day"), day),
			element("button", { class: "primary" }, text("go")),
		);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const start = new Date(`${day.value}T00:00`);
			if (Number.isNaN(start.getTime())) return;
			close();
			room.goTo(idOf(start), { isMessage: false });
			show(room.name);
		});
		return form;
	});
}

function today() {
	const now = new Date();
	const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
	return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
