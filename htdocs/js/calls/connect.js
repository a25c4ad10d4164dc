// One connection to another page, and what its events mean for what is known of that page.

import { isIgnored } from "../preferences.js";
import { Peer } from "./peer.js";

/**
 * @param {Other} other
 * @param {Omit<PeerUses, "events">} how
 * @param {ConnectUses} uses
 */
export function connect(other, how, { send, changed, heard }) {
	const peer = new Peer({
		...how,
		events: {
			send: (data) => send(other.name, { ...data, to: other.page }),
			onState: (state) => {
				// The other side closed it; if there is still something to share, the next look makes a new one.
				if (state === "closed" && other.peer === peer) other.disconnect();
				changed();
			},
			onStream: (stream) => {
				other.stream = stream;
				stream.addEventListener("addtrack", changed);
				stream.addEventListener("removetrack", changed);
				changed();
			},
			onTyping: (words) => !isIgnored(other.name) && heard(other.name, words),
		},
	});
	return peer;
}
