import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const pages = join(import.meta.dirname, "../../htdocs");
const FILES = ["icons", "calls"];

/** Ids of the symbols of a file, as "file#id". @param {string} file */
const drawn = (file) =>
	[...readFileSync(join(pages, `icons/${file}.svg`), "utf8").matchAll(/<symbol id="([^"]+)"/g)].map(
		([, id]) => `${file}#${id}`,
	);

const sources = readdirSync(pages, { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile() && /\.(?:js|html)$/.test(entry.name))
	.map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8"))
	.join("\n");

test("every picture that the pages name is drawn", () => {
	const named = [
		...[...sources.matchAll(/icons\/(\w+)\.svg#([\w-]+)/g)].map(([, file, id]) => `${file}#${id}`),
		...[...sources.matchAll(/\bicon\("([\w-]+)"(?:, "(\w+)")?\)/g)].map(([, id, file]) => `${file ?? "icons"}#${id}`),
	];
	const there = new Set(FILES.flatMap(drawn));
	assert.ok(named.length > 20, `${named.length} of them were found`);
	assert.deepEqual([...new Set(named)].filter((name) => !there.has(name)).sort(), []);
});

test("no picture is sent that no page names", () => {
	// Some names are put together: what is switched off has the picture of what it was.
	const isNamed = (/** @type {string} */ id) =>
		sources.includes(`"${id.replace(/-off$/, "")}"`) || sources.includes(`#${id}"`);
	const idle = FILES.flatMap(drawn).filter((name) => !isNamed(name.split("#")[1]));
	assert.deepEqual(idle, []);
});
