// Czech words of the search in all rooms.

export default {
	search: "Hledat",
	searchWords: "Slova",
	searchHint:
		'Všechna slova, nebo "fráze"; také from:jméno, in:místnost, before:2026-03-01, after:2026-03-01, has:file.',
	onlyIn: "Jen v místnosti",
	withFile: "Se souborem",
	sinceDay: "Od",
	untilDay: "Do",
	searchHits: "Co se našlo",
	searchProgress: "Jak daleko hledání došlo",
	searchMore: "Hledat dál",
	found: "Nalezeno: {count}.",
	oneFound: "Nalezeno: 1.",
	searchedBack: "Prohledáno zpět do {day}, {percent} %.",
	packedLeftOut: "Komprimované soubory se starými zprávami se nehledaly: {count}.",
	filter_from: "Od {value}",
	filter_account: "Účet {value}",
	filter_in: "V {value}",
	filterAway: "Odebrat: {filter}",
	error_bad_time: "before: a after: berou den jako 2026-03-01.",
	error_bad_has: "has: bere file.",
	error_too_many: "To je příliš mnoho slov.",
	error_too_many_searches: "Hledali jste hodně. Pokračujte za chvíli.",
	error_busy: "Právě teď hledá příliš mnoho lidí. Zkuste to znovu.",
};
