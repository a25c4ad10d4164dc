// The box that scrolls the conversation: whether it is at the bottom, and how it stays where the reader is.

/** Within this distance of the bottom, in pixels, new messages scroll into view by themselves. */
const AT_BOTTOM = 80;

export class Scroller {
	#box;
	#range = 0;

	/** True while the newest entry is to stay in view. */
	isPinned = true;

	/** Of the room that is shown. */
	onScroll = () => {};

	/** @param {HTMLElement} box @param {HTMLElement} content */
	constructor(box, content) {
		this.#box = box;
		const scrolled = () => {
			this.#scrolled();
			this.onScroll();
		};
		box.addEventListener("scroll", scrolled, { passive: true });
		// Who asks for the rest of a message reads it from where they are.
		content.addEventListener("click", ({ target }) => {
			if (target instanceof Element && target.closest(".unfold")) this.isPinned = false;
		});
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

	/** Down to the end, but not past `node`: whoever reads on, has its beginning. @param {HTMLElement} node */
	toTopOf(node) {
		const above = this.#box.getBoundingClientRect().top - node.getBoundingClientRect().top;
		if (above <= 0) return;
		this.#box.scrollTop -= above;
		this.isPinned = this.below < AT_BOTTOM;
	}

	/** Puts it where one looks first, a third below the top edge. @param {HTMLElement} node */
	toMiddle(node) {
		const [box, { top, height }] = [this.#box.getBoundingClientRect(), node.getBoundingClientRect()];
		this.#box.scrollTop += top - box.top - Math.max(0, (box.height - height) / 3);
		this.#range = this.#box.scrollHeight - this.#box.clientHeight;
		this.isPinned = this.below < AT_BOTTOM;
	}

	/** What stands at the top edge. @param {HTMLElement} list @returns {Anchor | null} */
	anchor(list) {
		const edge = this.#box.getBoundingClientRect().top;
		const node = [...list.children].find((entry) => entry.getBoundingClientRect().bottom > edge);
		const id = node instanceof HTMLElement && node.dataset.id;
		return id ? { id, top: node.getBoundingClientRect().top - edge } : null;
	}

	/** Puts it there again. @param {Anchor} anchor @param {HTMLElement | undefined} node */
	toAnchor({ top }, node) {
		if (!node) return;
		this.#box.scrollTop += node.getBoundingClientRect().top - this.#box.getBoundingClientRect().top - top;
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
