// What is written down: the ends of logs, who changed what, and the settings.

import { element } from "/chat/js/dom.js";
import { ask } from "../ask.js";
import { choice, field, filter, head, moment, table, wordsOf } from "../parts.js";

/** @type {Record<string, string>} */
const FILES = { entries: "Who came (authentization.log)", service: "The service" };

export async function log() {
	const list = element("ol", { class: "lines mono", "aria-label": "Lines, the newest first" });
	const wrong = element("p", { class: "bad", role: "alert" });
	const first = await ask("log");
	const file = choice(
		"file",
		first.files.map((/** @type {string} */ name) => [name, FILES[name] ?? name]),
	);
	const search = element("input", { type: "search", name: "search" });
	const draw = (/** @type {any} */ found) => {
		const lines = found.lines.map((/** @type {string} */ line) =>
			element("li", {}, element("span", { class: "said" }, line)),
		);
		list.replaceChildren(...(lines.length > 0 ? lines : [element("li", {}, "No lines.")]));
	};
	const load = async () => {
		try {
			const words = new URLSearchParams({ file: file.value, search: search.value });
			draw(await ask(`log?${words}`));
			wrong.textContent = "";
		} catch (error) {
			wrong.textContent = wordsOf(error);
		}
	};
	file.addEventListener("change", load);
	search.addEventListener("change", load);
	draw(first);
	const again = element("button", { type: "button", onclick: load }, "Load again");
	return [
		head("Log"),
		element("div", { class: "row" }, field("Which", file), field("Only lines that hold", search), again),
		wrong,
		list,
	];
}

const COLUMNS = [
	{ label: "When", cell: (/** @type {any} */ it) => moment(it.id) },
	{ label: "Who", cell: (/** @type {any} */ it) => element("bdi", {}, it.who) },
	{ label: "By", cell: (/** @type {any} */ it) => it.via },
	{ label: "From", cell: (/** @type {any} */ it) => it.from },
	{ label: "What", class: "what", cell: (/** @type {any} */ it) => it.what },
];

export async function audit() {
	const place = element("div", {});
	const older = element("button", { type: "button" }, "Older");
	const wrong = element("p", { class: "bad", role: "alert" });
	/** @type {any[]} */
	let known = [];
	const more = async () => {
		try {
			const last = known.at(-1)?.id;
			const page = await ask(`audit${last ? `?before=${encodeURIComponent(last)}` : ""}`);
			known = [...known, ...page];
			older.hidden = page.length < 200;
			place.replaceChildren(table("Who changed what", COLUMNS, known, "Nothing was changed yet."));
		} catch (error) {
			wrong.textContent = wordsOf(error);
		}
	};
	older.addEventListener("click", more);
	await more();
	return [head("Who changed what", filter("Find in the list", place)), place, wrong, older];
}

export async function settings() {
	const found = await ask("settings");
	const list = table(
		"Settings",
		[
			{
				label: "Setting",
				cell: (it) => [
					element("span", { class: "mono" }, it.section === "global" ? it.key : `[${it.section}] ${it.key}`),
					it.about ? element("span", { class: "hint" }, it.about) : null,
				],
			},
			{
				label: "Value",
				class: "mono",
				cell: (it) => (it.hidden ? element("em", {}, "hidden") : (it.value ?? element("em", {}, "as without a line"))),
			},
			{ label: "Line", number: true, cell: (it) => it.line ?? "–" },
		],
		found.settings,
		"There are none.",
	);
	return [
		head("Settings", filter("Find in the list", list)),
		element(
			"p",
			{ class: "hint" },
			`${found.file}; it is changed at the shell, and holds for everybody who comes after that.`,
		),
		list,
	];
}
