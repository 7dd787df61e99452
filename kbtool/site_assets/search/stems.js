// The stems of words, as kbtool/stems.py gives them: Snowball's algorithms for Russian and English, and Russian's
// vowel that comes and goes. tests/test_search_stems.py compares them word by word.

const ENGLISH_WORDS = {
  skis: "ski", skies: "sky", idly: "idl", gently: "gentl", ugly: "ugli", early: "earli", only: "onli", singly: "singl",
  sky: "sky", news: "news", howe: "howe", atlas: "atlas", cosmos: "cosmos", bias: "bias", andes: "andes",
}
const ENGLISH_BEGINNINGS = /^(?:arsen|commun|emerg|gener|inter|later|organ|past|univers)/
const SECOND = [
  ["ization", "ize"], ["ational", "ate"], ["iveness", "ive"], ["fulness", "ful"], ["ousness", "ous"],
  ["biliti", "ble"], ["tional", "tion"], ["lessli", "less"], ["entli", "ent"], ["ation", "ate"], ["alism", "al"],
  ["aliti", "al"], ["ousli", "ous"], ["iviti", "ive"], ["fulli", "ful"], ["ogist", "og"], ["enci", "ence"],
  ["anci", "ance"], ["abli", "able"], ["izer", "ize"], ["ator", "ate"], ["alli", "al"], ["bli", "ble"],
  ["ogi", "og", /l$/], ["li", "", /[cdeghkmnrt]$/],
]
const THIRD = [
  ["ational", "ate"], ["tional", "tion"], ["alize", "al"], ["icate", "ic"], ["iciti", "ic"], ["ative", "", null, true],
  ["ical", "ic"], ["ness", ""], ["ful", ""],
]
const FOURTH = [
  ["ement", ""], ["ance", ""], ["ence", ""], ["able", ""], ["ible", ""], ["ment", ""], ["ant", ""], ["ent", ""],
  ["ism", ""], ["ate", ""], ["iti", ""], ["ous", ""], ["ive", ""], ["ize", ""], ["ion", "", /[st]$/], ["al", ""],
  ["er", ""], ["ic", ""],
]

// Where the part of a word after its first vowel and consonant begins.
function regionAfter(word, from, pattern) {
  const found = pattern.exec(word.slice(from))
  return found ? from + found.index + found[0].length : word.length
}

function isShort(word) {
  return /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$/.test(word)
}

// The first of the endings (longest first) decides; each stands in the region or nothing happens.
function replaced(word, endings, region, narrow = region) {
  const rule = endings.find(([ending]) => word.endsWith(ending))
  if (!rule) return word
  const [ending, instead, before, isNarrow] = rule
  const rest = word.slice(0, word.length - ending.length)
  return rest.length < (isNarrow ? narrow : region) || (before && !before.test(rest)) ? word : rest + instead
}

function withoutPlural(word) {
  if (word.endsWith("sses")) return word.slice(0, -2)
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1)
  return /[us]s$/.test(word) || !/[aeiouy].+s$/.test(word) ? word : word.slice(0, -1)
}

function withoutTense(word, region) {
  const found = /(?:eed|eedly|ed|ing|edly|ingly)$/.exec(word)
  if (!found) return word
  const rest = word.slice(0, found.index)
  if (found[0].startsWith("eed")) {
    return rest.length < region || /^(?:succ|proc|exc)$/.test(rest) ? word : rest + "ee"
  }
  if (found[0] === "ing") {
    if (/^[^aeiouy]y$/.test(rest)) return rest[0] + "ie"
    if (/^(?:even|cann|inn|earr|herr|out)$/.test(rest)) return word
  }
  if (!/[aeiouy]/.test(rest)) return word
  if (/(?:at|bl|iz)$/.test(rest)) return rest + "e"
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) return /^[aeo]..$/.test(rest) ? rest : rest.slice(0, -1)
  return rest.length === region && isShort(rest) ? rest + "e" : rest
}

