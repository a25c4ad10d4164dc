// A picture that comes from another machine of the site is asked for until it is there.

import assert from "node:assert/strict";
import test from "node:test";

import { arrives } from "../../htdocs/js/attachments/arrival.js";

/** @param {number[]} statuses @param {string} [after] */
function server(statuses, after) {
	/** @type {string[]} */
	const asked = [];
	globalThis.fetch = async (address) => {
		asked.push(String(address));
		const status = statuses.length > 1 ? statuses.shift() : statuses[0];
		if (status === 0) throw new TypeError("no network");
		return new Response(status === 206 ? "x" : "{}", { status, headers: after ? { "Retry-After": after } : {} });
	};
	return asked;
}

/** @param {number[]} statuses @param {string} [after] */
async function ask(statuses, after) {
	const asked = server(statuses, after);
	/** @type {number[]} */
	const waits = [];
	let told = 0;
	const isThere = await arrives(
		"api/files/1/a.png?room=lobby",
		() => told++,
		async (seconds) => void waits.push(seconds),
	);
	return { isThere, asked: asked.length, waits, told };
}

test("what is there, or is not and will not be, is known at once", async () => {
	for (const [status, isThere] of /** @type {[number, boolean][]} */ ([
		[206, true],
		[404, false],
		[500, false],
		[0, false],
	]))
		assert.deepEqual(await ask([status]), { isThere, asked: 1, waits: [], told: 0 }, `${status}`);
});

test("what is on its way is asked for when the server says, and told once", async () => {
	assert.deepEqual(await ask([503, 503, 206], "3"), { isThere: true, asked: 3, waits: [3, 3], told: 1 });
	assert.deepEqual(await ask([503, 404]), { isThere: false, asked: 2, waits: [2], told: 1 });
	const given = await ask([503]);
	assert.deepEqual([given.isThere, given.asked, given.told], [false, 40, 1]);
});
