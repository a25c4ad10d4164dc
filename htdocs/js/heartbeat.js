// While the page is looked at, the server expects a word of it every few seconds: the others see soon that its
// connection has died. A hidden page promises nothing: browsers slow its clock.

const EVERY_MS = 8000;
/** Two beats and what a bad network takes. With the server's grace of 15 s it is also when the others are told. */
const WITHIN_SECONDS = 17;

/** @param {(message: Message) => unknown} send */
export function beat(send) {
	const promise = () => send({ type: "ping", within: document.hidden ? 0 : WITHIN_SECONDS });
	setInterval(() => document.hidden || promise(), EVERY_MS);
	document.addEventListener("visibilitychange", promise);
}
