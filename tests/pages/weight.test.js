import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

/** What a program loads that uses the library, minified; what only some need comes by `import()`. */
const MAX_LIBRARY = 12 * 1024;
/** What a page loads that shows the widget, each file as it is and compressed for itself. */
const MAX_WIDGET = 40 * 1000;

/** A file of client/ and all that it needs. */
const bundled = (/** @type {string} */ name) =>
	build({
		entryPoints: [fileURLToPath(new URL(`../../htdocs/client/${name}`, import.meta.url))],
		bundle: true,
		splitting: true,
		minify: true,
		format: "esm",
		outdir: "nowhere",
		write: false,
		metafile: true,
	});

test("the client library is light", async () => {
	const { metafile } = await bundled("chat-client.js");
	const outputs = Object.entries(metafile.outputs);
	const [entry] = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith("chat-client.js")) ?? [""];
	const loaded = new Set([entry]);
	for (const name of loaded) {
		for (const { path, kind } of metafile.outputs[name].imports) if (kind === "import-statement") loaded.add(path);
	}
	const bytes = [...loaded].reduce((sum, name) => sum + metafile.outputs[name].bytes, 0);
	assert.ok(bytes <= MAX_LIBRARY, `${bytes} bytes`);
});

test("the widget is light over the wire, with all that it may load later", async () => {
	const { metafile } = await bundled("chat-widget.js");
	const bytes = Object.keys(metafile.inputs).reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
	assert.ok(bytes <= MAX_WIDGET, `${bytes} bytes`);
});
