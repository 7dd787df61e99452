// The stems of words, as kbtool/stems.py gives them: Snowball's algorithm for English, and the tables of
// kbtool/word_forms.py for Russian and irregular forms. tests/test_search_words.py compares them word by word.

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

// ---------------------------------------------------------------- forms, by the tables of kbtool/word_forms.py

const lines = table => table.split("\n").map(line => line.split(": ")).map(([word, forms]) => [word, forms.split(" ")])
const irregular = new Map(lines(WORD_FORMS.irregular).flatMap(([word, forms]) => forms.map(form => [form, word])))
const rules = Object.fromEntries(Object.entries(WORD_FORMS.rules).map(([step, all]) =>
  [step, all.map(([pattern, instead]) => [new RegExp(pattern), instead])]))
const whole = new RegExp(WORD_FORMS.whole)
const single = ["", ...WORD_FORMS.prefixes]
const prefixes = new Set(single.flatMap(first => single.map(second => first + second)))
const LONGEST_PREFIX = 11
const roots = new Map(lines(WORD_FORMS.roots).flatMap(([made, forms]) => forms.flatMap(form => {
  const [root, ofClass] = form.split("+")
  const common = made[0] === "-" ? root + made.slice(1) : made
  return (ofClass ? WORD_FORMS.classes[ofClass].split(" ") : [""]).map(ending => [root + ending, common])
})))

// The word that an irregular form is of.
function baseOf(word) {
  if (irregular.has(word) || !/^[a-z]+$/.test(word)) return irregular.get(word) ?? word
  for (const prefix of WORD_FORMS.englishPrefixes) {
    const rest = word.slice(prefix.length)
    if (word.startsWith(prefix) && irregular.has(rest)) return prefix + irregular.get(rest)
  }
  return changed("latin", word)
}

// The word as the first rule that it matches makes it.
function changed(step, word) {
  const rule = rules[step].find(([pattern]) => pattern.test(word))
  return rule ? word.replace(...rule) : word
}

// The stem of a form whose root has several, empty when it is none.
function rooted(word) {
  for (let at = 0; at < word.length && at < LONGEST_PREFIX; at++) {
    const made = roots.get(word.slice(at))
    if (made && prefixes.has(word.slice(0, at)) && made[0] !== (at ? "=" : "*")) {
      return word.slice(0, at) + made.replace(/^[=*]/, "")
    }
  }
  return ""
}

function russianStem(given) {
  const word = changed("reflexive", baseOf(given))
  const known = rooted(word)
  if (known) return known
  let bare = changed("verbs", word)
  if (bare === word && !whole.test(word)) bare = changed("endings", word)
  const stem = changed("suffixes", bare.replace(/ь+$/, "")).replace(/ь+$/, "")
  return "ео".includes(stem.at(-2) ?? "-") ? changed("fleeting", stem) : stem
}

const FORM_ENDINGS = new Set(["", "ing", "ed", "s", "es", "e", "y", "ies", "ied", "d"])

// Whether two words of one stem are forms of one word, which English ones may not be: author and authority.
function areForms(word, other) {
  if (word === other || !/^[\x00-\x7f]*$/.test(word + other)) return true
  const [one, two] = [baseOf(word), baseOf(other)]
  let shared = 0
  while (shared < one.length && one[shared] === two[shared]) shared++
  const doubled = one.slice(Math.max(0, shared - 1), shared)
  return [one.slice(shared), two.slice(shared)].every(rest =>
    FORM_ENDINGS.has(rest) || (rest.startsWith(doubled) && FORM_ENDINGS.has(rest.slice(doubled.length))))
}

function stemOf(word) {
  if (word.length > 60 || !/^\p{L}+$/u.test(word)) return word
  if (/^[a-z]+$/.test(word)) return englishStem(baseOf(word))
  return /[а-я]$/.test(word) ? russianStem(word) : word
}
