// What the service says in English (details, rules, remedies of problems), in the language of the page, as far as it is known.
/** Translator by the pairs that the page gives: an expression for the English sentence, and what to say instead. */
export function translator(pairs) {
  const known = pairs.map(([pattern, text]) => [new RegExp(pattern.replaceAll("(?P<", "(?<"), "su"), text]);
  const translate = (english) => {
    for (const [pattern, text] of known) {
      const found = pattern.exec(english);
      if (found) return text.replace(/\{(\w+)\}/g, (_, name) => translate(found.groups[name]));
    }
    return english;
  };
  return translate;
}
