// A file that comes from another machine of the site: until it is there the server answers 503, and when to ask again.

/** So often it is asked for: some minutes. */
const TRIES = 40;
const NOT_YET = 503;
/** Between two times, in seconds, if the server does not say. */
const PAUSE = 2;

/**
 * Whether the file is there, once that is known.
 * @param {string} address
 * @param {() => void} comes Called once, if it is still to come.
 * @param {(seconds: number) => Promise<void>} [wait]
 */
export async function arrives(address, comes, wait = pause) {
	for (let tries = 0; tries < TRIES; tries++) {
		const answer = await fetch(address, { headers: { Range: "bytes=0-0" } }).catch(() => undefined);
		if (answer?.status !== NOT_YET) return Boolean(answer?.ok);
		if (tries === 0) comes();
		await wait(Number(answer.headers.get("Retry-After")) || PAUSE);
	}
	return false;
}

/** @param {number} seconds @returns {Promise<void>} */
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
