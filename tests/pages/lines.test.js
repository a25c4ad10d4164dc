import assert from "node:assert/strict";
import { test } from "node:test";

import { isCommand, linesOf, tellsEverybody } from "../../htdocs/js/lines.js";

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
