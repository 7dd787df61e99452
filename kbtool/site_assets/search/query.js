// From what was typed to pages, those that answer it best first.

// What a word counts where it stands: in code, text, a heading, a title or alias.
const KIND_WEIGHTS = [1, 2, 7, 25]
const OFTEN_WEIGHTS = [1, 1.2, 1.4, 1.6]
// How well a form of the index is what was typed: the same, another form of it, a word made of it, begun with it, a letter
// off.
const SAME = 1
const INFLECTED = 0.8
const RELATED = 0.4
const BEGUN = 0.5
const MISTYPED = 0.3
const ALL_SECTIONS = 63
const KEYBOARDS = [
  "`qwertyuiop[]asdfghjkl;'zxcvbnm,.",
  "ёйцукенгшщзхъфывапролджэячсмитьбю",
]

// The words of a query. Those in quotes follow each other; those behind a minus are not there.
function parsedQuery(query, common) {
  const terms = []
  const phrases = []
  for (const [, minus, quoted, plain] of query.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    const isQuoted = quoted !== undefined
    const words = askedFor(tokens(quoted ?? plain))
    for (const word of words) {
      terms.push({ word, isExact: isQuoted, isExcluded: minus !== "", isCommon: common.has(word), isBeginning: false })
    }
    if (isQuoted && words.length > 1 && !minus) phrases.push(words)
  }
  const last = terms.at(-1)
  if (last && !last.isExact && !last.isExcluded && !/\s$/.test(query)) last.isBeginning = true
  return { terms, phrases }
}

// The words to look for: identifiers as a whole, and of Chinese no last letter that its pair has.
function askedFor(found) {
  const isLast = ({ start, end }, at) => end - start === 1 && at > 0 && found[at - 1].end === end
  return found.filter((token, at) => !isLast(token, at)).map(({ keys }) => keys[0])
}

// What somebody typed who had the other keyboard on, empty when that cannot be.
function onOtherKeyboard(query) {
  const [from, to] = /[а-яё]/i.test(query) ? [...KEYBOARDS].reverse() : KEYBOARDS
  const found = [...query.toLowerCase()].map(letter => to[from.indexOf(letter)] ?? letter).join("")
  return found === query.toLowerCase() ? "" : found
}

// ---------------------------------------------------------------- one word

function quality(term, stem, form) {
  if (form.form === term.word) return SAME
  if (term.isExact) return 0
  const isKin = form.stem === stem
  if (isKin && areForms(form.form, term.word)) return INFLECTED
  if (term.isBeginning && form.form.startsWith(term.word)) {
    return BEGUN + 0.2 * (term.word.length / form.form.length)
  }
  return isKin ? RELATED : 0
}

// An identifier that is nowhere as a whole is looked for by its parts, a name without its signs.
async function foundWhole(term) {
  const whole = await found(term)
  if (whole.pages.size) return [whole]
  if (SIGNED.test(term.word) && !term.isExact) return [await found({ ...term, word: term.word.replace(/^\.|[+#]+$/g, "") })]
  if (!term.word.includes("_")) return [whole]
  return Promise.all(term.word.split("_").filter(isPart).map(word => found({ ...term, word })))
}

// A word with the forms of the index that it means and the pages that have them.
async function found(term) {
  const stem = stemOf(term.word)
  const near = await formsNear(term.word, term.isBeginning)
  let meant = near.map(form => [form, quality(term, stem, form)]).filter(([, how]) => how)
  if (!meant.length && !term.isExact && term.word.length > 3 && !SIGNED.test(term.word)) {
    const more = (await Promise.all(neighbours(term.word).map(word => formsNear(word, true)))).flat()
    meant = [...new Set([...near, ...more])]
      .filter(({ form, stem: other }) => isMistyped(term.word, form) || isMistyped(stem, other))
      .map(form => [form, MISTYPED])
  }
  return { ...term, forms: new Map(meant.map(([{ form }, how]) => [form, how])), pages: pagesOf(meant) }
}

function pagesOf(meant) {
  const pages = new Map()
  for (const [{ list }, how] of meant) {
    for (const { page, kind, often, isWhole, isLong, sections } of listed(list)) {
      const score = how * KIND_WEIGHTS[kind] * OFTEN_WEIGHTS[often] * (isWhole ? 1.5 : 1)
      const before = pages.get(page) ?? { score: 0, sections: 0 }
      pages.set(page, { score: Math.max(before.score, score), isLong, sections: before.sections | sections })
    }
  }
  return pages
}

// Words whose files a mistyped word may stand in: its beginning, and its first letters in another order.
function neighbours(word) {
  const [a, b, c] = word
  return [word.slice(0, 3), b + a + c, a + c + b, word.slice(1, 4)]
}

// Whether a letter is missing, too much, another one, or two have changed places.
function isMistyped(typed, meant) {
  if (Math.abs(typed.length - meant.length) > 1 || meant.length < 3) return false
  let at = 0
  while (at < typed.length && typed[at] === meant[at]) at++
  const rest = (word, from) => word.slice(at + from)
  return rest(typed, 1) === rest(meant, 1) || rest(typed, 0) === rest(meant, 1) || rest(typed, 1) === rest(meant, 0) ||
    (typed[at] === meant[at + 1] && typed[at + 1] === meant[at] && rest(typed, 2) === rest(meant, 2))
}

// ---------------------------------------------------------------- all words

// So many pages with all words, and those with some are none that answer.
const ENOUGH = 10

// Pages with all words first, then, where these are few, those with some.
async function ranked(query) {
  const { pages: total, common } = await directory()
  const { terms, phrases } = parsedQuery(query, common)
  const wanted = terms.filter(term => !term.isExcluded)
  const telling = wanted.filter(term => !term.isCommon)
  const words = (await Promise.all((telling.length ? telling : wanted).map(foundWhole))).flat()
  const excluded = await Promise.all(terms.filter(term => term.isExcluded).map(found))
  const scores = new Map()
  for (const { pages } of words) {
    const rarity = Math.log(1 + total / (pages.size || 1))
    for (const [page, { score, isLong, sections }] of pages) {
      const before = scores.get(page) ?? { score: 0, matched: 0, together: ALL_SECTIONS, any: 0 }
      scores.set(page, {
        score: before.score + rarity * score,
        matched: before.matched + 1,
        isLong,
        together: before.together & sections,
        any: before.any | sections,
      })
    }
  }
  for (const { pages } of excluded) for (const page of pages.keys()) scores.delete(page)
  const order = [...scores].map(([page, { score, matched, isLong, together, any }]) => ({
    page,
    isLong,
    sections: together || any,
    isWhole: matched === words.length,
    score: score * (together ? 1.3 : 1) * matched ** 2,
  }))
  const whole = order.filter(({ isWhole }) => isWhole)
  return { words, phrases, order: (phrases.length || whole.length >= ENOUGH ? whole : order).sort(bestFirst) }
}

function bestFirst(a, b) {
  return b.isWhole - a.isWhole || b.score - a.score || a.page - b.page
}
