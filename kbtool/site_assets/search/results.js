// From pages to what the search box shows: blocks that answer the query, below their page.

// The box gets so many pages at a time. They are the best of more, whose texts are most of what a query costs: so many
// files of them are read at once, and so many pages if these have them.
const PAGES_AT_ONCE = 10
const READ_FILES = 10
const READ_PAGES = 50
// Of pages with the words of a phrase few have it, so more are read, but no more than these for a stretch.
const MOST_PAGES_OF_PHRASE = 60
const SHOWN_BLOCKS = 3
const MOST_BLOCKS = 20
const SNIPPET = 220
const [CODE, TEXT, HEADING, ALIAS] = [0, 1, 2, 3]

// The page would mark the letter wherever it stands.
const LETTER = /^\.?[a-z0-9](?:\+\+|#)?$/

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }
const escaped = text => text.replace(/[&<>"']/g, character => ESCAPES[character])

// The pages that answer a query, and how far they have been read (`place`), judged (`ready`) and given away (`shown`).
async function searched(query) {
  return { ...await ranked(query), place: 0, ready: [], shown: 0 }
}

// The next of them for the box. `total` is how many there are; `isOpen` tells that more may be, whose texts are not read.
async function stretch(search) {
  const end = search.phrases.length ? search.place + MOST_PAGES_OF_PHRASE : Infinity
  while (search.ready.length < PAGES_AT_ONCE && search.place < Math.min(end, search.order.length)) await readOn(search)
  const items = search.ready.splice(0, PAGES_AT_ONCE).map((page, at) => item(page, search.words, 1000 - search.shown - at))
  search.shown += items.length
  const isOpen = search.phrases.length > 0 && search.place < search.order.length
  return { items, total: search.phrases.length ? search.shown + search.ready.length : search.order.length, isOpen }
}

async function readOn(search) {
  const { words, phrases } = search
  const next = await withinFiles(search.order.slice(search.place, search.place + READ_PAGES), READ_FILES)
  search.place += next.length
  const pages = await read(next, words)
  search.ready.push(...(phrases.length ? withPhrases(pages, phrases) : pages).sort(bestFirst))
}

// The pages with their texts and how well each block answers.
async function read(order, words) {
  const pages = await Promise.all(order.map(async one => ({ ...one, text: await textOf(one.page, one.isLong, one.sections) })))
  return pages.filter(({ text }) => text).map(one => judged(one, words))
}

function withPhrases(pages, phrases) {
  const found = pages.filter(page =>
    phrases.every(phrase => [page.title, ...page.blocks].some(text => placeOfPhrase(text.tokens, phrase) >= 0)))
  for (const block of found.flatMap(({ blocks }) => blocks)) {
    if (phrases.some(phrase => placeOfPhrase(block.tokens, phrase) >= 0)) block.score *= 4
  }
  return found
}

function placeOfPhrase(found, phrase) {
  return found.findIndex((_, at) => phrase.every((word, i) => found[at + i]?.keys.includes(word)))
}

// ---------------------------------------------------------------- how well a page answers

function judged({ page, isWhole, score, text: [slug, name, entries] }, words) {
  const title = matched({ text: name, kind: ALIAS, anchor: "" }, words)
  let heading = ""
  const blocks = entries.map(([anchor, kind, text]) => {
    if (kind === HEADING) heading = text
    return { ...matched({ text, kind, anchor }, words), heading: kind === HEADING ? "" : heading }
  })
  const together = blocks.some(block => block.matches === words.length && words.length > 1)
  const named = [title, ...blocks.filter(({ kind }) => kind === ALIAS)].some(({ tokens: all, hits, matches }) =>
    matches === words.length && hits.length === all.length)
  const factor = (together ? 1.3 : 1) * (named ? 2 : 1)
  return { page, slug, isWhole, score: score * factor, title, blocks }
}

// A text with the tokens that the query's words mean; `matches` is how many of these words it has.
function matched(block, words) {
  const all = tokens(block.text)
  const best = words.map(() => 0)
  const hits = []
  for (const token of all) {
    let isHit = false
    words.forEach(({ forms }, at) => {
      for (const key of token.keys) {
        const how = forms.get(key)
        if (how) [best[at], isHit] = [Math.max(best[at], how), true]
      }
    })
    if (isHit) hits.push(token)
  }
  const matches = best.filter(Boolean).length
  const sum = best.reduce((a, b) => a + b, 0)
  return { ...block, tokens: all, hits, best, matches, score: sum * KIND_WEIGHTS[block.kind] * matches ** 2 }
}

// ---------------------------------------------------------------- what is shown

function item({ slug, title, blocks }, words, score) {
  const location = address(slug)
  const aliases = blocks.filter(({ kind, hits }) => kind === ALIAS && hits.length)
  const inside = sections(blocks)
  const isNamed = title.hits.length || aliases.length
  const first = inside.length || blocks.every(({ kind }) => kind === ALIAS) ? "" : opening(blocks)
  const found = {
    location,
    title: marked(title, 0, title.text.length),
    text: aliases.map(alias => `<p>${marked(alias, 0, alias.text.length)}</p>`).join("") + first,
    score: isNamed ? score : score - 0.5,
    terms: termsOf([title, ...blocks], words),
  }
  const shown = inside.map((block, at) => ({
    location: `${location}#${encodeURIComponent(block.anchor)}`,
    title: block.kind === HEADING ? marked(block, 0, block.text.length) : escaped(block.heading),
    text: block.kind === HEADING ? "" : snippet(block),
    score: at < SHOWN_BLOCKS ? score : score - 0.75,
    terms: termsOf([block], words, true),
  }))
  // The box shows those whose score is not below the first one's, and folds the rest.
  return isNamed || !shown.length ? [found, ...shown] : [shown[0], found, ...shown.slice(1)]
}

// The blocks that answer, best first, an anchor once.
function sections(blocks) {
  const byAnchor = new Map()
  for (const block of blocks) {
    if (!block.hits.length || block.kind === ALIAS) continue
    const before = byAnchor.get(block.anchor)
    if (!before || before.score < block.score) byAnchor.set(block.anchor, block)
  }
  return [...byAnchor.values()].sort((a, b) => b.score - a.score).slice(0, MOST_BLOCKS)
}

function opening(blocks) {
  const block = blocks.find(({ kind }) => kind === TEXT)
  return block ? snippet(block) : ""
}

function address(slug) {
  if (slug === "index") return FOLDERS ? "" : "index.html"
  return slug.split("/").map(encodeURIComponent).join("/") + (FOLDERS ? "/" : ".html")
}

// For the words of the query whether they were found: as they stand there, because the page marks them.
function termsOf(blocks, words, isPart = false) {
  const terms = {}
  for (const { text, hits } of blocks) {
    for (const { start, end } of hits.slice(0, 4)) {
      const term = text.slice(start, end).toLowerCase()
      if (!LETTER.test(term)) terms[term] = true
    }
  }
  words.forEach(({ word }, at) => {
    if (!isPart && !blocks.some(({ best }) => best[at])) terms[word] = false
  })
  return terms
}

// The stretch of a text where most matches stand.
function snippet(block) {
  const { text, hits, kind } = block
  let [from, most] = [0, 0]
  for (const { start } of hits) {
    const inside = hits.filter(hit => hit.start >= start && hit.end <= start + SNIPPET * 0.7).length
    if (inside > most) [from, most] = [start, inside]
  }
  let start = from <= 60 ? 0 : atSpace(text, from - 50)
  if (text.length - start < SNIPPET) start = Math.max(0, atSpace(text, text.length - SNIPPET))
  if (text.length <= SNIPPET) start = 0
  const end = start + SNIPPET >= text.length ? text.length : beforeSpace(text, start + SNIPPET)
  const inner = (start ? "…" : "") + marked(block, start, end) + (end < text.length ? "…" : "")
  return kind === CODE ? `<p><code>${inner}</code></p>` : `<p>${inner}</p>`
}

function atSpace(text, at) {
  const space = text.indexOf(" ", Math.max(0, at))
  return space >= 0 && space - at < 30 ? space + 1 : at
}

function beforeSpace(text, at) {
  const space = text.lastIndexOf(" ", at)
  return at - space < 30 ? space : at
}

function marked({ text, hits }, from, to) {
  let [html, at] = ["", from]
  for (const [start, end] of stretched(hits, from, to)) {
    html += `${escaped(text.slice(at, start))}<mark>${escaped(text.slice(start, end))}</mark>`
    at = end
  }
  return html + escaped(text.slice(at, to))
}

// The hits inside, those that overlap as one.
function stretched(hits, from, to) {
  const found = []
  for (const { start, end } of hits) {
    if (start < from || end > to) continue
    const last = found.at(-1)
    if (last && start < last[1]) last[1] = Math.max(last[1], end)
    else found.push([start, end])
  }
  return found
}

// The most frequent word that begins with what is being typed.
function suggestions(words) {
  const last = words.at(-1)
  if (!last?.isBeginning) return []
  const begun = [...last.forms.keys()].filter(form => form.startsWith(last.word))
  return begun.sort((a, b) => last.forms.get(b) - last.forms.get(a) || a.length - b.length).slice(0, 1)
}
