// What is asked for many times within a moment is done once.

/** A covered window may be visible by name and still get no frames: then it is done after this long. */
const LONGEST_FRAME_MS = 200;

export class OnePass {
	#run;
	#isDue = false;

	/** @param {() => void} run */
	constructor(run) {
		this.#run = run;
	}

	/** One pass per frame; a hidden page gets no frames, so it uses a timer. */
	soon() {
		if (this.#isDue) return;
		this.#isDue = true;
		const run = () => {
			if (!this.#isDue) return;
			this.#isDue = false;
			this.#run();
		};
		setTimeout(run, document.hidden ? 0 : LONGEST_FRAME_MS);
		requestAnimationFrame(run);
	}
}

/**
 * Changes a live region without its being read out: the past is not, the person asked to see it.
 * @param {HTMLElement} list
 * @param {() => void} change
 */
export function quietly(list, change) {
	list.setAttribute("aria-live", "off");
	change();
	setTimeout(() => list.setAttribute("aria-live", "polite"), LONGEST_FRAME_MS);
}
