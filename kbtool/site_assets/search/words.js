// The words of texts as kbtool/search_words.py finds them: what is changed here is changed there.

const LONGEST = 40
const IDENTIFIERS = 200
// C++, C#, .NET: signs that belong to a name; the same in a formula or a tag do not.
const STRETCH = new RegExp(
  /(?:(?<![^ \t\n(\[«"'])\.(?=[\p{L}\p{Nl}\p{No}]))?[\p{L}\p{N}_\u0300-\u036f]+/u.source +
  /(?:(?<=[\p{L}\p{Nl}\p{No}])(?:\+\+(?![\p{L}\p{Nl}\p{No}_+])|#(?![\p{L}\p{N}_+#])))?/u.source, "gu")
const SIGNED = /^\.|[+#]$/
const WORD = /[\p{L}\p{N}]+(?:_+[\p{L}\p{N}]+)*/gu
const CAMEL = /\p{L}*(?:[a-zа-я\p{Nd}][A-ZА-Я]|[A-ZА-Я]{2}[a-zа-я])[\p{L}\p{N}_]*/gu
const HUMP = /[A-ZА-Я]+(?![a-zа-я])|[A-ZА-Я]?[a-zа-я]+|\p{Nd}+/gu
// Written without spaces: Chinese and Japanese.
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/
const GREEK_RUN = /[\u0370-\u03ff]+/g
const SYMBOLS = 3
const RUN = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/g

function fold(text) {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("ё", "е")
    .replaceAll("ς", "σ")
    .replaceAll("ß", "ss")
    .replace(/[\u00c0-\u024f\u0300-\u03ff\u1e00-\u1fff]/g, letter =>
      letter.normalize("NFD").replace(/[\u0300-\u036f]+/g, ""))
}

// What a stretch of letters and digits is found by, and where in it: an identifier as a whole and by its parts.
function wordsOf(stretch) {
  if (UNSPACED.test(stretch)) return runsOf(stretch)
  const keys = SIGNED.test(stretch) && [...stretch].length <= LONGEST ? [fold(stretch)] : []
  for (const word of fold(stretch).match(WORD) ?? []) {
    if ([...word].length <= LONGEST) keys.push(word, ...(word.includes("_") ? word.split("_").filter(isPart) : []))
  }
  if ([...stretch].length <= LONGEST) keys.push(...symbolsOf(fold(stretch)))
  for (const word of ([...stretch].length <= IDENTIFIERS && stretch.match(CAMEL)) || []) {
    if ([...word].length <= LONGEST) keys.push(...(word.match(HUMP) ?? []).filter(isPart).map(fold))
  }
  return keys.length ? [{ start: 0, end: stretch.length, keys }] : []
}

// The Greek letters in a word and their names, where they are signs: αβ in a formula.
function symbolsOf(word) {
  const letters = (word.match(GREEK_RUN) ?? []).filter(run => run.length <= SYMBOLS).flatMap(run => [...run])
  return letters.flatMap(letter => [letter, GREEK[letter]]).filter(key => key && key !== word)
}

function isPart(word) {
  return [...word].length > 1
}

// Of Chinese each two neighbours, and the last letter; what is written with spaces stays a word.
function runsOf(stretch) {
  const found = []
  const add = (start, end) => found.push({ start, end, keys: [fold(stretch.slice(start, end))] })
  for (const word of stretch.matchAll(WORD)) {
    for (const { 0: run, index } of word[0].matchAll(RUN)) {
      const [start, end] = [word.index + index, word.index + index + run.length]
      if (!UNSPACED.test(run)) add(start, end)
      else for (let at = start; at < end; at++) add(at, Math.min(at + 2, end))
    }
  }
  return found.filter(({ keys: [key] }) => [...key].length <= LONGEST)
}

const knownWords = new Map()

// The words of a text with their places and keys.
function tokens(text) {
  const found = []
  for (const { 0: raw, index } of text.matchAll(STRETCH)) {
    let words = knownWords.get(raw)
    if (!words) knownWords.set(raw, words = wordsOf(raw))
    for (const { start, end, keys } of words) found.push({ start: index + start, end: index + end, keys })
  }
  return found
}
