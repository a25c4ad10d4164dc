// What was said in a room in a period, as a file to keep.

import { openDialog } from "./dialog.js";
import { element } from "./dom.js";
import { errorWords } from "./error_words.js";
import { choice, smallForm } from "./moderation/parts.js";
import { ServerError } from "./server.js";
import { text } from "./texts.js";

const DAY_MS = 24 * 3600 * 1000;
/** A file may be large and the line slow. */
const ANSWER_TIMEOUT_MS = 120_000;

/** @type {[string, string][]} */
const FORMATS = [
	["html", "formatHtml"],
	["text", "formatText"],
	["json", "formatJson"],
];
/** @type {Record<string, string>} */
const ENDINGS = { html: "html", text: "txt", json: "json" };

/** @param {string} room */
export function openTranscriptDialog(room) {
	return openDialog(text("transcriptOf", { room }), () => {
		const day = (/** @type {string} */ id, /** @type {number} */ ago) =>
			element("input", { type: "date", id, required: true, value: localDay(new Date(Date.now() - ago)) });
		const [from, to] = [day("transcript-from", 7 * DAY_MS), day("transcript-to", 0)];
		const format = choice(FORMATS, "transcript-format");
		const act = () => save(room, midnight(from.value), midnight(to.value, DAY_MS), format.value);
		const fields = /** @type {[string, HTMLElement][]} */ ([
			["transcriptFrom", from],
			["transcriptTo", to],
			["transcriptFormat", format],
		]);
		const button = { className: "primary", key: "transcriptSave", act };
		return smallForm("transcript-form", text("transcriptHint"), fields, button);
	});
}

/** @param {Date} date */
function localDay(date) {
	const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first moment of a day here, as the server takes it. @param {string} day @param {number} [later] */
function midnight(day, later = 0) {
	const start = new Date(`${day}T00:00`);
	// A day may have 23 hours or 25: the next one's first moment is asked for.
	if (later > 0) start.setDate(start.getDate() + 1);
	return `${start.toISOString().slice(0, 19)}Z`;
}

/** @param {string} room @param {string} from @param {string} to @param {string} format */
async function save(room, from, to, format) {
	const query = new URLSearchParams({ room, from, to, format });
	const response = await fetch(`api/transcript?${query}`, {
		credentials: "same-origin",
		cache: "no-store",
		signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
	}).catch((error) => {
		throw new Error(errorWords(new ServerError("network", String(error))));
	});
	if (!response.ok) {
		const answer = await response.json().catch(() => ({}));
		throw new Error(
			errorWords(new ServerError(answer.error?.code ?? "other", answer.error?.message ?? `${response.status}`)),
		);
	}
	const address = URL.createObjectURL(await response.blob());
	const name = `${room} ${from.slice(0, 10)} ${to.slice(0, 10)}.${ENDINGS[format]}`;
	element("a", { href: address, download: name }).click();
	setTimeout(() => URL.revokeObjectURL(address), ANSWER_TIMEOUT_MS);
}
