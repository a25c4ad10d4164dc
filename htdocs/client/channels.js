// The channels that a client hears, whatever becomes of its connection: each is asked for again behind the last event.
// Loaded by the first `subscribe`.

/**
 * @typedef {object} Heard
 * @property {string | undefined} since The last event that was given out; before the first, where the channel stood.
 * @property {() => void} settle
 * @property {(error: Error) => void} fail
 */

/** Of each client, by name. @type {WeakMap<object, Map<string, Heard>>} */
const clients = new WeakMap();

/**
 * @param {import("./chat-client.js").ChatClient} client
 * @param {typeof import("./chat_error.js").ChatError} ChatError
 */
function channelsOf(client, ChatError) {
	const known = clients.get(client);
	if (known) return known;
	/** @type {Map<string, Heard>} */
	const channels = new Map();
	clients.set(client, channels);
	client.on("hello", () => {
		for (const name of channels.keys()) ask(client, name);
	});
	client.on("subscribed", ({ channel, last }) => {
		const heard = channels.get(channel);
		if (!heard) return;
		heard.since ??= last;
		heard.settle();
	});
	client.on("event", ({ channel, id }) => {
		const heard = channels.get(channel);
		if (heard) heard.since = id;
	});
	client.on("unsubscribed", ({ channel, code, text }) => {
		if (!code) return;
		channels.get(channel)?.fail(new ChatError(code, text));
		channels.delete(channel);
	});
	return channels;
}

/** @param {import("./chat-client.js").ChatClient} client @param {string} channel */
function ask(client, channel) {
	const since = clients.get(client)?.get(channel)?.since;
	client.tell({ type: "subscribe", channel, ...(since && { since }) });
}

/**
 * @param {import("./chat-client.js").ChatClient} client
 * @param {typeof import("./chat_error.js").ChatError} ChatError What it fails with.
 * @param {string} channel
 * @param {{ since?: string }} [options]
 * @returns {Promise<{ readonly lastId?: string, end: () => void }>} When it is heard.
 */
export function subscribe(client, ChatError, channel, { since } = {}) {
	const channels = channelsOf(client, ChatError);
	return new Promise((resolve, reject) => {
		if (channels.has(channel)) {
			reject(new ChatError("busy", `${channel} is heard already`));
			return;
		}
		/** @type {Heard} */
		const heard = { since, settle: () => resolve(subscription), fail: reject };
		const subscription = {
			/** Keep it, and give it as `since` to go on where an earlier run ended. */
			get lastId() {
				return heard.since;
			},
			end() {
				if (channels.get(channel) !== heard) return;
				channels.delete(channel);
				client.tell({ type: "unsubscribe", channel });
			},
		};
		channels.set(channel, heard);
		ask(client, channel);
	});
}