function withoutLast(word, first, second) {
  const rest = word.slice(0, -1)
  if (word.endsWith("e")) return rest.length >= second || (rest.length >= first && !isShort(rest)) ? rest : word
  return word.endsWith("ll") && rest.length >= second ? rest : word
}

function englishStem(given) {
  if (Object.hasOwn(ENGLISH_WORDS, given)) return ENGLISH_WORDS[given]
  if (given.length < 3) return given
  let word = given.replace(/(^|[aeiouy])y/g, "$1Y")
  const vowelThenConsonant = /[aeiouy][^aeiouy]/
  const beginning = ENGLISH_BEGINNINGS.exec(word)
  const first = beginning ? beginning[0].length : regionAfter(word, 0, vowelThenConsonant)
  const second = regionAfter(word, first, vowelThenConsonant)
  word = withoutTense(withoutPlural(word), first)
  word = word.replace(/(.[^aeiouy])[yY]$/, "$1i")
  word = replaced(word, SECOND, first)
  word = replaced(word, THIRD, first, second)
  word = replaced(word, FOURTH, second)
  return withoutLast(word, first, second).replaceAll("Y", "y")
}

const GERUND = /(?:[иы]|(?<=[ая]))в(?:ши(?:сь)?)?$/
const ADJECTIVE = /(?:[иоые]е|[иы]ми|[еиоы]й|[еиоы]м|[ео]го|[ео]му|[иы]х|[еоую]ю|ая|яя)$/
const PARTICIPLE = /(?:[иы]вш|ующ|(?<=[ая])(?:ем|нн|вш|ю?щ))$/
const VERB = new RegExp(
  "(?:[иы]л[аио]?|ен[аоы]?|[еу]йте|ите|[еу]й|[иы]м|ят|у[ею]т|[иы]ть?|ишь|у?ю|" +
    "(?<=[ая])(?:л[аио]?|н[аоы]?|ете|йте|й|ем|нно|[ею]т|ть|ешь))$",
)
const NOUN = /(?:[ео]в|[иь]е|[еи]и|и?ями|ами|[ео]й|и?ей|ий|и?ем|[ао]м|и?ям|ах|и?ях|[иь]ю|[иь]я|[аеийоуыьюя])$/

function russianStem(word) {
  const vowel = /[аеиоуыэюя]/.exec(word)
  if (!vowel) return word
  const from = vowel.index + 1
  const vowelThenConsonant = /[аеиоуыэюя][^аеиоуыэюя]/
  const second = regionAfter(word, regionAfter(word, 0, vowelThenConsonant), vowelThenConsonant) - from
  let rest = word.slice(from)
  if (GERUND.test(rest)) {
    rest = rest.replace(GERUND, "")
  } else {
    rest = rest.replace(/с[ья]$/, "")
    if (ADJECTIVE.test(rest)) rest = rest.replace(ADJECTIVE, "").replace(PARTICIPLE, "")
    else if (VERB.test(rest)) rest = rest.replace(VERB, "")
    else rest = rest.replace(NOUN, "")
  }
  rest = rest.replace(/и$/, "")
  const abstract = /ость?$/.exec(rest)
  if (abstract && abstract.index >= second) rest = rest.slice(0, abstract.index)
  if (/ейше?$/.test(rest)) rest = rest.replace(/ейше?$/, "").replace(/нн$/, "н")
  else rest = rest.replace(/нн$/, "н").replace(/ь$/, "")
  return word.slice(0, from) + rest
}

function withoutFleeting(stem) {
  return stem.length > 3 && /[^аеиоуыэюя][ое][кцн]$/.test(stem) ? stem.slice(0, -2) + stem.at(-1) : stem
}

function stemOf(word) {
  if (word.length > 60 || !/^\p{L}+$/u.test(word)) return word
  if (/^[a-z]+$/.test(word)) return englishStem(word)
  return /[а-я]$/.test(word) ? withoutFleeting(russianStem(word)) : word
}
