// How the widget looks, in a style sheet of its own that no page's rules reach. A page that wants another look sets the
// variables: docs/embedding.md.

const CSS = `
:host {
	--page: var(--chat-background, light-dark(#ffffff, #1a1d25));
	--ink: var(--chat-text, light-dark(#1a1e29, #e9ebf1));
	--muted: var(--chat-muted, light-dark(#586173, #a0a9ba));
	--line: var(--chat-line, light-dark(#868fa1, #6b7488));
	--accent: var(--chat-accent, light-dark(#3350e0, #93a4ff));
	--on-accent: var(--chat-on-accent, light-dark(#ffffff, #10142a));
	--shadow: 0 0.25rem 1.25rem rgb(0 0 0 / 25%);
	color-scheme: var(--chat-color-scheme, light dark);
	display: block;
	font: var(--chat-font, 0.9375rem/1.4 system-ui, sans-serif);
	color: var(--ink);
	height: var(--chat-height, 24rem);
}
:host([hidden]) { display: none; }
:host([dock]) {
	--width: min(var(--chat-width, 22rem), calc(100vw - 2 * var(--chat-offset, 1rem)));
	position: fixed;
	inset: auto var(--chat-offset, 1rem) var(--chat-offset, 1rem) auto;
	z-index: var(--chat-z-index, 1000);
	height: auto;
	max-width: calc(100vw - 2 * var(--chat-offset, 1rem));
	display: flex;
	flex-direction: column;
	align-items: flex-end;
	pointer-events: none;
}
:host([dock="left"]) { inset: auto auto var(--chat-offset, 1rem) var(--chat-offset, 1rem); align-items: flex-start; }
.panel, .rooms, .toggle { pointer-events: auto; }
.windows { height: 100%; }
:host([dock]) .windows { display: flex; gap: 0.75rem; align-items: flex-end; height: auto; }
* { box-sizing: border-box; }
button, input, textarea { font: inherit; color: inherit; }
button {
	min-height: 2.75rem;
	padding: 0 0.875rem;
	border: 1px solid var(--line);
	border-radius: 0.5rem;
	background: var(--page);
	cursor: pointer;
}
button.main { background: var(--accent); color: var(--on-accent); border-color: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button.quiet { background: none; border-color: transparent; padding: 0 0.5rem; }
button.quiet:hover { background: color-mix(in srgb, var(--accent) 14%, transparent); }
.home { display: contents; }
.toggle { display: none; gap: 0.5rem; align-items: center; justify-content: center; min-width: 7rem; }
.toggle, .rooms, :host([dock]) .panel { box-shadow: var(--shadow); }
.rooms, .people { margin: 0; padding: 0.25rem; list-style: none; overflow-y: auto; }
.rooms {
	width: var(--width);
	max-height: min(28rem, calc(100vh - 6rem));
	margin-bottom: 0.5rem;
	border: 1px solid var(--line);
	border-radius: 0.75rem;
	background: var(--page);
}
.rooms button { display: flex; width: 100%; gap: 0.5rem; align-items: center; text-align: start; }
.rooms .name { flex: 1; min-width: 0; }
.rooms .badge { background: var(--accent); color: var(--on-accent); }
.people { flex: none; max-height: 10rem; border-bottom: 1px solid var(--line); }
.people button { width: 100%; text-align: start; }
.people li:not(:has(button)) { padding: 0.5rem; color: var(--muted); }
:host([dock]) .toggle { display: flex; }
.badge {
	min-width: 1.5rem;
	padding: 0 0.375rem;
	border-radius: 1rem;
	background: var(--on-accent);
	color: var(--accent);
	font-weight: 700;
	text-align: center;
}
.panel {
	display: flex;
	flex-direction: column;
	height: 100%;
	overflow: hidden;
	border: 1px solid var(--line);
	border-radius: 0.75rem;
	background: var(--page);
}
:host([dock]) .panel {
	width: var(--width);
	height: min(var(--chat-height, 28rem), calc(100dvh - 6rem));
	margin-bottom: 0.5rem;
}
@media (max-width: 30rem) {
	:host([dock][open]) { inset: 0; max-width: none; }
	:host([dock][open]) .windows { width: 100%; height: 100%; }
	:host([dock][open]) .panel { width: 100%; height: 100dvh; margin: 0; border: 0; border-radius: 0; }
	:host([dock][open]) .toggle { display: none; }
}
.panel[hidden], [hidden] { display: none; }
header, form { display: flex; gap: 0.5rem; align-items: center; padding: 0.5rem; }
header { border-bottom: 1px solid var(--line); }
header h2 { flex: 1; min-width: 0; margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
header .quiet { flex: none; max-width: 8rem; font-size: 0.8125rem; }
header .quiet, .rooms .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
header .shut { font-size: 1.25rem; min-width: 2.75rem; }
.state, time, .note { color: var(--muted); font-size: 0.8125rem; }
.state { margin: 0; padding: 0.375rem 0.75rem; border-bottom: 1px solid var(--line); }
.scroller { flex: 1; min-height: 0; overflow-y: auto; padding: 0.5rem 0.75rem; overscroll-behavior: contain; }
.line { margin: 0; padding: 0.125rem 0; overflow-wrap: anywhere; }
.line .who { font-weight: 650; }
.line .text { white-space: pre-wrap; }
.line.own .who { color: var(--accent); }
.line.private { border-inline-start: 3px solid var(--accent); padding-inline-start: 0.5rem; }
.line a { color: var(--accent); }
mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; }
.earlier { display: block; margin: 0 auto 0.5rem; }
textarea, input {
	flex: 1;
	min-width: 0;
	min-height: 2.75rem;
	padding: 0.5rem 0.75rem;
	border: 1px solid var(--line);
	border-radius: 0.5rem;
	background: var(--page);
	resize: none;
	field-sizing: content;
	max-height: 8rem;
}
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (forced-colors: active) { .line.private, .badge { border: 1px solid; } }
`;

/** One sheet for all widgets of a page. Not an element: a page's policy may forbid inline styles. */
export function widgetSheet() {
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(CSS);
	return sheet;
}
