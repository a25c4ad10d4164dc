import js from "@eslint/js";

/** Parts of a browser that may be absent or throw: one module asks for them, so that no page dies of it. */
const fragile = ["localStorage", "sessionStorage", "Notification"].map((name) => ({
	name,
	message: "It may throw: js/browser.js asks for it.",
}));

/** Nothing that a person wrote is ever parsed as markup. */
const markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({
	property,
	message: "Text nodes only: element() of js/dom.js.",
}));

export default [
	js.configs.recommended,
	{
		languageOptions: { ecmaVersion: 2024, sourceType: "module" },
		linterOptions: { reportUnusedDisableDirectives: "error" },
		rules: {
			// The type checker knows better which names there are.
			"no-undef": "off",
			"no-restricted-globals": ["error", ...fragile],
			"no-restricted-properties": ["error", ...markup],
			"max-lines": ["error", 300],
			"max-len": ["error", { code: 120, tabWidth: 2 }],
			eqeqeq: "error",
			"no-var": "error",
			"prefer-const": "error",
			"no-eval": "error",
			"no-implied-eval": "error",
		},
	},
];
