import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const pages = join(import.meta.dirname, "../../htdocs");
const worker = readFileSync(join(pages, "service_worker.js"), "utf8");

test("the service worker keeps every file of the pages", () => {
	const [, listed] = /const FILES = `([^`]*)`/.exec(worker) ?? [];
	const there = readdirSync(pages, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(pages.length + 1))
		// What runs on the server is none, a worker does not serve itself, and one module is for other sites' pages;
		// the names of emoji weigh much and are few people's.
		.filter((name) => !/^(?:php|emoji)\//.test(name) && !["service_worker.js", "js/linger.js"].includes(name))
		// For other sites' pages and programs alone.
		.filter(
			(name) =>
				!/^client\/(channels|chat|widget|package|emitter|questions|room|sending|servers|storage|token)/u.test(name),
		)
		// For administrators, at an address of its own.
		.filter((name) => !name.startsWith("admin/"))
		.filter((name) => !name.endsWith(".d.ts"));
	assert.deepEqual(listed.trim().split(/\s+/), there.sort(), "update FILES in htdocs/service_worker.js");
});
