/**
 * The first letter or digit a person would see: whole emoji and accents are kept together.
 * @param {string} name
 */
export function initial(name) {
	const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter() : null;
	const first = segmenter ? segmenter.segment(name)[Symbol.iterator]().next().value?.segment : [...name][0];
	return (first ?? "?").toLocaleUpperCase();
}

/** Whether an account is a bot's, or a program's of the site. @param {string} account */
export const isProgram = (account) => /^(?:api|bot):/u.test(account);
