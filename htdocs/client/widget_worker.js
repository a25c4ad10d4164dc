// The shared worker: one for all tabs of an origin, as long as one of them is open.

import { Hub } from "./widget_hub.js";

/** Ports of tabs that have gone without a word are forgotten beyond so many. */
const MAX_PORTS = 100;

/** By server and person: tabs may show several. @type {Map<string, { hub: Hub, ports: MessagePort[] }>} */
const hubs = new Map();

addEventListener("connect", (/** @type {any} */ { ports: [port] }) => {
	/** @type {{ hub: Hub, ports: MessagePort[] } | undefined} */
	let joined;
	port.onmessage = (/** @type {MessageEvent} */ { data }) => {
		if (data.type === "open") joined = join(port, data);
		if (data.type === "bye" && joined) leave(joined, data.key, port);
		else joined?.hub.take(data);
	};
});

/** @param {MessagePort} port @param {any} opening */
function join(port, opening) {
	let joined = hubs.get(opening.key);
	if (!joined) {
		/** @type {MessagePort[]} */
		const ports = [];
		joined = { ports, hub: new Hub(opening, (message) => ports.forEach((one) => one.postMessage(message))) };
		hubs.set(opening.key, joined);
	}
	if (!joined.ports.includes(port)) joined.ports.push(port);
	if (joined.ports.length > MAX_PORTS) joined.ports.shift();
	return joined;
}

/** @param {{ hub: Hub, ports: MessagePort[] }} joined @param {string} key @param {MessagePort} port */
function leave({ hub, ports }, key, port) {
	if (ports.includes(port)) ports.splice(ports.indexOf(port), 1);
	if (ports.length > 0) return;
	hub.close();
	hubs.delete(key);
}
