// How the site is, and how it was for a day and a month.

import { element } from "/chat/js/dom.js";
import { ask } from "../ask.js";
import { bytes, head, table, wordsOf } from "../parts.js";
import { plot } from "../plot.js";

/** How often a page that is looked at asks again. */
const AGAIN_MS = 30_000;
const DAY = { words: "Day", span: 86_400, gap: 900 };
const MONTH = { words: "Month", span: 31 * 86_400, gap: 3 * 3600 };

const count = (/** @type {number} */ value) => Math.round(value).toLocaleString();
const rate = (/** @type {number} */ value) => value.toLocaleString([], { maximumFractionDigits: 1 });
const kib = (/** @type {number} */ value) => bytes(value * 1024);

/** @type {{ key: string, title: string, unit: (value: number) => string, ofBytes?: boolean }[]} */
const NUMBERS = [
	{ key: "people", title: "People", unit: count },
	{ key: "rooms", title: "Rooms with people", unit: count },
	{ key: "rate", title: "Messages a minute", unit: rate },
	{ key: "handlers", title: "Handlers", unit: count },
	{ key: "memory", title: "Memory of handlers", unit: kib, ofBytes: true },
	{ key: "bytes", title: "Logs", unit: bytes, ofBytes: true },
	{ key: "free", title: "Free on the disk", unit: bytes, ofBytes: true },
];

/** With how many messages a minute there were since the sample before. @param {any[]} samples */
function withRates(samples) {
	return samples.map((sample, at) => {
		const minutes = at > 0 ? (sample.at - samples[at - 1].at) / 60 : 0;
		return { ...sample, rate: minutes > 0 ? sample.messages / minutes : 0 };
	});
}

/** @param {{ isShown: () => boolean }} view */
export async function status({ isShown }) {
	let period = DAY;
	let known = await ask("status");
	const plots = element("div", { class: "plots" });
	const numbers = element("details", { class: "card" }, element("summary", {}, "All numbers as a table"));
	const wrong = element("p", { class: "bad", role: "alert" });
	const buttons = [DAY, MONTH].map((which) =>
		element(
			"button",
			{ type: "button", "aria-pressed": String(which === period), onclick: () => choose(which) },
			which.words,
		),
	);

	/** @param {typeof DAY} which */
	function choose(which) {
		period = which;
		for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === which.words));
		draw();
	}

	function draw() {
		const samples = withRates(period === DAY ? known.day : known.month);
		const last = { ...known.now, rate: withRates([...known.day, known.now]).at(-1).rate || samples.at(-1)?.rate || 0 };
		plots.replaceChildren(
			...NUMBERS.map(({ key, title, unit, ofBytes }) =>
				plot({
					title,
					unit,
					ofBytes,
					points: samples.map((sample) => ({ at: sample.at, value: sample[key] })),
					span: period.span,
					gap: period.gap,
					now: last[key],
				}),
			),
		);
		const columns = [
			{ label: "Time", cell: (/** @type {any} */ it) => new Date(it.at * 1000).toLocaleString() },
			...NUMBERS.map(({ key, title, unit }) => ({
				label: title,
				number: true,
				cell: (/** @type {any} */ it) => unit(it[key]),
			})),
		];
		const list = table(
			`Samples of a ${period.words.toLowerCase()}`,
			columns,
			samples.toReversed(),
			"There are none yet.",
		);
		numbers.replaceChildren(
			element("summary", {}, "All numbers as a table"),
			element("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": "All numbers" }, list),
		);
	}

	const clock = setInterval(async () => {
		if (!isShown()) return clearInterval(clock);
		if (document.hidden || numbers.open) return;
		try {
			known = await ask("status");
			wrong.textContent = "";
			if (isShown()) draw();
		} catch (error) {
			wrong.textContent = wordsOf(error);
		}
	}, AGAIN_MS);
	draw();
	return [
		head("Status", element("div", { class: "row", role: "group", "aria-label": "Period" }, buttons)),
		element("p", { class: "hint" }, `websocketd-rs ${known.version}, settings in ${known.file}`),
		wrong,
		plots,
		numbers,
	];
}
