/** 96 random bits in hex: enough that two never meet. */
export function randomId() {
	// Not crypto.randomUUID: that is missing on plain http pages, where a chat on a local network runs.
	return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
