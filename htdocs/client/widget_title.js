// The number of unread messages in the page's own title, which others may change meanwhile.

let before = "";

/** @param {string} count "" if nothing is unread. */
export function countInTitle(count) {
	const bare = before && document.title.startsWith(before) ? document.title.slice(before.length) : document.title;
	before = count && `(${count}) `;
	if (document.title !== before + bare) document.title = before + bare;
}
