import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { TONES, findEmoji, listed, plainOf, toned } from "../../htdocs/js/emoji/table.js";

const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, `../../htdocs/emoji/${name}.json`), "utf8"));
const [, ...list] = read("list");
const all = listed(list, read("en"));
const czech = listed(list, read("cs"));

test("every emoji is one letter, in one of Unicode's nine groups, and has a name in every language", () => {
	const letters = new Intl.Segmenter("en", { granularity: "grapheme" });
	assert.equal(new Set(all.map(({ group }) => group)).size, 9);
	for (const table of [all, czech, listed(list, read("de"))]) {
		assert.equal(table.length, all.length);
		for (const { text, name } of table) {
			assert.equal([...letters.segment(text)].length, 1, text);
			assert.match(text, /\p{Emoji}/u);
			assert.ok(name && name !== text, text);
		}
	}
	assert.ok(all.length > 1800);
});

test("those with skin have five tones, and the plain form is found again", () => {
	const hand = all.find(({ text }) => text === "👋");
	assert.deepEqual(
		TONES.map((tone) => toned(hand, tone)),
		["👋", "👋🏻", "👋🏼", "👋🏽", "👋🏾", "👋🏿"],
	);
	const couple = all.find(({ name }) => name === "couple with heart: man, man");
	assert.equal(toned(couple, TONES[5]), "👨🏿‍❤️‍👨🏿");
	assert.equal(plainOf(all, "👨🏿‍❤️‍👨🏿"), couple);
	const face = all.find(({ text }) => text === "😀");
	assert.equal(toned(face, TONES[3]), "😀");
	assert.ok(all.filter(({ light }) => light).length > 300);
});

test("a name is found by its beginning, its words, other words, and without case and accents", () => {
	const found = (table, typed) => findEmoji(table, typed, 20).map(({ text }) => text);
	assert.equal(found(all, "grinning face")[0], "😀");
	assert.ok(found(all, "PARTY").includes("🎉"));
	assert.ok(found(all, "tada").includes("🎉"));
	assert.ok(found(czech, "srdíčk").length > 0 || found(czech, "srdce").includes("❤️"));
	assert.deepEqual(found(czech, "oblicej")[0], found(czech, "obličej")[0]);
	assert.deepEqual(found(all, "no such emoji"), []);
	assert.equal(findEmoji(all, "face", 7).length, 7);
});

test("the lists are what Debian's packages give", () => {
	assert.ok(existsSync("/usr/share/unicode/emoji/emoji-test.txt"), "apt-get install unicode-data");
	assert.ok(existsSync("/usr/share/unicode/cldr/common/annotations/en.xml"), "apt-get install unicode-cldr-core");
	// It fails with the names of those that differ.
	execFileSync(join(import.meta.dirname, "../../tools/emoji"), ["--check"]);
});
