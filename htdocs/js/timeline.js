// The conversation as a window onto the room's log: a bounded number of entries, sorted by id, in
// the page at a time. What leaves at one end comes back from the server when somebody scrolls there.

/** Entries kept in the page. More make layout slow; two screens of a large monitor show about 100. */
export const MAX_ENTRIES = 300;
/** Left over when the window is cut, so that it is not cut for every message. */
const KEEP = 240;
/** Whispers, notices: not in the log, so the page itself keeps them for when their place is shown again. */
const MAX_OWN = 500;
/** How close to an end, in pixels, the next page is asked for. */
const NEAR_END = 600;
/** Within this distance of the bottom new messages scroll into view by themselves. */
const AT_BOTTOM = 80;

export class Timeline {
  #scroller;
  #list;
  #render;
  #load;
  #onSettled;
  #items = [];
  #known = new Set();
  #own = [];
  #queue = [];
  #scheduled = false;
  #loading = null;
  #pinned = true;
  #lineAt = "";
  #range = 0;

  /** True once the first, respectively the newest, record of the room is in the window. */
  reachesStart = false;
  reachesEnd = true;

  /**
   * `render(record)` gives an entry's element and `decorate(node, record, before, hasLine)` fits it to
   * its neighbor; `load({before}|{since})` asks the server; `onSettled()` runs after the page changed.
   */
  constructor({ scroller, list, render, decorate, load, onSettled }) {
    this.#scroller = scroller;
    this.#list = list;
    this.#render = render;
    this.decorate = decorate;
    this.#load = load;
    this.#onSettled = onSettled;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    // Pictures and calls change heights after the fact: who is at the bottom stays there.
    const resized = new ResizeObserver(() => this.#pinned && this.#toBottom());
    for (const box of [scroller, list.parentElement]) resized.observe(box);
  }

  get isPinned() {
    return this.#pinned && this.reachesEnd;
  }

  get lastId() {
    return this.#items.at(-1)?.record.id ?? "";
  }

  /** A record that just happened. Not shown when the window is elsewhere: then scrolling brings it. */
  addLive(record, { own = false } = {}) {
    if (own) this.#remember(record);
    if (!this.reachesEnd) return;
    this.#queue.push(record);
    this.#schedule();
  }

  /** The newest page: after the first welcome, and when the person jumps to the end. */
  showNewest(records, more) {
    this.#loading = null;
    this.#clear();
    this.reachesStart = !more;
    this.reachesEnd = true;
    this.#pinned = true;
    this.#queue = [...records];
    this.#flush();
  }

  /** An answer to load({before}). */
  addOlder(records, more) {
    this.#loading = null;
    this.reachesStart = !more;
    this.#insert(records);
    this.#cut("bottom");
    this.#settle();
  }

  /** An answer to load({since}), or a page of what was missed while away. */
  addNewer(records, more, { asked = false } = {}) {
    if (asked) this.#loading = null;
    this.reachesEnd = !more;
    this.#insert(records);
    this.#cut(this.#pinned ? "top" : asked ? "top" : "bottom");
    this.#settle();
  }

  /** The connection went: a question asked over it will not be answered. */
  forgetLoading() {
    this.#loading = null;
  }

  /** Draws an entry anew after its record changed. */
  replace(id, change) {
    const index = this.#indexOf(id);
    const item = this.#items[index];
    if (item?.record.id !== id) return;
    item.record = { ...item.record, ...change };
    const node = this.#render(item.record);
    item.node.replaceWith(node);
    item.node = node;
    this.#decorateFrom(index, index + 1);
  }

  redrawAll() {
    for (const item of this.#items) {
      const node = this.#render(item.record);
      item.node.replaceWith(node);
      item.node = node;
    }
    this.#decorateFrom(0, this.#items.length);
  }

  /** Everything goes: a moderator cleared the room. */
  empty() {
    this.#own = [];
    this.#clear();
    this.reachesStart = true;
    this.#settle();
  }

  /** From the next live record on, a line says "new messages"; `""` takes it away. */
  setLine(id) {
    const old = this.#lineAt;
    this.#lineAt = id;
    for (const place of [old, id]) {
      const index = place ? this.#indexOf(place) : -1;
      if (this.#items[index]?.record.id === place) this.#decorateFrom(index, index + 1);
    }
  }

  get line() {
    return this.#lineAt;
  }

  /** To the newest message; asks the server for it if the window is elsewhere. */
  jumpToEnd() {
    this.#pinned = true;
    if (this.reachesEnd) this.#toBottom();
    else this.#ask({});
  }

  #clear() {
    this.#items = [];
    this.#known.clear();
    this.#queue = [];
    this.#list.replaceChildren();
  }

  #remember(record) {
    this.#own.push(record);
    if (this.#own.length > MAX_OWN) this.#own.shift();
  }

  /** One pass per frame however many messages came; a hidden page gets no frames, so it uses a timer. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const run = () => {
      this.#scheduled = false;
      this.#flush();
    };
    if (document.hidden) setTimeout(run, 0);
    else {
      // Whichever comes first: a covered window may be visible by name and still get no frames.
      let done = false;
      const once = () => {
        if (done) return;
        done = true;
        run();
      };
      requestAnimationFrame(once);
      setTimeout(once, 200);
    }
  }

  #flush() {
    let records = this.#queue;
    if (records.length > MAX_ENTRIES && this.#pinned) {
      records = records.slice(-KEEP);
      this.#clear();
      this.reachesStart = false;
    }
    this.#queue = [];
    this.#insert(records);
    this.#cut(this.#pinned ? "top" : "bottom");
    this.#settle();
  }

  #indexOf(id) {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle].record.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(records) {
    const wanted = [...records, ...this.#ownWithin(records)].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const anchor = this.#anchor();
    for (const record of wanted) {
      if (this.#known.has(record.id)) continue;
      this.#known.add(record.id);
      const index = this.#items.length && this.lastId < record.id ? this.#items.length : this.#indexOf(record.id);
      const node = this.#render(record);
      this.#list.insertBefore(node, this.#items[index]?.node ?? null);
      this.#items.splice(index, 0, { record, node });
      this.#decorateFrom(index, index + 2);
    }
    this.#restore(anchor);
  }

  #ownWithin(records) {
    if (records.length === 0 || this.#own.length === 0) return [];
    const [first, last] = [records[0].id, records.at(-1).id];
    return this.#own.filter(({ id }) => (id >= first || this.reachesStart) && (id <= last || this.reachesEnd));
  }

  #decorateFrom(from, to) {
    for (let index = Math.max(from, 0); index < Math.min(to, this.#items.length); index += 1) {
      const { node, record } = this.#items[index];
      this.decorate(node, record, this.#items[index - 1]?.record, record.id === this.#lineAt);
    }
  }

  #cut(end) {
    if (this.#items.length <= MAX_ENTRIES) return;
    const anchor = this.#anchor();
    const gone = end === "top" ? this.#items.splice(0, this.#items.length - KEEP) : this.#items.splice(KEEP);
    for (const { node, record } of gone) {
      node.remove();
      this.#known.delete(record.id);
    }
    if (end === "top") {
      this.reachesStart = false;
      this.#decorateFrom(0, 1);
    } else {
      this.reachesEnd = false;
    }
    this.#restore(anchor);
  }

  /** The entry at the top edge and where it stands, so that it can be put back there. */
  #anchor() {
    if (this.#pinned) return null;
    const edge = this.#scroller.getBoundingClientRect().top;
    const item = this.#items.find(({ node }) => node.getBoundingClientRect().bottom > edge);
    return item && { item, top: item.node.getBoundingClientRect().top };
  }

  #restore(anchor) {
    if (anchor?.item.node.isConnected) this.#scroller.scrollTop += anchor.item.node.getBoundingClientRect().top - anchor.top;
  }

  #settle() {
    if (this.#pinned) this.#toBottom();
    this.#onSettled();
    // A page of history may be shorter than the screen: then there is no scrolling that would ask for more.
    if (this.#scroller.scrollHeight <= this.#scroller.clientHeight + NEAR_END) this.#askForOlder();
  }

  #toBottom() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#range = this.#scroller.scrollHeight - this.#scroller.clientHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const below = scrollHeight - clientHeight - scrollTop;
    const resized = scrollHeight - clientHeight !== this.#range;
    this.#range = scrollHeight - clientHeight;
    // The room got smaller (a call, a keyboard on the screen), nobody scrolled: who was at the bottom stays there.
    if (this.#pinned && resized && below >= AT_BOTTOM) this.#toBottom();
    else this.#pinned = below < AT_BOTTOM;
    if (scrollTop < NEAR_END) this.#askForOlder();
    if (below < NEAR_END && !this.reachesEnd) this.#ask({ since: this.lastId });
    this.#onSettled();
  }

  #askForOlder() {
    if (!this.reachesStart && this.#items.length) this.#ask({ before: this.#items[0].record.id });
  }

  #ask(question) {
    const key = JSON.stringify(question);
    if (this.#loading !== key && this.#load(question)) this.#loading = key;
  }
}
