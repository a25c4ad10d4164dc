import { dayBeside } from "./times.js";

/** After a sleep of the machine a timer is late: the day is looked at this often. */
const LOOK_MS = 60 * 1000;

/** Calls `changed` when "today" has become another day. @param {() => void} changed */
export function onMidnight(changed) {
	let tomorrow = dayBeside(new Date(), 1);
	setInterval(() => {
		if (Date.now() < tomorrow.getTime()) return;
		tomorrow = dayBeside(new Date(), 1);
		changed();
	}, LOOK_MS);
}
