// The words of texts as kbtool/search_words.py finds them: what is changed here is changed there.

const LONGEST = 40
const TOKEN = /[\p{L}\p{N}_\u0300-\u036f]+/gu
const WORD = /[\p{L}\p{N}]+(?:_+[\p{L}\p{N}]+)*/gu
const CAMEL = /\p{L}*(?:[a-zа-я\p{Nd}][A-ZА-Я]|[A-ZА-Я]{2}[a-zа-я])[\p{L}\p{N}_]*/gu
const HUMP = /[A-ZА-Я]+(?![a-zа-я])|[A-ZА-Я]?[a-zа-я]+|\p{Nd}+/gu
// Written without spaces: Chinese and Japanese.
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/
const ALL_UNSPACED = new RegExp(UNSPACED, "g")

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

// What a stretch of letters and digits is found by.
function keysOf(token) {
  const found = []
  for (const word of fold(token).match(WORD) ?? []) {
    if ([...word].length > LONGEST) continue
    if (UNSPACED.test(word)) found.push(...pairs(word))
    else found.push(word, ...(word.includes("_") ? word.split("_").filter(isPart) : []))
  }
  for (const word of token.match(CAMEL) ?? []) {
    if ([...word].length <= LONGEST) found.push(...(word.match(HUMP) ?? []).filter(isPart).map(fold))
  }
  return found
}

function isPart(word) {
  return [...word].length > 1
}

function pairs(word) {
  const found = []
  let at = 0
  for (const run of word.matchAll(ALL_UNSPACED)) {
    if (at < run.index) found.push(word.slice(at, run.index))
    for (let i = 0; i < run[0].length; i++) found.push(run[0].slice(i, i + 2))
    at = run.index + run[0].length
  }
  if (at < word.length) found.push(word.slice(at))
  return found
}

const knownKeys = new Map()

// The stretches of a text with their places and keys.
function tokens(text) {
  const found = []
  for (const { 0: raw, index } of text.matchAll(TOKEN)) {
    let keys = knownKeys.get(raw)
    if (!keys) knownKeys.set(raw, keys = keysOf(raw))
    if (keys.length) found.push({ start: index, end: index + raw.length, keys })
  }
  return found
}
