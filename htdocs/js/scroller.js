// The box that scrolls the conversation: whether it is at the bottom, and how it stays where the reader is.

/** Within this distance of the bottom, in pixels, new messages scroll into view by themselves. */
const AT_BOTTOM = 80;

export class Scroller {
	#box;
	#range = 0;

	/** True while the newest entry is to stay in view. */
	isPinned = true;

	/** @param {HTMLElement} box @param {HTMLElement} content @param {() => void} onScroll */
	constructor(box, content, onScroll) {
		this.#box = box;
		const scrolled = () => {
			this.#scrolled();
			onScroll();
		};
		box.addEventListener("scroll", scrolled, { passive: true });
		// Pictures and calls change heights after the fact: a reader at the bottom stays there.
		const resized = new ResizeObserver(() => this.isPinned && this.toBottom());
		resized.observe(box);
		resized.observe(content);
	}

	/** Pixels above the visible part. */
	get above() {
		return this.#box.scrollTop;
	}

	/** Pixels below the visible part. */
	get below() {
		return this.#box.scrollHeight - this.#box.clientHeight - this.#box.scrollTop;
	}

	toBottom() {
		this.#box.scrollTop = this.#box.scrollHeight;
		this.#range = this.#box.scrollHeight - this.#box.clientHeight;
	}

	/**
	 * Changes the content and keeps the entry at the top edge where it stands.
	 * @param {HTMLElement} list Its entries.
	 * @param {() => void} change
	 */
	keeping(list, change) {
		if (this.isPinned) {
			change();
			return;
		}
		const edge = this.#box.getBoundingClientRect().top;
		const anchor = [...list.children].find((node) => node.getBoundingClientRect().bottom > edge);
		const top = anchor?.getBoundingClientRect().top ?? 0;
		change();
		if (anchor?.isConnected) this.#box.scrollTop += anchor.getBoundingClientRect().top - top;
	}

	#scrolled() {
		const range = this.#box.scrollHeight - this.#box.clientHeight;
		const resized = range !== this.#range;
		this.#range = range;
		// The room got smaller (a call, a keyboard on the screen), nobody scrolled: a reader at the bottom stays there.
		if (this.isPinned && resized && this.below >= AT_BOTTOM) this.toBottom();
		else this.isPinned = this.below < AT_BOTTOM;
	}
}
