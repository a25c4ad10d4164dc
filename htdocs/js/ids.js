// Ids of records: times in UTC with microseconds, which sort as text.

/** The next possible id: "before" leaves out the one it names. @param {string} id */
export const idAfter = (id) => moved(id, 1);

/** The last possible id before: "since" leaves out the one it names. @param {string} id */
export const idBefore = (id) => moved(id, -1);

/** The first id of a moment. @param {Date} time */
export const idOf = (time) => time.toISOString().replace("Z", "000Z");

/** @param {string} id @param {1 | -1} by Microseconds. */
function moved(id, by) {
	const micros = Number(id.slice(20, 26)) + by;
	if (micros >= 0 && micros < 1e6) return `${id.slice(0, 20)}${String(micros).padStart(6, "0")}Z`;
	const seconds = new Date(Date.parse(`${id.slice(0, 19)}Z`) + 1000 * by).toISOString().slice(0, 20);
	return `${seconds}${by > 0 ? "000000" : "999999"}Z`;
}
