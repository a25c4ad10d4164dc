// Czech words of conversations and of rooms for some only.

export default {
	beginConversation: "Nová konverzace nebo soukromá místnost",
	conversationHint: "Co se tu řekne, zůstane, a vidí to jen její lidé.",
	conversePeople: "S kým (jména s čárkami; zatím nikdo: soukromá místnost)",
	converseTitle: "Název",
	wholeHistory: "Nově příchozí uvidí, co se řeklo předtím",
	begin: "Začít",
	letIn: "Pustit někoho dovnitř",
	letInName: "Jméno",
	letInDo: "Pustit",
	sendAway: "Poslat pryč",
	sendAwayName: "Poslat pryč: {name}",
	linkTitle: "Odkaz, který pouští dovnitř",
	linkUses: "Pro kolik lidí",
	linkMake: "Vytvořit odkaz na den",
	passwordTitle: "Heslo",
	passwordHint: "Pustí, kdo ho zná; prázdné: nikoho",
	passwordNeeded: "Tahle místnost chce heslo.",
	passwordWord: "Heslo",
	leaveForGood: "Odejít nadobro",
};
