// Czech words of what helps writing.

export default {
	suggestions: "Návrhy",
	suggestionCount: "Návrhů: {count}. Vybírají šipky nahoru a dolů, vloží Enter nebo Tab.",

	// Emoji
	smileys: "Smajlíci",
	findEmoji: "Najít emoji",
	skinTone: "Odstín pleti",
	skinTone0: "bez odstínu",
	skinTone1: "světlý",
	skinTone2: "středně světlý",
	skinTone3: "střední",
	skinTone4: "středně tmavý",
	skinTone5: "tmavý",
	emojiGroups: "Skupiny",
	emojiFound: "Nalezené",
	emojiCount: "Nalezeno: {count}",
	emojiLoading: "Načítám…",
	emojiOffline: "Emoji se nepodařilo načíst. Otevřete je znovu, až bude spojení.",
	emojiNone: "Tady se objeví, co používáte.",
	emojiRecent: "Naposledy použité",
	emojiSmileys: "Tváře a pocity",
	emojiPeople: "Lidé a tělo",
	emojiAnimals: "Zvířata a příroda",
	emojiFood: "Jídlo a pití",
	emojiTravel: "Cestování a místa",
	emojiActivities: "Činnosti",
	emojiObjects: "Předměty",
	emojiSymbols: "Symboly",
	emojiFlags: "Vlajky",

	// Vkládání
	pasteTitle: "Vložit řádky ({count})?",
	pasteIntro: "Text se vloží do pole; nic se neodešle, dokud to neodešlete sami.",
	pasteIntroMany: "Tento server posílá každý řádek jako zprávu zvlášť.",
	pasteShown: "Co se vkládá",
	pasteOne: "Jako jednu zprávu",
	pasteMany: "Jako zprávy ({count})",
	pasteCode: "Jako blok kódu",
};
