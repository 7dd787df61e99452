// The files of the index, as kbtool/search_index.py writes them: fetched when a query needs them, once each.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
const DIGIT = Object.fromEntries([...DIGITS].map((digit, value) => [digit, value]))
// A word typed to its end needs one or two files of words; a beginning of few letters would need them all.
const MOST_FILES = 4
const MOST_PARTS = 3

const own = typeof document === "undefined" ? self.location.href : document.querySelector("script[src]").src
const folder = new URL("../../search/", own)
const waiting = new Map()
const files = new Map()

// Called by files that are scripts, which they are on a site that is read from disk.
self.kbSearchFile = (name, content) => waiting.set(name, content)

function file(name) {
  if (!files.has(name)) files.set(name, load(name))
  return files.get(name)
}

async function load(name) {
  try {
    return await (folder.protocol === "file:" ? fromScript(name) : fetched(name))
  } catch {
    return {} // a file that is not there is one that another version of the site has
  }
}

async function fetched(name) {
  const answer = await fetch(new URL(name + (FOLDERS ? ".json" : ".js"), folder))
  const text = await answer.text()
  return JSON.parse(FOLDERS ? text : text.slice(text.indexOf(",") + 1, -1))
}

async function fromScript(name) {
  await importScripts(new URL(`${name}.js`, folder).href)
  return waiting.get(name)
}

let opened = null

function directory() {
  opened ??= file("index").then(({ pages, common, words, texts }) => ({
    pages,
    common: new Set(common.split(" ")),
    stems: words.split(" ").filter((_, at) => at % 2 === 0),
    names: words.split(" ").filter((_, at) => at % 2 === 1),
    texts: namesOf(texts),
  }))
  return opened
}

// Names that are hexadecimal numbers, written as the steps from one to the next.
function namesOf(text) {
  const names = []
  for (let [at, number] = [0, 0]; at < text.length;) {
    const [step, end] = numberAt(text, at)
    at = end
    names.push((number += step).toString(16).padStart(6, "0"))
  }
  return names
}

// A number whose digits have five bits each, the lowest first; all but the last have the sixth bit set.
function numberAt(text, at) {
  let number = 0
  for (let shift = 0; ; shift += 5) {
    const digit = DIGIT[text[at++]]
    number += (digit & 31) << shift
    if (digit < 32) return [number, at]
  }
}

// The last member of an order that is not behind a key.
function placeOf(key, order) {
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (comesAfter(order[middle], key)) high = middle
    else low = middle + 1
  }
  return Math.max(0, low - 1)
}

// Python orders by code points, JavaScript by units: they differ beyond the first plane, where surrogates stand.
function comesAfter(a, b) {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a.codePointAt(i) > b.codePointAt(i)
  }
  return a.length > b.length
}

// The text of a page; of a long one the parts for the sections with these bits.
async function textOf(page, isLong, sections) {
  const all = [1, 2, 3, 4, 5, 6].filter(part => sections & (1 << (part - 1)))
  const parts = await Promise.all((isLong ? all.slice(0, MOST_PARTS) : [0]).map(part => textPart(page, part)))
  const there = parts.filter(Boolean)
  return there.length ? [there[0][0], there[0][1], there.flatMap(([, , entries]) => entries)] : null
}

// The first pages of an order whose texts stand in so many files.
async function withinFiles(order, most) {
  const { texts } = await directory()
  const seen = new Set()
  const end = order.findIndex(({ page }) => seen.add(placeOf(page.toString(16).padStart(5, "0") + 9, texts)).size > most)
  return end < 0 ? order : order.slice(0, end)
}

async function textPart(page, part) {
  const { texts } = await directory()
  const name = page.toString(16).padStart(5, "0") + part
  const content = await file(`texts/${texts[placeOf(name, texts)]}`)
  return content[name]
}

const parsed = new Map()

// Forgets what was read: another version of the site stands there now.
function renew() {
  files.clear()
  parsed.clear()
  opened = null
}

// The forms of one file of words with their stems and lists.
async function forms(place) {
  const { names } = await directory()
  if (!parsed.has(place)) {
    const content = await file(`words/${names[place]}`)
    parsed.set(place, Object.entries(content).map(([form, list]) => ({ form, stem: stemOf(form), list })))
  }
  return parsed.get(place)
}

// The pages of a form: `kind` 0 to 3 for code, text, heading and title.
function* listed(list) {
  let page = 0
  for (let at = 0; at < list.length;) {
    const [step, end] = numberAt(list, at)
    at = end
    page += step
    const value = DIGIT[list[at++]]
    yield {
      page,
      kind: value & 3,
      often: (value >> 2) & 3,
      isWhole: (value & 16) > 0,
      isLong: (value & 32) > 0,
      sections: DIGIT[list[at++]],
    }
  }
}

// The files where the forms of a word may stand, and those of words that begin with it.
async function formsNear(word, isBeginning) {
  const { stems, names } = await directory()
  if (!names.length) return []
  const places = new Set([placeOf(stemOf(word), stems), placeOf(word, stems)])
  if (isBeginning && word.length > 2) {
    if (word.length > 4) places.add(placeOf(word.slice(0, -2), stems))
    const end = placeOf(word + "\u{10ffff}", stems)
    for (let place = placeOf(word, stems); place <= end && places.size < MOST_FILES; place++) places.add(place)
  }
  return (await Promise.all([...places].map(forms))).flat()
}
