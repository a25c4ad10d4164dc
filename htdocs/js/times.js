// Times as people read them.

/** Formatters are expensive to make and a burst of messages needs one each: one is made per kind. */
const formatters = new Map();

/** @param {string} language @param {Options} options @returns {Intl.DateTimeFormat} */
function formatter(language, options) {
	const key = language + JSON.stringify(options);
	// The person's own region of that language: half the English-speaking world has no AM and PM.
	const region = globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === language) ?? language;
	if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(region, options));
	return formatters.get(key);
}

/** @param {Date} date @param {string} language */
export function clockTime(date, language) {
	return formatter(language, { hour: "2-digit", minute: "2-digit" }).format(date);
}

/** @param {Date} date @param {string} language */
export function fullTime(date, language) {
	return formatter(language, { dateStyle: "full", timeStyle: "medium" }).format(date);
}

/** @param {Date} date @param {string} language */
export function longDay(date, language) {
	return formatter(language, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const STEPS = [
	["second", 60],
	["minute", 60],
	["hour", 24],
	["day", 7],
];

/**
 * "3 hours ago"; past a week the date itself.
 * @param {Date} date
 * @param {string} language
 */
export function ago(date, language, now = Date.now()) {
	let value = Math.round((date.getTime() - now) / 1000);
	for (const [unit, size] of STEPS) {
		if (Math.abs(value) < size) {
			return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(value), unit);
		}
		value /= size;
	}
	return formatter(language, { dateStyle: "medium" }).format(date);
}

/**
 * A record's id is its time; one that is none (a damaged log) must not stop the page.
 * @param {string} id
 */
export function timeOf(id) {
	const date = new Date(id);
	return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

/**
 * The calendar day, as a string to compare.
 * @param {string} id
 */
export const dayOf = (id) => timeOf(id).toDateString();

/**
 * The calendar day before or after another, also where the clocks change.
 * @param {Date} date
 * @param {number} days
 */
export const dayBeside = (date, days) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
