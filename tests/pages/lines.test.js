import assert from "node:assert/strict";
import { test } from "node:test";

import { isCommand } from "../../htdocs/client/commands.js";
import { commandOf, linesOf, longest, tellsEverybody } from "../../htdocs/js/lines.js";

test("a line alone may be a command, among others it is a message", () => {
	assert.deepEqual(linesOf("/clear", ""), [{ words: "/clear", to: "" }]);
	assert.deepEqual(linesOf("#!/bin/sh\n/usr/bin/env python3\n// a comment\n", ""), [
		{ words: "#!/bin/sh", to: "" },
		// The server takes one slash away.
		{ words: "//usr/bin/env python3", to: "" },
		{ words: "/// a comment", to: "" },
	]);
});

test("a command typed while whispering is a command, and a message that begins with a slash is whispered", () => {
	assert.deepEqual(linesOf("/who", "bob"), [{ words: "/who", to: "" }]);
	assert.deepEqual(linesOf("//etc is here", "bob"), [{ words: "/etc is here", to: "bob" }]);
	assert.deepEqual(linesOf("/a\r\n/b", "bob"), [
		{ words: "/a", to: "bob" },
		{ words: "/b", to: "bob" },
	]);
});

test("what is meant for one person does not become an action for all", () => {
	assert.ok(linesOf("/me waves", "bob").every(tellsEverybody));
	assert.ok(!linesOf("/me waves", "").some(tellsEverybody));
});

test("two slashes and /me begin a message", () => {
	for (const words of ["//x", "/me waves", "x /y", " /x", ""]) assert.ok(!isCommand(words), words);
	for (const words of ["/x", "/", "/mean", "/me"]) assert.ok(isCommand(words), words);
});

const SEVERAL = { several: true };

test("several lines are one message, with their indentation; a line alone is as ever", () => {
	assert.deepEqual(linesOf("\n  a\n\n\tb  \n\n", "", SEVERAL), [{ words: "  a\n\n\tb", to: "" }]);
	assert.deepEqual(linesOf("a\r\nb", "bob", SEVERAL), [{ words: "a\nb", to: "bob" }]);
	assert.deepEqual(linesOf("/clear", "", SEVERAL), [{ words: "/clear", to: "" }]);
	assert.deepEqual(linesOf("/clear\n", "", SEVERAL), [{ words: "/clear", to: "" }]);
});

test("a message of several lines and what was pasted are no commands", () => {
	assert.deepEqual(linesOf("/clear\n/quit", "", SEVERAL), [{ words: "/clear\n/quit", to: "", literal: true }]);
	const pasted = linesOf("/clear", "", { several: true, isPasted: true });
	assert.deepEqual(pasted, [{ words: "/clear", to: "", literal: true }]);
	assert.ok(!commandOf(pasted[0]));
	// An old server knows no such word: two slashes are one.
	assert.deepEqual(linesOf("/clear", "", { isPasted: true }), [{ words: "//clear", to: "" }]);
	for (const words of ["/me waves\nand goes", "/msg bob one\ntwo", "/edit one\ntwo"]) {
		assert.deepEqual(linesOf(words, "", SEVERAL), [{ words, to: "" }]);
	}
	assert.ok(commandOf({ words: "/msg bob one\ntwo" }));
	assert.ok(!commandOf({ words: "/clear\nx" }));
	assert.ok(!commandOf({ words: "/clear", edit: "id" }));
});

test("what counts is the message, or the longest of them", () => {
	assert.equal(longest("ab\ncde"), 3);
	assert.equal(longest("ab\ncd\n\n", true), 5);
	assert.equal(longest("👋👋", true), 2);
});
