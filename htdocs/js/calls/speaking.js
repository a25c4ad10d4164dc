// Who speaks: the loudness that the browser measures anyway, looked at a few times a second while a call is shown.

const LOOK_MS = 200;
/** Of 1; breathing is below. */
const LOUD = 0.015;
/** Between words somebody still speaks. */
const HOLD_MS = 900;

export class Speaking {
	#levels;
	#draw;
	#timer = 0;
	/** When somebody was last heard. @type {Map<string, number>} */
	#heard = new Map();

	/**
	 * @param {() => Promise<[string, number][]>} levels Of each page in the call, from 0 to 1.
	 * @param {(speaking: Set<string>) => void} draw
	 */
	constructor(levels, draw) {
		this.#levels = levels;
		this.#draw = draw;
	}

	/** @param {boolean} isOn */
	set isOn(isOn) {
		if (isOn) this.#timer ||= setInterval(() => this.#look(), LOOK_MS);
		else {
			clearInterval(this.#timer);
			this.#timer = 0;
			this.#heard.clear();
		}
	}

	async #look() {
		const levels = await this.#levels();
		if (!this.#timer) return;
		const now = performance.now();
		for (const [page, level] of levels) if (level > LOUD) this.#heard.set(page, now);
		for (const [page, at] of this.#heard) if (now - at > HOLD_MS) this.#heard.delete(page);
		this.#draw(new Set(this.#heard.keys()));
	}
}

/**
 * How loud somebody is heard over a connection, or one's own microphone before it is sent.
 * @param {RTCStatsReport} stats
 * @param {"inbound-rtp" | "media-source"} type
 */
export function levelIn(stats, type) {
	for (const report of stats.values()) {
		if (report.type === type && report.kind === "audio" && report.audioLevel !== undefined) return report.audioLevel;
	}
	return 0;
}
